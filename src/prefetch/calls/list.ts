/** Lists tasks as they are stored, newest first. Only a status call asks vendors. */

import { createKeyedSemaphore } from "../../base/keyed-semaphore.ts";
import { unknownProvider } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { TaskQuery, TaskSummary } from "../model/storage.ts";
import { type Counts, type TaskState, taskState } from "../model/task.ts";
import { parseUrl } from "../model/url.ts";
import { readTaskCursor, writeTaskCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";
import { readSpan, type SpanRequest, type TimeSpan } from "./time-span.ts";
import { type ItemRow, problemRowsOf, rowsOf, shownUrl } from "./view.ts";

export interface ListRequest extends SpanRequest {
  readonly provider?: string | undefined;
  /** One of these states; left out or empty, every state. */
  readonly states?: readonly TaskState[] | undefined;
  /** Only tasks with failed, rejected or unknown items. */
  readonly hadProblems?: boolean | undefined;
  /** Only tasks that handled this URL, in any spelling, or this asset. */
  readonly url?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ListedTask {
  readonly taskId: string;
  /** Only for callers that see the tasks of every tenant. */
  readonly tenant?: string;
  readonly providers: readonly string[];
  readonly state: TaskState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly counts: Counts;
  /** The first failed, rejected or unknown item. */
  readonly firstProblem?: ItemRow;
  /** What became of the request's URL or asset in this task. */
  readonly found?: ItemRow;
}

export interface TaskList {
  readonly tasks: readonly ListedTask[];
  readonly nextCursor?: string;
  /** The span that `since` and `until` stand for. */
  readonly span?: TimeSpan;
  /** The URL as the tasks spell it, when no task handled it. */
  readonly unfound?: string;
}

/** Throws `invalid_argument` for an unknown provider, an unreadable date and a cursor of another tool. */
export type ListTasks = (request: ListRequest, call: Pick<CallContext, "caller" | "signal">) => Promise<TaskList>;

/** Pages that one tenant reads at once. With more, the calls of other tenants wait behind them; with 1, a slow page delays the next. */
const PAGES_PER_TENANT = 2;

export function createListTasks({ storage, directory }: Pick<Deps, "storage" | "directory">): ListTasks {
  const inTurn = createKeyedSemaphore(PAGES_PER_TENANT);
  return async (request, { caller: { tenant, seesAll }, signal }) => {
    const { provider, states, hadProblems, limit, cursor } = request;
    if (provider !== undefined && !directory.known.includes(provider)) throw unknownProvider(provider, directory.known);
    const before = readTaskCursor(cursor);
    const span = readSpan(request);
    const target = request.url === undefined ? undefined : targetOf(request.url);
    const query: TaskQuery = {
      ...{ tenant: seesAll ? undefined : tenant, provider, hadProblems, since: span?.since, until: span?.until, target, before },
      ...(states && states.length > 0 && { states }),
      // One task more than the page tells whether another page follows.
      limit: limit + 1,
    };
    const found = await inTurn(tenant, signal, () => storage.tasks(query));
    const page = pageOf(found, limit, seesAll);
    const isUnfound = target !== undefined && before === undefined && found.length === 0;
    return { ...page, ...(span && { span }), ...(isUnfound && { unfound: shownUrl(target) }) };
  };
}

function pageOf(found: readonly TaskSummary[], limit: number, showsTenant: boolean): Pick<TaskList, "tasks" | "nextCursor"> {
  const tasks = found.slice(0, limit).map((summary) => listed(summary, showsTenant));
  const last = tasks.at(-1);
  if (!last || found.length <= limit) return { tasks };
  return { tasks, nextCursor: writeTaskCursor({ createdAt: last.createdAt, id: last.taskId }) };
}

/** Tasks keep URLs in normal spelling, asset ids and unusable entries as they came. */
function targetOf(text: string): string {
  const parsed = parseUrl(text, { maxLength: Number.POSITIVE_INFINITY });
  return parsed.ok ? parsed.url : text.trim();
}

function listed({ task, counts, problem, found }: TaskSummary, showsTenant: boolean): ListedTask {
  const [firstProblem] = problem ? problemRowsOf(problem) : [];
  const [foundRow] = found ? rowsOf(found) : [];
  return {
    taskId: task.id,
    ...(showsTenant && task.tenant !== "" && { tenant: task.tenant }),
    providers: task.providers,
    state: taskState(counts),
    createdAt: task.createdAt,
    counts,
    ...(firstProblem && { firstProblem }),
    ...(foundRow && { found: foundRow }),
  };
}
