/**
 * An emulator of Alibaba Cloud VOD's prefetch API on loopback, cache and media calls in one server. It follows the vendor's
 * documentation and limits and warms nothing.
 */

import { startServer } from "../server/server.ts";
import type { VendorEmulator, VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { AcsError, answerOf, replyOf } from "./answer.ts";
import { createCacheCalls } from "./cache.ts";
import { type Action, createDispatcher, type DispatcherPolicy } from "./dispatcher.ts";
import { createDomainCheck, type DomainState } from "./domains.ts";
import { type Params, paramsOf } from "./params.ts";
import { createGetPlayInfo } from "./play-info.ts";
import { createMediaLibrary, type SandboxMedia } from "./plays.ts";
import { createRefreshJobs } from "./refresh-jobs.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";
import { createTaskList } from "./task-list.ts";
import { createTaskStore, type TaskRow } from "./tasks.ts";

export interface AlibabaVodEmulatorOptions extends DispatcherPolicy {
  readonly now?: () => number;
  readonly user?: Partial<SandboxKeys>;
  /** Milliseconds from acceptance to a request's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  /** URLs of one domain that may wait at once. */
  readonly queueLimit?: number;
  readonly domains?: readonly string[];
  /** Domains that are out of service. */
  readonly domainStates?: Readonly<Record<string, DomainState>>;
  readonly assets?: Readonly<Record<string, SandboxMedia>>;
  /** Assets that exist but that this user may not touch. */
  readonly forbiddenAssets?: readonly string[];
  /** Whether the quota's values are text or numbers. */
  readonly numbers?: "strings" | "numbers";
  /** Whether the task list shows URLs with their scheme. */
  readonly echoScheme?: boolean;
  readonly quotaCode?: "QuotaExceeded.Refresh" | "QuotaExceeded.Preload";
  /** Milliseconds until the task list shows an accepted task. */
  readonly listDelayMs?: number;
  /** Milliseconds until a job for assets submits its URLs. */
  readonly jobMs?: number;
  /** Whether play URLs carry the parameter of URL signing. */
  readonly signedUrls?: boolean;
}

interface AlibabaLogEntry extends VendorLogEntry {
  readonly action: string;
  /** The vendor's code of a refusal. */
  readonly code?: string;
  readonly params: Params;
}

export interface AlibabaVodEmulator extends VendorEmulator<AlibabaLogEntry> {
  readonly user: SandboxKeys;
  /** Every accepted URL with its task id. */
  readonly rows: readonly TaskRow[];
}

const defaultKeys: SandboxKeys = { accessKeyId: "LTAIsandbox0000000000000", accessKeySecret: "sandboxAccessKeySecret00000000" };

const sampleUrls = "https://vod.example.net/93ab850b";
/** An asset with two streams, and one that is not published yet. */
export const sampleMedia: Readonly<Record<string, SandboxMedia>> = {
  "93ab850b4f6f44eab54b6e91d24d81d4": {
    status: "Normal",
    plays: [
      { url: `${sampleUrls}/sd.mp4`, format: "mp4", definition: "SD" },
      {
        url: `${sampleUrls}/hd/index.m3u8`,
        format: "m3u8",
        definition: "HD",
        segments: Array.from({ length: 30 }, (_, index) => `${sampleUrls}/hd/${index + 1}.ts`),
      },
    ],
  },
  "0000000000000000000000000000feed": { status: "Uploading", plays: [] },
};

export async function startAlibabaVod(options: AlibabaVodEmulatorOptions = {}): Promise<AlibabaVodEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 50, dailyLimit = 500, queueLimit = 50_000 } = options;
  const { domains = ["vod.example.net", "media.example.net"], domainStates = {} } = options;
  const { assets = sampleMedia, forbiddenAssets = [], jobMs = 0, listDelayMs = 0, signedUrls = false } = options;
  const { numbers = "strings", echoScheme = true, quotaCode = "QuotaExceeded.Refresh" } = options;
  const user: SandboxKeys = { ...defaultKeys, ...options.user };
  const warmed = createWarmedUrls(now);
  const tasks = createTaskStore({ now, warmed, firstMs, eachMs, dailyLimit, queueLimit });
  const checkDomain = createDomainCheck(domains, domainStates);
  const cache = createCacheCalls({ now, tasks, checkDomain, dailyLimit, quotaCode, numbers });
  const library = createMediaLibrary(assets, forbiddenAssets);
  const jobs = createRefreshJobs({ now, tasks, library, jobMs, quotaCode });
  const checkSignature = createSignatureCheck(user, now);
  const call = createDispatcher(
    new Map<string, Action>([
      ["PreloadVodObjectCaches", cache.preload],
      ["RefreshVodObjectCaches", cache.refresh],
      ["DescribeVodRefreshTasks", createTaskList({ now, tasks, echoScheme, listDelayMs })],
      ["DescribeVodRefreshQuota", cache.describeQuota],
      ["RefreshMediaPlayUrls", jobs.refreshMediaPlayUrls],
      ["GetMediaRefreshJobs", jobs.getMediaRefreshJobs],
      ["GetPlayInfo", createGetPlayInfo(library, signedUrls)],
    ]),
    now,
    options,
  );
  const log: AlibabaLogEntry[] = [];

  const server = await startServer({
    now,
    actionOf: ({ headers }) => headers.get("x-acs-action"),
    answer: (request) => {
      const [params, action] = [paramsOf(request), request.headers.get("x-acs-action") ?? ""];
      const reply = replyOf(() => {
        checkSignature(request);
        jobs.runDueJobs();
        return call(request, action, params);
      });
      const outcome = reply instanceof AcsError ? { status: reply.status, code: reply.code } : { status: 200 };
      const accepted = reply instanceof AcsError ? [] : (reply.accepted ?? []);
      log.push({ at: now(), method: request.method, action, ...outcome, params, accepted });
      return answerOf(reply, request);
    },
  });

  return {
    ...server,
    user,
    log,
    get rows() {
      jobs.runDueJobs();
      return tasks.rows;
    },
    get spentToday() {
      jobs.runDueJobs();
      return tasks.quotas.preload.spent;
    },
    warmedAt: (url) => {
      jobs.runDueJobs();
      return warmed.warmedAt(url);
    },
  };
}
