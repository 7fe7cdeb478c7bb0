/** The calls of Huawei Cloud CDN about one kind of task: submit, status, quota, and the look for a lost submit. */

import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Call, Provider, StatusRow, VendorQuota } from "../../prefetch/model/provider.ts";
import { type Page, readPages, type TaskRow, type TaskRows } from "../kit/task-rows.ts";
import { createTrace } from "../kit/trace.ts";
import { statusByTask, urlsIn } from "../kit/url-tasks.ts";
import type { Api } from "./api.ts";
import { cdn, cdnLimits, type TaskCall } from "./cdn-product.ts";

export interface TaskCallParts {
  readonly api: Api;
  readonly clock: Clock;
  readonly redact: Redactor;
  /** The enterprise project as a part of a query. */
  readonly project: readonly (readonly [string, string])[];
}

type TaskCalls = Pick<Provider, "submit"> & Required<Pick<Provider, "status" | "quota" | "findSubmitted">>;

/** The vendor allows 10,000. Larger pages come near the largest answer that the client reads. */
const DETAIL_ROWS = 1_000;
/** The vendor's largest page of URL records. */
const RECORD_ROWS = 100;
/** The vendor lists URL records of at most 24 hours in one question. After one hour less, a missing row proves nothing. */
const LISTED_FOR_MS = 23 * 3_600_000;

const product = { id: cdn.id, name: "Huawei Cloud CDN" };
const id = z.union([z.string().regex(/^\w{1,64}$/), z.number()]).transform(String);
const row = z.object({
  url: z.string(),
  status: z.string().nullish(),
  task_id: id.nullish(),
  fail_classify: z.string().nullish(),
  fail_desc: z.string().nullish(),
});
const detail = z.object({ urls: z.array(row), total: z.number().nullish() });
const records = z.object({ result: z.array(row).nullish(), total: z.number().nullish() });
const quotas = z.object({ quotas: z.array(z.object({ type: z.string(), quota_limit: z.number(), used: z.number() })) });

export function createTaskCalls({ api, clock, redact, project }: TaskCallParts, task: TaskCall): TaskCalls {
  const { path, field, more, taskType, quotaType, what } = task;
  const submitted = z.object({ [field]: id });

  const readTask = (taskId: string, call: Call): Promise<TaskRows> =>
    readPages(DETAIL_ROWS, async (number): Promise<Page> => {
      const page = [["page_size", String(DETAIL_ROWS)] as const, ["page_number", String(number)] as const];
      const request = { method: "GET", path: `historytasks/${taskId}/detail`, query: [...project, ...page] } as const;
      const answer = await api({ ...request, what: "the status query", call, counted: true }).catch((error: unknown) => {
        throw unknownTask(error, taskId);
      });
      const { urls, total } = answer.read(detail);
      return { rows: urls.map((found) => rowOf(found, redact)), total: total ?? undefined, clockOffset: answer.clockOffset };
    });

  /** The records of all domains: the vendor filters them by whole URLs only. */
  const listRecords = (from: number, to: number, call: Call): Promise<TaskRows> =>
    readPages(RECORD_ROWS, async (number): Promise<Page> => {
      const query = [
        ["start_time", String(Math.floor(from))],
        ["end_time", String(Math.ceil(to))],
        ["offset", String((number - 1) * RECORD_ROWS)],
        ["limit", String(RECORD_ROWS)],
        ["task_type", taskType],
      ] as const;
      const request = { method: "GET", path: "contentgateway/url-tasks", query } as const;
      const answer = await api({ ...request, what: "the look-up of the request", call, counted: true });
      const { result, total } = answer.read(records);
      const rows = result?.map((found) => rowOf(found, redact));
      return { rows, total: total ?? undefined, clockOffset: answer.clockOffset };
    });

  return {
    submit: async (batch, call) => {
      const body = JSON.stringify({ [field]: { ...more, urls: urlsIn(batch, product) } });
      const answer = await api({ method: "POST", path, query: project, body, what, call, counted: true });
      const taskId = answer.read(submitted)[field];
      if (taskId === undefined) throw answer.unreadable();
      return { vendorTaskIds: [taskId], refused: [], ...(answer.requestId !== undefined && { requestId: answer.requestId }) };
    },
    status: statusByTask(async (taskId, call) => {
      if (!id.safeParse(taskId).success) throw noTask(taskId);
      return (await readTask(taskId, call)).rows;
    }),
    quota: async (call): Promise<VendorQuota> => {
      const answer = await api({ method: "GET", path: "quota", what: "the quota query", call, counted: false });
      const found = answer.read(quotas).quotas.find(({ type }) => type === quotaType);
      if (!found) throw answer.unreadable();
      return { limit: found.quota_limit, remaining: Math.max(0, found.quota_limit - found.used) };
    },
    findSubmitted: createTrace({
      clock,
      list: (_, from, to, call) => listRecords(from, to, call),
      urlsOf: async (batch) => ({ urls: urlsIn(batch, product), atOnce: true }),
      listedWithinMs: cdnLimits.listedWithinMs,
      keptMs: LISTED_FOR_MS,
    }),
  };
}

function rowOf({ url, status, task_id: taskId, fail_classify: kind, fail_desc: text }: z.infer<typeof row>, redact: Redactor): TaskRow {
  const word = tidyMessage(status ?? "", redact);
  const state = stateOf(word);
  const why = tidyMessage([kind, text].filter(Boolean).join(": "), redact);
  const reason = why === "" ? "Huawei Cloud reports a failure and gives no reason." : `Huawei Cloud reports "${why}".`;
  return { taskId: taskId ?? "", url, state, vendorState: word, ...(state === "failed" && { reason }) };
}

/** The two calls differ in the case of these words. Every other word, known or not, counts as `processing`. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "succeed") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** For an unknown task, the vendor says that the domain belongs to another account. The id is the only argument, so it is the reason. */
function unknownTask(error: unknown, taskId: string): unknown {
  if (!(error instanceof PrefetchError)) return error;
  return ["forbidden_domain", "not_found", "invalid_argument"].includes(error.code) ? noTask(taskId, error) : error;
}

function noTask(taskId: string, error?: PrefetchError): PrefetchError {
  return new PrefetchError("not_found", `task_id: Huawei Cloud CDN has no task ${taskId.slice(0, 60)} in this account`, {
    provider: cdn.id,
    ...(error?.vendorCode !== undefined && { vendorCode: error.vendorCode }),
    ...(error?.requestId !== undefined && { requestId: error.requestId }),
    hint: "Check the id and the account. The vendor shows tasks for 7 days.",
    cause: error,
  });
}
