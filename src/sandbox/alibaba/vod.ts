/**
 * An emulator of Alibaba Cloud VOD's prefetch API on loopback, cache and media calls in one server. It follows the vendor's
 * documentation and limits and warms nothing.
 */

import type { VendorEmulator, VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { createCacheCalls } from "./cache.ts";
import type { Action } from "./dispatcher.ts";
import { createDomainCheck, createDomainList } from "./domains.ts";
import { type AlibabaEmulatorOptions, type AlibabaFacts, defaultKeys, startAlibaba } from "./frame.ts";
import { createGetPlayInfo } from "./play-info.ts";
import { createMediaLibrary, type SandboxMedia } from "./plays.ts";
import { createRefreshJobs } from "./refresh-jobs.ts";
import type { SandboxKeys } from "./signature-check.ts";
import { createTaskList } from "./task-list.ts";
import { createTaskStore, type TaskRow } from "./tasks.ts";

export interface AlibabaVodEmulatorOptions extends AlibabaEmulatorOptions {
  readonly assets?: Readonly<Record<string, SandboxMedia>>;
  /** Assets that exist but that this user may not touch. */
  readonly forbiddenAssets?: readonly string[];
  readonly quotaCode?: "QuotaExceeded.Refresh" | "QuotaExceeded.Preload";
  /** Milliseconds until a job for assets submits its URLs. */
  readonly jobMs?: number;
  /** Whether play URLs carry the parameter of URL signing. */
  readonly signedUrls?: boolean;
}

export interface AlibabaVodEmulator extends VendorEmulator<VendorLogEntry & AlibabaFacts> {
  readonly user: SandboxKeys;
  /** Every accepted URL with its task id. */
  readonly rows: readonly TaskRow[];
}

/** The vendor's default. No test needs another one. */
const REFRESHES_PER_DAY = 2_000;
const LARGEST_DOMAIN_PAGE = 50;

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
  const tasks = createTaskStore({ now, warmed, firstMs, eachMs, dailyLimit, queueLimit, refreshesPerDay: REFRESHES_PER_DAY });
  const checkDomain = createDomainCheck(domains, domainStates);
  const cache = createCacheCalls({
    now,
    tasks,
    checkDomain,
    quotaCode,
    queueStatus: 403,
    numbers,
    idFields: { preload: "PreloadTaskId", file: "RefreshTaskId" },
  });
  const library = createMediaLibrary(assets, forbiddenAssets);
  const jobs = createRefreshJobs({ now, tasks, library, jobMs, quotaCode });
  const emulator = await startAlibaba({
    now,
    user,
    // Source: https://api.aliyun.com/product/vod
    version: "2017-03-21",
    service: "VOD",
    actions: new Map<string, Action>([
      ["PreloadVodObjectCaches", cache.preload],
      ["RefreshVodObjectCaches", cache.refresh],
      ["DescribeVodRefreshTasks", createTaskList({ now, tasks, echoScheme, listDelayMs, field: "Task", largestPage: 50 })],
      ["DescribeVodRefreshQuota", cache.describeQuota],
      ["DescribeVodUserDomains", createDomainList(domains, domainStates, LARGEST_DOMAIN_PAGE)],
      ["RefreshMediaPlayUrls", jobs.refreshMediaPlayUrls],
      ["GetMediaRefreshJobs", jobs.getMediaRefreshJobs],
      ["GetPlayInfo", createGetPlayInfo(library, signedUrls)],
    ]),
    policy: options,
    warmed,
    quota: tasks.quotas.preload,
    catchUp: jobs.runDueJobs,
  });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    user,
    get rows() {
      jobs.runDueJobs();
      return tasks.rows;
    },
  };
}
