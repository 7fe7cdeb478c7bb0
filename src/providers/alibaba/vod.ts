/**
 * Alibaba Cloud ApsaraVideo VOD, CDN prefetch ("PreloadVodObjectCaches").
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches,
 * …-describevodrefreshquota, and https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch.
 */

import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import { createRedactor } from "../../base/redact.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, ProviderLimits, StatusRow, Submission } from "../../prefetch/model/provider.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { percentEncode } from "../kit/canonical.ts";
import { createHttpClient } from "../kit/http-client.ts";
import type { CredentialSource } from "./credentials.ts";
import { createMedia, type MediaOptions } from "./media.ts";
import { createReconcile } from "./reconcile.ts";
import { createRpc, type Endpoint } from "./rpc.ts";
import { createTaskLists } from "./tasks.ts";

export interface AlibabaVodOptions {
  /** Where caches are warmed: one region for all accounts. */
  readonly cache: Endpoint;
  /** Where media assets are kept. */
  readonly media: Endpoint;
  readonly credentials: CredentialSource;
  /** Names the vendor account in the ledger; no secret. */
  readonly account: string;
  /** Where to warm: `domestic` (mainland China) or `overseas`; the vendor's default unless told. */
  readonly area?: string | undefined;
  /** Whether the second tier of caches must be among the nodes that are warmed. */
  readonly secondTier?: boolean | undefined;
  /** Headers with which the vendor fetches, as JSON: a map from names to lists of values. */
  readonly withHeader?: string | undefined;
  readonly assets: MediaOptions;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: Observer | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for an answer. */
  readonly answerMs?: number | undefined;
}

const limits: ProviderLimits = {
  // The user guide's number; the error table speaks of 1,000.
  urlsPerRequest: 100,
  // How long a query the gateway takes is not documented; 8 KiB is what servers commonly take of a request's head.
  bytesPerRequest: 6_000,
  bytesOf: (url) => percentEncode(`${url}\n`).length,
  // Not documented for these calls; their sisters of Alibaba Cloud CDN allow 10 listings a second, which is about what
  // may go at once under this.
  requestsPerMinute: 120,
  // What is accepted for one host within one second gets one task id.
  hostIntervalMs: 1_200,
  urlsPerDay: 500,
  // Stated for the sister products.
  urlLength: 1_024,
  // The reset's zone is not documented; the vendor's day is taken to be China's, and its own count decides.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
  recordDays: 3,
};

const submitted = z.object({ PreloadTaskId: z.union([z.string(), z.number()]).transform(String) });
/** Strings in the documentation, numbers in some answers. */
const units = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
const quotas = z.object({ PreloadQuota: units, PreloadRemain: units });

