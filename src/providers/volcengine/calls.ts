/** The calls about one kind of task: submit, status, quota, and the look for a lost submit. */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Call, Provider, StatusRow } from "../../prefetch/model/provider.ts";
import { quotaInstead } from "../kit/exhausted-quota.ts";
import { leftOutOf } from "../kit/left-out.ts";
import type { Network } from "../kit/network.ts";
import { readPages, type TaskRow, type TaskRows } from "../kit/task-rows.ts";
import { createTrace } from "../kit/trace.ts";
import { statusByTask, urlsIn } from "../kit/url-tasks.ts";
import type { Vendor } from "../kit/vendor-failure.ts";
import { LISTED_FOR_MS, limits, type TaskCall } from "./cdn-product.ts";
import { QUOTA_HINT } from "./errors.ts";
import { envelope, type Rpc } from "./rpc.ts";

export interface TaskCallParts extends Pick<Network, "clock" | "redact"> {
  readonly rpc: Rpc;
  readonly vendor: Vendor;
}

type TaskCalls = Pick<Provider, "submit"> & Required<Pick<Provider, "status" | "quota" | "findSubmitted">>;

/** The vendor documents no largest page. Larger: it may refuse the page. Smaller: long lists take more requests. */
const PAGE_ROWS = 100;

const taskId = z.union([z.string().regex(/^[\w-]{1,128}$/), z.number().int().nonnegative()]).transform(String);
const wholeNumber = z.union([z.number(), z.string().regex(/^\d{1,9}$/)]).transform(Number);
const submitted = z.object({
  ResponseMetadata: envelope,
  Result: z.object({ TaskID: taskId, CommitNum: wholeNumber.nullish() }),
});
const row = z.object({
  TaskID: taskId,
  Url: z.string(),
  Status: z.string().nullish(),
  Process: z.union([z.string(), z.number()]).nullish(),
  StatusCode: z.number().nullish(),
});
const quotas = z.object({ Result: z.record(z.string(), z.unknown()) });
const page = z.object({ Result: z.object({ Data: z.array(row).nullish(), Total: wholeNumber.nullish() }) });

export function createTaskCalls(parts: TaskCallParts, { action, more, taskType, quotaFields, what }: TaskCall): TaskCalls {
  const { rpc, vendor, clock, redact } = parts;

  const list = (filter: Readonly<Record<string, unknown>>, call: Call, counted = true): Promise<TaskRows> =>
    readPages(PAGE_ROWS, async (number) => {
      const body = { TaskType: taskType, ...filter, PageNum: number, PageSize: PAGE_ROWS };
      const request = { action: "DescribeContentTasks", body, intent: "read", what: "the status query", call, counted } as const;
      const answer = await rpc(request);
      const { Data, Total } = answer.read(page).Result;
      const rows = Data?.map((found) => rowOf(found, vendor, redact));
      return { rows, total: Total ?? undefined, clockOffset: answer.clockOffset };
    });

  const quota: TaskCalls["quota"] = async (call) => {
    const request = { action: "DescribeContentQuota", body: {}, intent: "read", what: "the quota query", call, counted: false } as const;
    const answer = await rpc(request);
    const counts = answer.read(quotas).Result;
    const [limit, remaining, most] = quotaFields.map((field) => wholeNumber.safeParse(counts[field]).data);
    if (limit === undefined || remaining === undefined) throw answer.unreadable();
    return { limit, remaining: Math.min(limit, remaining), ...(most && { urlsPerRequest: most }) };
  };

  const submit = async (urls: readonly string[], call: Call) => {
    const answer = await rpc({ action, body: { UrlList: urls, ...more }, intent: "spend", what, call, counted: true });
    const { ResponseMetadata, Result } = answer.read(submitted);
    const lookUp = () => list({ TaskID: Result.TaskID }, call, false);
    const refused = await leftOutOf({ vendor, urls, taken: Result.CommitNum ?? undefined, list: lookUp });
    const requestId = tidyMessage(answer.requestId ?? ResponseMetadata.RequestId ?? "", redact);
    return { vendorTaskIds: [Result.TaskID], refused, ...(requestId !== "" && { requestId }) };
  };

  const product = { id: vendor.provider, name: `${vendor.name} CDN` };

  return {
    submit: async (batch, call) =>
      submit(urlsIn(batch, product), call).catch(async (error: unknown) => {
        throw await quotaInstead({ error, isAmbiguous, quota, hint: QUOTA_HINT, call });
      }),
    status: statusByTask(async (id, call) => {
      if (!taskId.safeParse(id).success) throw noTask(id, vendor);
      const found = await list({ TaskID: id }, call).catch((error: unknown) => {
        throw unknownTask(error, id, vendor);
      });
      return found.rows;
    }),
    quota,
    findSubmitted: createTrace({
      clock,
      // Of all domains: the vendor does not say how it compares URLs, or the hosts of a wildcard domain, and a row that a filter
      // hides would let the request be sent twice.
      list: (_, from, to, call) => list({ StartTime: Math.floor(from / 1_000), EndTime: Math.ceil(to / 1_000) }, call),
      urlsOf: async (batch) => ({ urls: urlsIn(batch, product), atOnce: true }),
      listedWithinMs: limits.listedWithinMs,
      keptMs: LISTED_FOR_MS,
    }),
  };
}

/** The vendor's code for a used-up quota is not documented for this product, and such a code reads as a refused argument. */
function isAmbiguous({ code, vendorCode }: PrefetchError): boolean {
  return code === "invalid_argument" && vendorCode !== undefined;
}

function rowOf({ TaskID, Url, Status, Process, StatusCode }: z.infer<typeof row>, { name }: Vendor, redact: Redactor): TaskRow {
  const word = tidyMessage(Status ?? "", redact);
  const state = stateOf(word);
  const progress = Number.parseFloat(String(Process ?? ""));
  const percent = Number.isNaN(progress) ? "" : ` ${Math.min(100, Math.max(0, progress))}%`;
  const why = StatusCode ? ` with the status code ${StatusCode}` : " and gives no reason";
  return {
    taskId: TaskID,
    url: Url,
    state,
    vendorState: `${word || "unnamed"}${percent}`,
    ...(state === "failed" && { reason: `${name} reports a failure${why}. Check that the origin answers this URL.` }),
  };
}

/** The documented final words. Every other word, known or not, counts as `processing`. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "complete") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** The id is the only argument that can be unknown. */
function unknownTask(error: unknown, id: string, vendor: Vendor): unknown {
  if (!(error instanceof PrefetchError) || error.vendorCode === undefined) return error;
  return ["forbidden_domain", "invalid_argument"].includes(error.code) ? noTask(id, vendor, error) : error;
}

function noTask(id: string, { provider, name }: Vendor, error?: PrefetchError): PrefetchError {
  return new PrefetchError("not_found", `task_id: ${name} CDN has no task ${id.slice(0, 60)} in this account`, {
    provider,
    ...(error?.vendorCode !== undefined && { vendorCode: error.vendorCode }),
    ...(error?.requestId !== undefined && { requestId: error.requestId }),
    hint: "Check the id and the account. The vendor shows tasks for 7 days.",
    cause: error,
  });
}
