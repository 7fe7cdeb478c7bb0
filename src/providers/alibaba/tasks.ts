/**
 * The vendor's task list. One task id can stand for several URLs, and one URL can stand under several ids, so a row is
 * identified by its URL.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshtasks (VOD),
 * https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describerefreshtasks (CDN)
 */

import { z } from "zod";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Call, StatusRow } from "../../prefetch/model/provider.ts";
import { type Page, readPages, type TaskRow, type TaskRows } from "../kit/task-rows.ts";
import type { ListCall, TaskType } from "./product.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { acsDate } from "./sign.ts";

/** Has the form of a task id, and belongs to no task. */
export const UNKNOWN_TASK = "0";

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

/** Tasks of one type. */
export interface TaskLists {
  byId(taskId: string, call: Call): Promise<TaskRows>;
  /** Tasks for one domain that were created from `from` to `to`, in milliseconds by the vendor's clock. */
  byDomain(domain: string, from: number, to: number, call: Call): Promise<TaskRows>;
}

export interface TaskListOptions {
  readonly rpc: Rpc;
  readonly endpoint: Endpoint;
  readonly redact: Redactor;
  readonly list: ListCall;
  readonly type: TaskType;
}

export function createTaskLists({ rpc, endpoint, redact, list, type }: TaskListOptions): TaskLists {
  const { action, field, pageRows } = list;
  const pageSchema = z.object({
    TotalCount: wholeNumber.nullish(),
    Tasks: z.object({ [field]: z.array(taskSchema) }).nullish(),
  });

  const readAll = (filter: Readonly<Record<string, string>>, call: Call): Promise<TaskRows> =>
    readPages(pageRows, async (number): Promise<Page> => {
      const params = { ...filter, PageNumber: String(number), PageSize: String(pageRows) };
      const common = { endpoint, action, intent: "read", what: "the status query", counted: true } as const;
      const answer = await rpc({ ...common, params, call });
      const { TotalCount, Tasks } = answer.read(pageSchema);
      const rows = Tasks?.[field]?.map((task) => rowOf(task, redact));
      return { rows, total: TotalCount ?? undefined, clockOffset: answer.clockOffset };
    });

  return {
    byId: (taskId, call) => readAll({ TaskId: taskId, ObjectType: type }, call),
    byDomain: (domain, from, to, call) =>
      readAll({ ObjectType: type, DomainName: domain, StartTime: acsDate(from), EndTime: acsDate(to) }, call),
  };
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
