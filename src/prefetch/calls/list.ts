/** The tasks of the last 30 days, newest first. */

import { PrefetchError } from "../../base/errors.ts";
import type { Caller } from "../model/caller.ts";
import type { Storage, TaskQuery, TaskSummary } from "../model/storage.ts";
import { type Counts, type TaskState, taskState } from "../model/task.ts";
import type { Deps } from "./deps.ts";

export interface ListRequest {
  readonly provider?: string | undefined;
  readonly state?: TaskState | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ListedTask {
  readonly taskId: string;
  /** Whose it is, told to callers that see everybody's. */
  readonly tenant?: string;
  readonly provider: string;
  readonly state: TaskState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly counts: Counts;
}

export interface TaskList {
  readonly tasks: readonly ListedTask[];
  readonly nextCursor?: string;
}

const READ_AT_ONCE = 50;

/** Lists as the caller's tasks are stored; only status asks vendors. Throws `invalid_argument` for a foreign cursor or provider. */
export async function listTasks(
  { storage, directory }: Pick<Deps, "storage" | "directory">,
  request: ListRequest,
  { tenant, seesAll }: Caller,
): Promise<TaskList> {
  const { provider, state, limit } = request;
  if (provider !== undefined && !directory.known.includes(provider)) {
    throw new PrefetchError("invalid_argument", `provider: "${provider.slice(0, 60)}" is not known`, {
      hint: `Choose one of: ${directory.known.join(", ")}.`,
    });
  }
  const tasks: ListedTask[] = [];
  let last: Place | undefined;
  const query = { tenant: seesAll ? undefined : tenant, provider };
  for await (const { task, counts } of newestFirst(storage, query, readCursor(request.cursor))) {
    const found = taskState(counts);
    if (state !== undefined && found !== state) continue;
    if (tasks.length >= limit) return last ? { tasks, nextCursor: writeCursor(last) } : { tasks };
    tasks.push({
      taskId: task.id,
      ...(seesAll && task.tenant !== "" && { tenant: task.tenant }),
      provider: task.providers.join(", "),
      state: found,
      createdAt: task.createdAt,
      counts,
    });
    last = { createdAt: task.createdAt, id: task.id };
  }
  return { tasks };
}

type Place = { readonly createdAt: number; readonly id: string };

async function* newestFirst(
  storage: Pick<Storage, "tasks">,
  query: Pick<TaskQuery, "tenant" | "provider">,
  start: Place | undefined,
): AsyncGenerator<TaskSummary> {
  let before = start;
  for (;;) {
    const page = await storage.tasks({ ...query, before, limit: READ_AT_ONCE });
    yield* page;
    const last = page.at(-1)?.task;
    if (!last || page.length < READ_AT_ONCE) return;
    before = { createdAt: last.createdAt, id: last.id };
  }
}

function writeCursor({ createdAt, id }: Place): string {
  return Buffer.from(`before ${createdAt} ${id}`).toString("base64url");
}

function readCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined || cursor === "") return undefined;
  const [, createdAt, id] = /^before (\d{1,15}) (pf_[\w-]{1,60})$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  if (createdAt !== undefined && id !== undefined) return { createdAt: Number(createdAt), id };
  throw new PrefetchError("invalid_argument", "cursor: not a cursor of this tool", {
    hint: "Pass next_cursor of the previous answer, or leave it out to begin with the newest task.",
  });
}
