/**
 * The vendor's task list. One task id can stand for several URLs, and one URL can stand under several ids, so a row is
 * identified by its URL.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshtasks
 */

import { z } from "zod";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Call, StatusRow } from "../../prefetch/model/provider.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { acsDate } from "./sign.ts";

/** The vendor's largest page. */
const PAGE_ROWS = 50;
/** 5,000 rows. Larger: a wrong `TotalCount` costs more requests. Smaller: busy domains cannot be reconciled. */
const MOST_PAGES = 100;

const wholeNumber = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
const taskSchema = z.object({
  TaskId: z.union([z.string(), z.number()]).transform(String),
  ObjectPath: z.string(),
  Status: z.string().nullish(),
  Process: z.union([z.string(), z.number()]).nullish(),
  Description: z.string().nullish(),
});
const pageSchema = z.object({ TotalCount: wholeNumber.nullish(), Tasks: z.object({ Task: z.array(taskSchema) }).nullish() });
type Page = z.infer<typeof pageSchema>;

export interface TaskRow extends StatusRow {
  readonly taskId: string;
}

export interface TaskList {
  readonly rows: readonly TaskRow[];
  /** False when the vendor has more rows than these, or does not tell. */
  readonly complete: boolean;
  /** Milliseconds by which the vendor's clock is ahead of this machine's. `undefined` when the last answer has no date. */
  readonly clockOffset: number | undefined;
}

/** The vendor's words for prefetches and for refreshes of single URLs. */
export type TaskType = "preload" | "file";

/** Tasks of one type. */
export interface TaskLists {
  byId(taskId: string, call: Call): Promise<TaskList>;
  /** Tasks for one domain that were created from `from` to `to`, in milliseconds by the vendor's clock. */
  byDomain(domain: string, from: number, to: number, call: Call): Promise<TaskList>;
}

export function createTaskLists(rpc: Rpc, endpoint: Endpoint, redact: Redactor, type: TaskType): TaskLists {
  const readPage = async (filter: Readonly<Record<string, string>>, pageNumber: number, call: Call) => {
    const params = { ...filter, PageNumber: String(pageNumber), PageSize: String(PAGE_ROWS) };
    const common = { endpoint, action: "DescribeVodRefreshTasks", intent: "read", what: "the status query", counted: true } as const;
    const answer = await rpc({ ...common, params, call });
    return { page: answer.read(pageSchema), clockOffset: answer.clockOffset };
  };

  const readAll = async (filter: Readonly<Record<string, string>>, call: Call): Promise<TaskList> => {
    const rows: TaskRow[] = [];
    for (let pageNumber = 1; ; pageNumber += 1) {
      const { page, clockOffset } = await readPage(filter, pageNumber, call);
      const found = page.Tasks?.Task ?? [];
      rows.push(...found.map((task) => rowOf(task, redact)));
      const complete = rows.length >= totalOf(page, rows.length);
      if (complete || found.length === 0 || pageNumber >= MOST_PAGES) return { rows, complete, clockOffset };
    }
  };

  return {
    byId: (taskId, call) => readAll({ TaskId: taskId, ObjectType: type }, call),
    byDomain: (domain, from, to, call) =>
      readAll({ ObjectType: type, DomainName: domain, StartTime: acsDate(from), EndTime: acsDate(to) }, call),
  };
}

/** Rows that the vendor has. Without `TotalCount`, a full page means that there are more; without a list, too, it is unknown. */
function totalOf({ TotalCount, Tasks }: Page, rowsSoFar: number): number {
  if (typeof TotalCount === "number") return TotalCount;
  if (!Tasks) return Number.POSITIVE_INFINITY;
  return Tasks.Task.length >= PAGE_ROWS ? rowsSoFar + 1 : rowsSoFar;
}

function rowOf(task: z.infer<typeof taskSchema>, redact: Redactor): TaskRow {
  const word = tidyMessage(task.Status ?? "", redact);
  const progress = Number.parseFloat(String(task.Process ?? ""));
  const percent = Number.isNaN(progress) ? "" : ` ${Math.min(100, Math.max(0, progress))}%`;
  const state = stateOf(word);
  return {
    taskId: task.TaskId,
    url: task.ObjectPath,
    state,
    vendorState: `${word}${percent}`,
    ...(state === "failed" && { reason: reasonOf(tidyMessage(task.Description ?? "", redact)) }),
  };
}

/** The documented final words. Every other word, known or not, counts as `processing`. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "complete") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** `Origin Timeout`, `OriginReturn StatusCode 5XX`, `InternalError`. Editions of the API differ in the blanks. */
function reasonOf(description: string): string {
  const plain = description.replace(/\s+/g, "").toLowerCase();
  if (plain === "") return "Alibaba Cloud reports a failure and gives no reason.";
  const report = `Alibaba Cloud reports "${description}"`;
  if (plain.includes("timeout")) return `${report}: the origin did not answer in time.`;
  if (plain.includes("statuscode")) return `${report}: the origin answered with an error.`;
  return `${report}.`;
}
