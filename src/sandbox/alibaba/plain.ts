/**
 * Emulators of Alibaba Cloud CDN and DCDN on loopback. They follow the vendor's documentation and limits and warm nothing.
 * Sources: https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-pushobjectcache and
 * https://www.alibabacloud.com/help/en/edge-security-acceleration/dcdn/developer-reference/api-dcdn-2018-01-15-preloaddcdnobjectcaches.
 */

import type { VendorEmulator, VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { type CacheCallsOptions, createCacheCalls } from "./cache.ts";
import type { Action } from "./dispatcher.ts";
import { createDomainCheck, createDomainList } from "./domains.ts";
import { type AlibabaEmulatorOptions, type AlibabaFacts, defaultKeys, startAlibaba } from "./frame.ts";
import type { SandboxKeys } from "./signature-check.ts";
import { createTaskList } from "./task-list.ts";
import { createTaskStore, type TaskRow } from "./tasks.ts";

export interface AlibabaPlainEmulator extends VendorEmulator<VendorLogEntry & AlibabaFacts> {
  readonly user: SandboxKeys;
  /** Every accepted URL with its task id. */
  readonly rows: readonly TaskRow[];
}

interface PlainFacts extends Pick<CacheCallsOptions, "idFields" | "quotaCode" | "queueStatus"> {
  readonly version: string;
  readonly service: string;
  readonly domain: string;
  readonly actions: Readonly<Record<"prefetch" | "refresh" | "list" | "quota" | "domains", string>>;
  readonly field: string;
  readonly largestPage: number;
}

const REFRESHES_PER_DAY = 10_000;
const LARGEST_DOMAIN_PAGE = 500;

async function start(facts: PlainFacts, options: AlibabaEmulatorOptions): Promise<AlibabaPlainEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 50, dailyLimit = 1_000, queueLimit = 100_000 } = options;
  const { domains = [facts.domain], domainStates = {}, numbers = "strings", echoScheme = true, listDelayMs = 0 } = options;
  const { actions, field, largestPage, version, service, idFields, quotaCode, queueStatus } = facts;
  const user: SandboxKeys = { ...defaultKeys, ...options.user };
  const warmed = createWarmedUrls(now);
  const tasks = createTaskStore({ now, warmed, firstMs, eachMs, dailyLimit, queueLimit, refreshesPerDay: REFRESHES_PER_DAY });
  const checkDomain = createDomainCheck(domains, domainStates);
  const cache = createCacheCalls({ now, tasks, checkDomain, numbers, idFields, quotaCode, queueStatus });
  const emulator = await startAlibaba({
    now,
    user,
    version,
    service,
    actions: new Map<string, Action>([
      [actions.prefetch, cache.preload],
      [actions.refresh, cache.refresh],
      [actions.list, createTaskList({ now, tasks, echoScheme, listDelayMs, field, largestPage })],
      [actions.quota, cache.describeQuota],
      [actions.domains, createDomainList(domains, domainStates, LARGEST_DOMAIN_PAGE)],
    ]),
    policy: options,
    warmed,
    quota: tasks.quotas.preload,
  });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    user,
    rows: tasks.rows,
  };
}

export const startAlibabaCdn = (options: AlibabaEmulatorOptions = {}): Promise<AlibabaPlainEmulator> =>
  start(
    {
      version: "2018-05-10",
      service: "CDN",
      domain: "ali-cdn.example.net",
      actions: {
        prefetch: "PushObjectCache",
        refresh: "RefreshObjectCaches",
        list: "DescribeRefreshTasks",
        quota: "DescribeRefreshQuota",
        domains: "DescribeUserDomains",
      },
      field: "CDNTask",
      largestPage: 100,
      idFields: { preload: "PushTaskId", file: "RefreshTaskId" },
      quotaCode: "QuotaExceeded.Refresh",
      queueStatus: 403,
    },
    options,
  );

export const startAlibabaDcdn = (options: AlibabaEmulatorOptions = {}): Promise<AlibabaPlainEmulator> =>
  start(
    {
      version: "2018-01-15",
      service: "DCDN",
      domain: "ali-dcdn.example.net",
      actions: {
        prefetch: "PreloadDcdnObjectCaches",
        refresh: "RefreshDcdnObjectCaches",
        list: "DescribeDcdnRefreshTasks",
        quota: "DescribeDcdnRefreshQuota",
        domains: "DescribeDcdnUserDomains",
      },
      field: "Task",
      largestPage: 50,
      idFields: { preload: "PreloadTaskId", file: "RefreshTaskId" },
      quotaCode: "QuotaExceeded.Preload",
      queueStatus: 400,
    },
    options,
  );
