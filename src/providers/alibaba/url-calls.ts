/** The calls about one kind of work on URLs, prefetches or refreshes: submit, status, quota, and the look for a lost submit. */

import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Call, Provider, StatusRow, Submission } from "../../prefetch/model/provider.ts";
import { createTrace, type TraceOptions } from "../kit/trace.ts";
import { statusByTask, urlsIn } from "../kit/url-tasks.ts";
import { listOf } from "./comma-list.ts";
import type { Product, QuotaFields, TaskType, UrlCall } from "./product.ts";
import type { QuotaReader } from "./quota.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { createTaskLists, type TaskLists } from "./tasks.ts";

export interface CallParts {
  readonly product: Product;
  readonly rpc: Rpc;
  readonly readQuota: QuotaReader;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly redact: Redactor;
}

export interface Work {
  readonly urlCall: UrlCall;
  readonly taskType: TaskType;
  readonly quotaFields: QuotaFields;
}

export interface UrlCalls {
  readonly lists: TaskLists;
  /** `counted` is false for a request that continues one that has left. */
  submitUrls(urls: readonly string[], call: Call, counted?: boolean): Promise<Submission>;
  quota: NonNullable<Provider["quota"]>;
  traceBy(urlsOf: TraceOptions["urlsOf"]): NonNullable<Provider["findSubmitted"]>;
}

/** The vendor keeps tasks for three days. After one hour less, a missing row proves nothing. */
const LISTED_FOR_MS = 3 * 86_400_000 - 3_600_000;
const id = z.union([z.string(), z.number()]).transform(String);

export function createUrlCalls(parts: CallParts, { urlCall, taskType, quotaFields }: Work): UrlCalls {
  const { product, rpc, readQuota, endpoint, clock, redact } = parts;
  const { action, what, form, idFields } = urlCall;
  const lists = createTaskLists({ rpc, endpoint, redact, list: product.list, type: taskType });
  const submitted = z.record(z.string(), z.unknown()).transform((body) => idFields.map((field) => body[field]));

  return {
    lists,
    submitUrls: async (urls, call, counted = true) => {
      const params = { ...urlCall.params, ObjectPath: urls.join("\n") };
      const answer = await rpc({ endpoint, action, intent: "spend", what, params, form, call, counted });
      const found = answer.read(submitted).find((value) => value !== undefined && value !== null);
      const { success, data } = id.safeParse(found);
      const vendorTaskIds = success ? listOf(data) : [];
      if (vendorTaskIds.length === 0) throw answer.unreadable();
      return { vendorTaskIds, refused: [], ...(answer.requestId !== undefined && { requestId: answer.requestId }) };
    },
    quota: (call) => readQuota(quotaFields, call),
    traceBy: (urlsOf) =>
      createTrace({ clock, list: lists.byDomain, urlsOf, listedWithinMs: product.limits.listedWithinMs, keptMs: LISTED_FOR_MS }),
  };
}

type PlainCalls = Pick<Provider, "submit"> & Required<Pick<Provider, "status" | "quota" | "findSubmitted">>;

/** The members of a provider for a product without media assets. */
export function createPlainCalls(parts: CallParts, work: Work): PlainCalls {
  const { lists, submitUrls, quota, traceBy } = createUrlCalls(parts, work);
  const product = { id: parts.product.id, name: parts.product.service };
  return {
    submit: async (batch, call) => submitUrls(urlsIn(batch, product), call),
    status: statusByTask((taskId, call) => rowsOf(taskId, parts.product, lists, call)),
    quota,
    findSubmitted: traceBy(async (batch) => ({ urls: urlsIn(batch, product), atOnce: true })),
  };
}

/** Ids of tasks are numbers. Callers may pass any text. */
async function rowsOf(taskId: string, { id: provider }: Product, lists: TaskLists, call: Call): Promise<readonly StatusRow[]> {
  if (/^\d+$/.test(taskId)) return (await lists.byId(taskId, call)).rows;
  throw new PrefetchError("not_found", `task_id: Alibaba Cloud has no task ${taskId.slice(0, 60)}`, {
    provider,
    hint: "Task ids of Alibaba Cloud are numbers. Check the id.",
  });
}
