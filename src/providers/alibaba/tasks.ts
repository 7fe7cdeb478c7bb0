/**
 * The vendor's task list. A task id stands for one or many URLs, and a URL may stand under several ids, so rows are told
 * apart by their URL alone.
 * Source: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshtasks
 */

import { z } from "zod";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Call, StatusRow } from "../../prefetch/model/provider.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { acsDate, parseAcsDate } from "./sign.ts";

/** The vendor's largest page. */
const PAGE_SIZE = 50;
/** 5,000 rows; ids are merged in blocks of 500 URLs. */
const MOST_PAGES = 100;

const page = z.object({
  TotalCount: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ])
    .nullish(),
  Tasks: z
    .object({
      Task: z.array(
        z.object({
          TaskId: z.union([z.string(), z.number()]).transform(String),
          ObjectPath: z.string(),
          Status: z.string().nullish(),
          Process: z.union([z.string(), z.number()]).nullish(),
          Description: z.string().nullish(),
          CreationTime: z.string().nullish(),
        }),
      ),
    })
    .nullish(),
});

export interface TaskRow extends StatusRow {
  readonly taskId: string;
  /** Milliseconds since the epoch by the vendor's clock, or NaN. */
  readonly createdAt: number;
}

export interface TaskList {
  readonly rows: readonly TaskRow[];
  /** Whether these are all that there are. */
  readonly complete: boolean;
  /** Milliseconds by which the vendor's clock is ahead of ours, where it told its time. */
  readonly clockOffset: number | undefined;
}

export interface TaskLists {
  byId(taskId: string, call: Call): Promise<TaskList>;
  /** Prefetches of one domain that were created in a span of time, which is by the vendor's clock. */
  byDomain(domain: string, from: number, to: number, call: Call): Promise<TaskList>;
}

export function createTaskLists(rpc: Rpc, endpoint: Endpoint, redact: Redactor): TaskLists {
  const all = async (filter: Readonly<Record<string, string>>, call: Call): Promise<TaskList> => {
    const rows: TaskRow[] = [];
    for (let number = 1; ; number += 1) {
      const params = { ...filter, PageNumber: String(number), PageSize: String(PAGE_SIZE) };
      const common = { endpoint, action: "DescribeVodRefreshTasks", intent: "read", what: "the status query", counted: true } as const;
      const answer = await rpc({ ...common, params, call });
      const { success, data } = page.safeParse(answer.body);
      if (!success) throw answer.notUnderstood();
      const found = data.Tasks?.Task ?? [];
      rows.push(...found.map((task) => rowOf(task, redact)));
      // Without a total there is more for as long as pages are full; without a list, too, nobody has said how many there are.
      const total = data.TotalCount ?? (data.Tasks ? rows.length + Number(found.length >= PAGE_SIZE) : Number.POSITIVE_INFINITY);
      const complete = rows.length >= total;
      if (complete || found.length === 0 || number >= MOST_PAGES) return { rows, complete, clockOffset: answer.clockOffset };
    }
  };
  return {
    byId: (taskId, call) => all({ TaskId: taskId }, call),
    byDomain: (domain, from, to, call) =>
      all({ ObjectType: "preload", DomainName: domain, StartTime: acsDate(from), EndTime: acsDate(to) }, call),
  };
}

function rowOf(task: NonNullable<z.infer<typeof page>["Tasks"]>["Task"][number], redact: Redactor): TaskRow {
  const word = tidyMessage(task.Status ?? "", redact);
  const process = Number.parseFloat(String(task.Process ?? ""));
  const percent = Number.isNaN(process) ? "" : ` ${Math.min(100, Math.max(0, process))}%`;
  const state = stateOf(word);
  return {
    taskId: task.TaskId,
    createdAt: parseAcsDate(task.CreationTime ?? ""),
    url: task.ObjectPath,
    state,
    vendorState: `${word}${percent}`,
    ...(state === "failed" && { reason: reasonOf(tidyMessage(task.Description ?? "", redact)) }),
  };
}

/** Documented words only; what is not known to be over is still going on. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "complete") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** `Origin Timeout`, `OriginReturn StatusCode 5XX`, `InternalError`; editions differ in their blanks. */
function reasonOf(description: string): string {
  const plain = description.replace(/\s+/g, "").toLowerCase();
  if (plain === "") return "Alibaba Cloud reports that it failed.";
  const said = `Alibaba Cloud reports "${description}"`;
  if (plain.includes("timeout")) return `${said}: the origin did not answer in time.`;
  if (plain.includes("statuscode")) return `${said}: the origin answered with an error.`;
  return `${said}.`;
}
