/** The calls about one kind of work on caches, prefetches or refreshes: submit, status, quota, and the look for a lost submit. */

import type { Clock } from "../../base/clock.ts";
import type { Redactor } from "../../base/redact.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, StatusRow } from "../../prefetch/model/provider.ts";
import type { JobType, Media } from "./media.ts";
import type { QuotaFields, QuotaReader } from "./quota.ts";
import { createReconcile } from "./reconcile.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { createSubmit, type UrlCall } from "./submit.ts";
import { createTaskLists, type TaskLists, type TaskType } from "./tasks.ts";

export interface CacheCallParts {
  readonly rpc: Rpc;
  readonly readQuota: QuotaReader;
  readonly cache: Endpoint;
  readonly media: Media;
  readonly clock: Clock;
  readonly redact: Redactor;
}

export interface CacheCallOptions extends CacheCallParts {
  readonly urlCall: UrlCall;
  readonly jobType: JobType;
  readonly taskType: TaskType;
  readonly quotaFields: QuotaFields;
}

type CacheCalls = Pick<Provider, "submit" | "quota" | "findSubmitted"> & Required<Pick<Provider, "status">>;

export function createCacheCalls(options: CacheCallOptions): CacheCalls {
  const { rpc, readQuota, cache, media, clock, redact, urlCall, jobType, taskType, quotaFields } = options;
  const lists = createTaskLists(rpc, cache, redact, taskType);
  return {
    submit: createSubmit({ rpc, media, cache, urlCall, jobType }),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of new Set(vendorTaskIds)) rows.push(...(await rowsOf(id, { lists, media, call })));
      return rows;
    },
    quota: (call) => readQuota(quotaFields, call),
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
