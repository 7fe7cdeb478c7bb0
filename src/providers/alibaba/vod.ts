/**
 * The Alibaba Cloud ApsaraVideo VOD provider.
 * https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
 */

import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import type { ProxySettings } from "../../base/proxy-settings.ts";
import { createRedactor } from "../../base/redact.ts";
import { createSecrets, type Secrets } from "../../base/secrets.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, StatusRow, VendorQuota } from "../../prefetch/model/provider.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { createHttpClient } from "../kit/http-client.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type CredentialSource, rememberKeys } from "./credentials.ts";
import { alibabaCloud } from "./errors.ts";
import { limits } from "./limits.ts";
import { createMedia, type Media, type MediaOptions } from "./media.ts";
import { createReconcile } from "./reconcile.ts";
import { createRpc, type Endpoint, type Rpc } from "./rpc.ts";
import { createSubmit } from "./submit.ts";
import { createTaskLists, type TaskLists } from "./tasks.ts";

export interface AlibabaVodOptions {
  /** Serves the calls that warm caches: one region for all accounts. */
  readonly cache: Endpoint;
  /** Serves the calls about media assets: the region of the media. */
  readonly media: Endpoint;
  readonly credentials: CredentialSource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** `domestic` (mainland China) or `overseas`. The vendor's default when absent. */
  readonly area?: string | undefined;
  /** Whether second-tier nodes must be among the warmed ones. The vendor's default when absent. */
  readonly secondTier?: boolean | undefined;
  /** Headers of the vendor's fetch from the origin, as JSON: `{"Accept-Encoding":["gzip"]}`. */
  readonly withHeader?: string | undefined;
  readonly assets: MediaOptions;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: Observer | undefined;
  /** Receives the secrets that requests use. */
  readonly secrets?: Secrets | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for an answer. */
  readonly answerMs?: number | undefined;
}

/** Has the form of a task id, and belongs to no task. */
const UNKNOWN_TASK = "0";

/** Opens no connection before the first call. */
export function createAlibabaVod(options: AlibabaVodOptions): Provider {
  const {
    cache,
    credentials,
    clock,
    area,
    secondTier,
    withHeader,
    userAgent,
    observer,
    dispatcher,
    proxy,
    answerMs,
    secrets = createSecrets(),
  } = options;
  const provider = "alibaba-vod";
  const redact = createRedactor(secrets);
  const http = createHttpClient({ provider, clock, userAgent, observer, dispatcher, proxy, answerMs });
  const rpc = createRpc({ http, clock, credentials, redact, onKeys: (keys) => rememberKeys(secrets, keys) });
  const lists = createTaskLists(rpc, cache, redact);
  const media = createMedia(rpc, options.media, { ...options.assets, redact });

  return {
    id: provider,
    title: "Alibaba Cloud VOD",
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
    account: options.account,
    accountInWords: `account ${options.account.slice(options.account.indexOf(":") + 1)} at ${options.cache.url}, media at ${options.media.url}`,
    endpoints: [...new Set([options.cache.url, options.media.url])],
    accepts: ["asset", "urls"],
    limits,
    tracking: "task",
    depth: "mid-tier",
    reach: "Alibaba Cloud warms mid-tier nodes and reports success from 90 percent of them; the first request at an edge may still miss.",
    purging:
      "Alibaba Cloud VOD purges URLs by RefreshVodObjectCaches (2,000 a day, apart from prefetches), assets by RefreshMediaPlayUrls with TaskType Refresh, or both in its console; DescribeVodRefreshTasks says Complete when it is done.",
    submit: createSubmit({ rpc, media, cache, area, secondTier, withHeader }),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of new Set(vendorTaskIds)) rows.push(...(await rowsOf(id, { lists, media, call })));
      return rows;
    },
    resolveAsset: (assetId, call) => media.resolve(assetId, call),
    quota: (call) => readQuota(rpc, cache, call),
    checkLogin: (call) => provesLogin(alibabaCloud, lists.byId(UNKNOWN_TASK, call)),
    findSubmitted: createReconcile({ lists, media, clock }),
    close: () => http.close(),
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
const quotas = z.object({ PreloadQuota: units, PreloadRemain: units });

/** https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshquota */
async function readQuota(rpc: Rpc, cache: Endpoint, call: Call): Promise<VendorQuota> {
  const common = { endpoint: cache, action: "DescribeVodRefreshQuota", intent: "read", what: "the quota query" } as const;
  const { PreloadQuota: limit, PreloadRemain: remaining } = (await rpc({ ...common, params: {}, call, counted: false })).read(quotas);
  return { limit, remaining: Math.min(limit, remaining) };
}
