/**
 * An emulator of Alibaba Cloud VOD's prefetch calls on loopback, cache and media calls in one server. It warms nothing; it
 * answers as the vendor documents, keeps the vendor's limits, and remembers what it received.
 */

import { createRateLimit } from "../limits.ts";
import type { FaultRule } from "../server/faults.ts";
import { type ReceivedRequest, startServer } from "../server/server.ts";
import { AcsError, answerOf, type Params, paramsOf, type Reply } from "./answer.ts";
import { createGate, type SandboxKeys } from "./auth.ts";
import { createCacheCalls, type DomainState } from "./cache.ts";
import { createMediaCalls, type SandboxMedia } from "./media.ts";
import { createTaskStore, type TaskRow } from "./tasks.ts";

export interface AlibabaVodEmulatorOptions {
  readonly now?: () => number;
  readonly user?: Partial<SandboxKeys>;
  /** Milliseconds from acceptance to the first finished URL of a request, and between one URL and the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  /** URLs of one domain that may wait at once. */
  readonly queueLimit?: number;
  /** Of each action: the vendor's published limits are limits of single calls. */
  readonly callsPerSecond?: number;
  readonly domains?: readonly string[];
  /** Which of the domains are not as they should be. */
  readonly domainStates?: Readonly<Record<string, DomainState>>;
  readonly account?: "open" | "closed" | "suspended";
  readonly assets?: Readonly<Record<string, SandboxMedia>>;
  /** Assets that exist, but that this user may not touch. */
  readonly forbiddenAssets?: readonly string[];
  /** Calls that this account or region does not have. */
  readonly missingActions?: readonly string[];
  /** How the quota's numbers are written. */
  readonly numbers?: "strings" | "numbers";
  /** Whether URLs come back with their scheme. */
  readonly echoScheme?: boolean;
  /** The vendor's pages disagree on the status, and only some answers say how long to wait. */
  readonly throttlingStatus?: 503 | 400 | 429;
  readonly retryAfterMs?: number;
  readonly quotaCode?: "QuotaExceeded.Refresh" | "QuotaExceeded.Preload";
  /** Milliseconds until an accepted task shows in the list. */
  readonly listDelayMs?: number;
  /** Milliseconds that a job for assets takes to submit its URLs. */
  readonly jobMs?: number;
  /** Play URLs carry the parameter of signed URLs. */
  readonly signedUrls?: boolean;
}

export interface AlibabaLogEntry {
  readonly at: number;
  readonly method: string;
  readonly action: string;
  readonly status: number;
  /** The vendor's code of a refusal. */
  readonly code?: string;
  readonly params: Params;
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted: readonly string[];
}

export interface AlibabaVodEmulator {
  readonly endpoint: string;
  readonly user: SandboxKeys;
  readonly log: readonly AlibabaLogEntry[];
  /** Every URL that was accepted, with its task id. */
  readonly rows: readonly TaskRow[];
  /** Units accepted on the current day. */
  readonly spentToday: number;
  /** When the URL was brought to the CDN's second tier; `undefined` for never. */
  warmedAt(url: string): number | undefined;
  inject(rule: FaultRule): void;
  clearFaults(): void;
  close(): Promise<void>;
}

/** Source: https://api.aliyun.com/product/vod */
const VERSION = "2017-03-21";
const defaultKeys: SandboxKeys = { accessKeyId: "LTAIsandbox0000000000000", accessKeySecret: "sandboxAccessKeySecret00000000" };

const host = "https://vod.example.net";
/** One asset with two streams, and one that is not published yet. */
export const sampleMedia: Readonly<Record<string, SandboxMedia>> = {
  "93ab850b4f6f44eab54b6e91d24d81d4": {
    status: "Normal",
    plays: [
      { url: `${host}/93ab850b/sd.mp4`, format: "mp4", definition: "SD" },
      {
        url: `${host}/93ab850b/hd/index.m3u8`,
        format: "m3u8",
        definition: "HD",
        segments: Array.from({ length: 30 }, (_, index) => `${host}/93ab850b/hd/${index + 1}.ts`),
      },
    ],
  },
  "0000000000000000000000000000feed": { status: "Uploading", plays: [] },
};

