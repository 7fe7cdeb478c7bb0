/** An emulator of Huawei Cloud CDN's task API on loopback. It follows the vendor's documentation and limits and warms nothing. */

import { CHINA_UTC_OFFSET_HOURS, createDailyQuota, createRateLimit } from "../limits.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { type AccountOptions, createAccount, type SandboxUser } from "./account.ts";
import type { VendorAnswer } from "./answered.ts";
import { createCdnDomains } from "./cdn-domains.ts";
import { createCdnStore } from "./cdn-store.ts";
import { createCdnTasks } from "./cdn-tasks.ts";
import { throttled, unpublishedApi } from "./errors.ts";

export interface HuaweiCdnEmulatorOptions extends AccountOptions {
  /** Milliseconds from acceptance to a task's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  readonly refreshesPerDay?: number;
  readonly domains?: readonly string[];
  /** Domains in another state than online, such as offline. */
  readonly domainStates?: Readonly<Record<string, string>>;
  /** The enterprise project of the domains. Requests without it are refused, as those of IAM users are. */
  readonly enterpriseProject?: string;
  /** Milliseconds until the URL records show an accepted task. */
  readonly listDelayMs?: number;
  readonly callsPerSecond?: number;
}

interface CdnLogEntry extends VendorLogEntry {
  readonly path: string;
}

export interface HuaweiCdnEmulator extends VendorEmulator<CdnLogEntry> {
  readonly user: SandboxUser;
  readonly logins: number;
  issueToken(): string;
}

export async function startHuaweiCdn(options: HuaweiCdnEmulatorOptions = {}): Promise<HuaweiCdnEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 5, dailyLimit = 1_000, refreshesPerDay = 2_000, listDelayMs = 0 } = options;
  const { domains = ["hw-cdn.example.net"], domainStates = {}, enterpriseProject, callsPerSecond = 30 } = options;
  const { user, tokens, respond } = createAccount(options, ({ domain }) => ({ domain: { name: domain } }));
  const warmed = createWarmedUrls(now);
  const quotas = {
    preheat: createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS),
    file_refresh: createDailyQuota(refreshesPerDay, now, CHINA_UTC_OFFSET_HOURS),
  };
  const store = createCdnStore({ now, warmed, firstMs, eachMs });
  const tasks = createCdnTasks({ now, store, quotas, domains: createCdnDomains(domains, domainStates), enterpriseProject, listDelayMs });
  const withinRate = createRateLimit(callsPerSecond, 1_000, now);

  const dispatch = (request: ReceivedRequest): VendorAnswer => {
    const path = request.url.pathname.replace(/^\/v1\.0\/cdn\//, "");
    if (!withinRate()) return throttled(callsPerSecond, "1 second");
    const [, taskId] = /^historytasks\/([^/]+)\/detail$/.exec(path) ?? [];
    switch (`${request.method} ${taskId === undefined ? path : "detail"}`) {
      case "POST content/preheating-tasks":
        return tasks.create(request, "preheating_task");
      case "POST content/refresh-tasks":
        return tasks.create(request, "refresh_task");
      case "GET detail":
        return tasks.detail(taskId ?? "", request.url);
      case "GET contentgateway/url-tasks":
        return tasks.records(request.url);
      case "GET domains":
        return tasks.domains(request.url);
      case "GET quota":
        return tasks.quota();
      default:
        return unpublishedApi();
    }
  };

  const emulator = await startVendor({ now, warmed, quota: quotas.preheat, respond: (request) => respond(request, dispatch) });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    user,
    get logins() {
      return tokens.logins;
    },
    issueToken: tokens.issue,
  };
}
