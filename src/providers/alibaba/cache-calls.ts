/** The calls about one kind of work on caches, prefetches or refreshes: submit, status, quota, and the look for a lost submit. */

import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import type { Redactor } from "../../base/redact.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, StatusRow, VendorQuota } from "../../prefetch/model/provider.ts";
import type { JobType, Media } from "./media.ts";
import { createReconcile } from "./reconcile.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { createSubmit, type UrlCall } from "./submit.ts";
import { createTaskLists, type TaskLists, type TaskType } from "./tasks.ts";

export interface CacheCallParts {
  readonly rpc: Rpc;
  readonly cache: Endpoint;
  readonly media: Media;
  readonly clock: Clock;
  readonly redact: Redactor;
}

export interface CacheCallOptions extends CacheCallParts {
  readonly urlCall: UrlCall;
  readonly jobType: JobType;
  readonly taskType: TaskType;
  /** The fields of `DescribeVodRefreshQuota` with the units of a day, and with those that are left. */
  readonly quotaFields: readonly [limit: string, remaining: string];
}

type CacheCalls = Pick<Provider, "submit" | "quota" | "findSubmitted"> & Required<Pick<Provider, "status">>;

export function createCacheCalls(options: CacheCallOptions): CacheCalls {
  const { rpc, cache, media, clock, redact, urlCall, jobType, taskType, quotaFields } = options;
  const lists = createTaskLists(rpc, cache, redact, taskType);
  return {
    submit: createSubmit({ rpc, media, cache, urlCall, jobType }),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of new Set(vendorTaskIds)) rows.push(...(await rowsOf(id, { lists, media, call })));
      return rows;
    },
    quota: (call) => readQuota(rpc, cache, quotaFields, call),
    findSubmitted: createReconcile({ lists, media, clock }),
  };
}

interface StatusSources {
  readonly lists: TaskLists;
  readonly media: Media;
  readonly call: Call;
}

/** Ids of cache tasks are numbers; ids of media jobs are not. */
async function rowsOf(vendorTaskId: string, sources: StatusSources): Promise<readonly StatusRow[]> {
  if (!/^\d+$/.test(vendorTaskId)) return rowsOfJob(vendorTaskId, sources);
  return (await sources.lists.byId(vendorTaskId, sources.call)).rows;
}

async function rowsOfJob(jobId: string, { lists, media, call }: StatusSources): Promise<StatusRow[]> {
  const job = await media.job(jobId, call);
  if (job.state === "failed") return [{ url: job.assetId, state: "failed", vendorState: "fail", reason: job.reason }];
  if (job.state === "running") return [{ url: job.assetId, state: "processing", vendorState: "submitting" }];
  const rows: StatusRow[] = [];
  for (const taskId of job.taskIds) rows.push(...(await lists.byId(taskId, call)).rows);
  const listed = new Set(rows.map((row) => echoKey(row.url)));
  const unlisted = job.urls.filter((url) => !listed.has(echoKey(url)));
  return [...rows, ...unlisted.map((url): StatusRow => ({ url, state: "processing", vendorState: "submitted" }))];
}

/** The documentation has strings, some answers have numbers. */
const units = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);

/** https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshquota */
async function readQuota(
  rpc: Rpc,
  cache: Endpoint,
  [limitField, restField]: CacheCallOptions["quotaFields"],
  call: Call,
): Promise<VendorQuota> {
  const common = { endpoint: cache, action: "DescribeVodRefreshQuota", intent: "read", what: "the quota query" } as const;
  const quotas = z.object({ limit: units, remaining: units });
  const fields = z.looseObject({}).transform((answer) => ({ limit: answer[limitField], remaining: answer[restField] }));
  const { limit, remaining } = (await rpc({ ...common, params: {}, call, counted: false })).read(fields.pipe(quotas));
  return { limit, remaining: Math.min(limit, remaining) };
}