const provider = "alibaba-vod";
export function createAlibabaVod(options: AlibabaVodOptions): Provider {
  const { cache, credentials, clock, area, secondTier, withHeader } = options;
  const secrets = new Set<string>();
  const redact = createRedactor(secrets);
  const http = createHttpClient({
    provider,
    clock,
    userAgent: options.userAgent,
    observer: options.observer,
    dispatcher: options.dispatcher,
    answerMs: options.answerMs,
  });
  const rpc = createRpc({ http, clock, credentials, redact, onSecret: (secret) => secrets.add(secret) });
  const lists = createTaskLists(rpc, cache, redact);
  const media = createMedia(rpc, options.media, { ...options.assets, redact });

  const preload = async (urls: readonly string[], call: Call, counted = true): Promise<Submission> => {
    const params = {
      ObjectPath: urls.join("\n"),
      Area: area,
      L2Preload: secondTier === undefined ? undefined : String(secondTier),
      WithHeader: withHeader,
    };
    const common = { endpoint: cache, action: "PreloadVodObjectCaches", intent: "spend", what: "the prefetch" } as const;
    const answer = await rpc({ ...common, params, call, counted });
    const { success, data } = submitted.safeParse(answer.body);
    const vendorTaskIds = success ? idsIn(data.PreloadTaskId) : [];
    if (vendorTaskIds.length === 0) throw answer.notUnderstood();
    return { vendorTaskIds, refused: [], ...(answer.requestId !== undefined && { requestId: answer.requestId }) };
  };

  const submitAsset = async (assetId: string, call: Call): Promise<Submission> => {
    try {
      const { jobId, requestId } = await media.start(assetId, call);
      return { vendorTaskIds: [jobId], refused: [], ...(requestId !== undefined && { requestId }) };
    } catch (error) {
      if (!isMissingCall(error)) throw error;
      const { urls } = await media.resolve(assetId, call);
      return preloadAll(assetId, urls, call);
    }
  };

  /** The asset's URLs one by one, for accounts and regions without the call that takes assets. */
  const preloadAll = async (assetId: string, urls: readonly string[], call: Call): Promise<Submission> => {
    const ids: string[] = [];
    let requestId: string | undefined;
    for (const [number, part] of requestsFor(urls).entries()) {
      try {
        // Only the first one takes a turn: asking for another would say that nothing has been spent yet.
        const submission = await preload(part, call, number === 0);
        ids.push(...submission.vendorTaskIds);
        requestId = submission.requestId;
      } catch (error) {
        if (number === 0 || !(error instanceof PrefetchError)) throw error;
        throw new PrefetchError(error.code, `Only a part of the asset ${assetId} was sent. ${error.message}`, {
          provider,
          delivery: "unknown",
          ...(error.hint !== undefined && { hint: error.hint }),
          cause: error,
        });
      }
    }
    if (ids.length > 0) return { vendorTaskIds: [...new Set(ids)], refused: [], ...(requestId !== undefined && { requestId }) };
    throw new PrefetchError("not_published", `asset_id: the asset ${assetId} has no play URLs`, { provider, delivery: "refused" });
  };

  const rowsOfJob = async (jobId: string, call: Call): Promise<StatusRow[]> => {
    const job = await media.job(jobId, call);
    if (job.state === "failed") return [{ url: job.assetId, state: "failed", vendorState: "fail", reason: job.reason }];
    if (job.state === "running") return [{ url: job.assetId, state: "processing", vendorState: "submitting" }];
    const rows: StatusRow[] = [];
    for (const taskId of job.taskIds) rows.push(...(await lists.byId(taskId, call)).rows);
    const listed = new Set(rows.map((row) => echoKey(row.url)));
    const waiting = job.urls.filter((url) => !listed.has(echoKey(url)));
    return [...rows, ...waiting.map((url): StatusRow => ({ url, state: "processing", vendorState: "submitted" }))];
  };

  return {
    id: provider,
    title: "Alibaba Cloud VOD",
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
    account: options.account,
    accepts: ["asset", "urls"],
    limits,
    tracking: "task",
    depth: "mid-tier",
    reach: "Alibaba Cloud warms mid-tier nodes and reports success from 90 percent of them; the first request at an edge may still miss.",
    submit: (batch, call) => (batch.kind === "asset" ? submitAsset(batch.assetId, call) : preload(batch.urls, call)),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const id of new Set(vendorTaskIds))
        rows.push(...(isCacheTask(id) ? (await lists.byId(id, call)).rows : await rowsOfJob(id, call)));
      return rows;
    },
    resolveAsset: (assetId, call) => media.resolve(assetId, call),
    quota: async (call) => {
      const common = { endpoint: cache, action: "DescribeVodRefreshQuota", intent: "read", what: "the quota query" } as const;
      const answer = await rpc({ ...common, params: {}, call, counted: false });
      const { success, data } = quotas.safeParse(answer.body);
      if (!success) throw answer.notUnderstood();
      return { limit: data.PreloadQuota, remaining: Math.min(data.PreloadQuota, data.PreloadRemain) };
    },
    findSubmitted: createReconcile({ lists, media, clock }),
    close: () => http.close(),
  };
}

/** Ids of cache tasks are numbers, those of media jobs are not. */
function isCacheTask(id: string): boolean {
  return /^\d+$/.test(id);
}

function idsIn(text: string): string[] {
  return [...new Set(text.split(",").map((id) => id.trim()))].filter(Boolean);
}

/** The account, the region or the RAM user has no such call; others may do the same. */
function isMissingCall(error: unknown): boolean {
  if (!(error instanceof PrefetchError) || error.delivery !== "refused") return false;
  return error.code === "unsupported" || /^(Forbidden\.RAM|NoPermission)$/.test(error.vendorCode ?? "");
}

/** URLs by host, in portions that one request takes. */
function requestsFor(urls: readonly string[]): string[][] {
  const requests: string[][] = [];
  for (const group of Map.groupBy(urls, (url) => URL.parse(url)?.host ?? "").values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const url of group) {
      const current = requests.at(-1);
      bytes += limits.bytesOf(url);
      if (current && bytes <= limits.bytesPerRequest && current.length < limits.urlsPerRequest) current.push(url);
      else {
        requests.push([url]);
        bytes = limits.bytesOf(url);
      }
    }
  }
  return requests;
}
