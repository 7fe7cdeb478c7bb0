import { z } from "zod";
import { isoTime } from "../../base/iso-time.ts";
import type { ListedTask, TaskList } from "../../prefetch/calls/list.ts";
import { itemStates, taskStates, totalOf } from "../../prefetch/model/task.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { listHeadline } from "../headlines.ts";
import { cursor, lenientBoolean, lenientNumber, lenientWords, providerArgument } from "../inputs.ts";
import { brief } from "../published-schema.ts";
import { itemRow, rowResult } from "../result.ts";

const MOST = 50;
const bounds = `must be 1 to ${MOST}`;

/** The states that each row counts, also when there is none; a row counts the rest when there is one. */
const ALWAYS_COUNTED: readonly string[] = ["succeeded", "failed", "rejected"];

const listedTask = z.object({
  task_id: z.string(),
  tenant: z.string().optional(),
  providers: z.array(z.string()),
  state: z.enum(taskStates),
  created_at: z.string(),
  /** The sum of the counts of the states. */
  total: z.number(),
  ...Object.fromEntries(itemStates.map((state) => [state, z.number().optional()])),
  first_problem: itemRow.meta(brief).optional(),
  found: itemRow.meta(brief).optional(),
});

export function listPrefetchTasks(deps: ToolDeps) {
  return defineTool(
    {
      name: "list_prefetch_tasks",
      title: "List prefetch tasks",
      description:
        "Use this to find prefetch tasks of the last 30 days, newest first, or what became of one URL. Free. Shows stored states; get_prefetch_status asks the vendor.",
      intent: "read",
      input: {
        provider: providerArgument(deps.providers.configured),
        url: z
          .string("must be a URL or an asset id")
          .optional()
          .describe("Only tasks that handled this URL or asset id; found: its state."),
        state: lenientWords(z.array(z.enum(taskStates, `must be one or several of ${taskStates.join(", ")}`)))
          .optional()
          .describe("Only tasks in one of these states. Lists call scheduled tasks queued or running."),
        had_problems: lenientBoolean("Only tasks with failed, rejected or unknown URLs."),
        since: z.string("must be a date or a time").optional().describe("2026-11-28 or 2026-11-28T10:30."),
        until: z.string("must be a date or a time").optional().describe("As since; a date includes its day."),
        time_zone: z.string("must be a time zone").optional().describe("Of since and until, such as Asia/Shanghai. Default UTC."),
        limit: lenientNumber(z.int(bounds).min(1, bounds).max(MOST, bounds).default(20)).describe(`1 to ${MOST}.`),
        cursor,
      },
      output: {
        tasks: z.array(listedTask.meta(brief)),
        span: z.object({ since: z.string().optional(), until: z.string().optional(), time_zone: z.string() }).meta(brief).optional(),
        next_cursor: z.string().optional(),
        next_step: z.string().optional(),
      },
      corrections: {
        status: "use state",
        page: "use cursor",
        count: "use limit",
        vendor: "use provider",
        urls: "use url, one per call",
        asset_id: "use url; it also takes an asset id",
        from: "use since",
        after: "use since",
        before: "use until",
        to: "use until",
        timezone: "use time_zone",
        tz: "use time_zone",
        problems: "use had_problems",
      },
      headline: listHeadline,
      handle: async ({ state, had_problems: hadProblems, time_zone: timeZone, ...input }, call) => {
        const list = await deps.service.list({ ...input, states: state, hadProblems, timeZone }, call);
        const { provider, url, since, until, cursor } = input;
        const isFiltered = hadProblems || [provider, url, state, since, until].some((filter) => filter !== undefined);
        return listResult(list, emptyAdvice(list, isFiltered, cursor));
      },
    },
    deps,
  );
}

function emptyAdvice({ tasks, unfound }: TaskList, isFiltered: boolean, cursor: string | undefined): string | undefined {
  if (tasks.length > 0) return undefined;
  if (cursor !== undefined) return "There are no further tasks.";
  if (unfound !== undefined) {
    return `No task that fits handled ${unfound}. verify_prefetch tells without cost whether the edge holds a URL; prefetch_urls warms it.`;
  }
  return isFiltered
    ? "No task of the last 30 days fits. Call again with fewer filters to see which tasks there are."
    : "There is no task of the last 30 days in this server's store (PREFETCH_STORE). prefetch_urls or prefetch_asset starts one.";
}

function listResult({ tasks, nextCursor, span }: TaskList, nextStep: string | undefined) {
  return {
    tasks: tasks.map(taskRow),
    ...(span && {
      span: {
        ...(span.since !== undefined && { since: isoTime(span.since) }),
        ...(span.until !== undefined && { until: isoTime(span.until) }),
        time_zone: span.timeZone,
      },
    }),
    ...(nextCursor !== undefined && { next_cursor: nextCursor }),
    ...(nextStep !== undefined && { next_step: nextStep }),
  };
}

function taskRow({ taskId, tenant, providers, state, createdAt, counts, firstProblem, found }: ListedTask) {
  const shown = itemStates.filter((each) => counts[each] > 0 || ALWAYS_COUNTED.includes(each));
  return {
    task_id: taskId,
    ...(tenant !== undefined && { tenant }),
    providers: [...providers],
    state,
    created_at: isoTime(createdAt),
    total: totalOf(counts),
    ...Object.fromEntries(shown.map((each) => [each, counts[each]])),
    ...(firstProblem && { first_problem: rowResult(firstProblem) }),
    ...(found && { found: rowResult(found) }),
  };
}
