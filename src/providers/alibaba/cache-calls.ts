/** The calls of ApsaraVideo VOD about one kind of work on caches: those about URLs, and the vendor's jobs for assets. */

import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, StatusRow } from "../../prefetch/model/provider.ts";
import type { JobType, Media } from "./media.ts";
import { createSubmit } from "./submit.ts";
import type { TaskLists } from "./tasks.ts";
import { type CallParts, createUrlCalls, type Work } from "./url-calls.ts";

export interface CacheCallParts extends CallParts {
  readonly media: Media;
}

export interface CacheWork extends Work {
  readonly jobType: JobType;
}

type CacheCalls = Pick<Provider, "submit" | "quota" | "findSubmitted"> & Required<Pick<Provider, "status">>;

export function createCacheCalls(parts: CacheCallParts, work: CacheWork): CacheCalls {
  const { media } = parts;
  const { lists, submitUrls, quota, traceBy } = createUrlCalls(parts, work);
  return {
    submit: createSubmit({ media, submitUrls, jobType: work.jobType }),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of new Set(vendorTaskIds)) rows.push(...(await rowsOf(id, { lists, media, call })));
      return rows;
    },
    quota,
    findSubmitted: traceBy(async (batch, call) =>
      // The job of an asset submits its URLs later.
      batch.kind === "urls" ? { urls: batch.urls, atOnce: true } : { urls: (await media.resolve(batch.assetId, call)).urls, atOnce: false },
    ),
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