export async function startAlibabaVod(options: AlibabaVodEmulatorOptions = {}): Promise<AlibabaVodEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 50, dailyLimit = 500, queueLimit = 50_000, callsPerSecond = 50 } = options;
  const { domains = ["vod.example.net", "media.example.net"], domainStates = {}, account = "open", missingActions = [] } = options;
  const { assets = sampleMedia, forbiddenAssets = [], jobMs = 0, listDelayMs = 0, signedUrls = false } = options;
  const { numbers = "strings", echoScheme = true, quotaCode = "QuotaExceeded.Refresh", throttlingStatus = 503, retryAfterMs } = options;
  const user: SandboxKeys = { ...defaultKeys, ...options.user };
  const gate = createGate(user, now);
  const tasks = createTaskStore({ now, firstMs, eachMs, dailyLimit, queueLimit });
  const cache = createCacheCalls({ now, tasks, domains, domainStates, dailyLimit, quotaCode, numbers, echoScheme, listDelayMs });
  const media = createMediaCalls({ now, tasks, assets, forbiddenAssets, jobMs, signedUrls, quotaCode });
  const log: AlibabaLogEntry[] = [];

  const actions = new Map<string, (params: Params) => Reply>([
    ["PreloadVodObjectCaches", cache.preload],
    ["DescribeVodRefreshTasks", cache.describeTasks],
    ["DescribeVodRefreshQuota", cache.describeQuota],
    ["RefreshMediaPlayUrls", media.refreshMediaPlayUrls],
    ["GetMediaRefreshJobs", media.getMediaRefreshJobs],
    ["GetPlayInfo", media.getPlayInfo],
  ]);
  for (const name of missingActions) if (!actions.delete(name)) throw new RangeError(`There is no action ${name} to be missing`);
  for (const name of Object.keys(domainStates)) if (!domains.includes(name)) throw new RangeError(`${name} is none of the domains`);
  const rates = new Map([...actions.keys()].map((name) => [name, createRateLimit(callsPerSecond, 1_000, now)]));

  const checkAccount = (): void => {
    if (account === "closed") throw new AcsError(403, "OperationDenied", "Your account does not open VOD service yet.");
    if (account === "suspended") throw new AcsError(403, "OperationDenied.Suspended", "Your VOD service is suspended.");
  };

  const carryOut = (request: ReceivedRequest, action: string, params: Params): Reply => {
    gate(request);
    if (request.headers["x-acs-version"] !== VERSION)
      throw new AcsError(400, "InvalidVersion", "Specified parameter Version is not valid.");
    const perform = ["GET", "POST"].includes(request.method) ? actions.get(action) : undefined;
    if (!perform) throw new AcsError(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.");
    if (rates.get(action)?.() === false) {
      const pause: Record<string, string> = retryAfterMs === undefined ? {} : { "x-acs-retry-after": String(retryAfterMs) };
      throw new AcsError(throttlingStatus, "Throttling.User", "Request was denied due to user flow control.", pause);
    }
    checkAccount();
    media.settle();
    return perform(params);
  };

  const replyTo = (request: ReceivedRequest, action: string, params: Params): Reply | AcsError => {
    try {
      return carryOut(request, action, params);
    } catch (error) {
      if (error instanceof AcsError) return error;
      throw error;
    }
  };

  const server = await startServer({
    now,
    actionOf: ({ headers }) => headers["x-acs-action"],
    answer: (request) => {
      const params = paramsOf(request);
      const action = request.headers["x-acs-action"] ?? "";
      const reply = replyTo(request, action, params);
      const outcome = reply instanceof AcsError ? { status: reply.status, code: reply.code } : { status: 200 };
      const accepted = reply instanceof AcsError ? [] : (reply.accepted ?? []);
      log.push({ at: now(), method: request.method, action, ...outcome, params, accepted });
      return answerOf(reply, request);
    },
  });

  return {
    endpoint: server.endpoint,
    user,
    log,
    get rows() {
      media.settle();
      return tasks.rows;
    },
    get spentToday() {
      media.settle();
      return tasks.quotas.preload.spent;
    },
    warmedAt: (url) => {
      media.settle();
      return tasks.warmedAt(url);
    },
    inject: server.inject,
    clearFaults: server.clearFaults,
    close: server.close,
  };
}
