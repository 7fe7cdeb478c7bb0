/** An emulator of Huawei Cloud VOD's prefetch API on loopback. It follows the vendor's documentation and limits and warms nothing. */

import { CHINA_UTC_OFFSET_HOURS, createDailyQuota } from "../limits.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { type AccountOptions, createAccount, type SandboxUser } from "./account.ts";
import { createAssetStore, type SandboxAsset } from "./assets.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createPreheating } from "./preheating.ts";

export interface HuaweiVodEmulatorOptions extends AccountOptions {
  /** `current` takes asset ids and URLs and returns a task id. `id-only`, the first edition, takes asset ids and returns nothing. */
  readonly edition?: "current" | "id-only";
  /** HTTP status of a successful query: 200 on the vendor's current pages, 202 on older ones. */
  readonly queryStatus?: 200 | 202;
  /** Spelling of states: the documentation has lower case, the SDKs have upper case. */
  readonly stateCase?: "lower" | "upper";
  /** Milliseconds from acceptance to a task's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  readonly callsPerMinute?: number;
  readonly domains?: readonly string[];
  readonly assets?: Readonly<Record<string, SandboxAsset>>;
}

interface HuaweiLogEntry extends VendorLogEntry {
  readonly path: string;
}

export interface HuaweiVodEmulator extends VendorEmulator<HuaweiLogEntry> {
  readonly projectId: string;
  readonly user: SandboxUser;
  /** Login attempts so far. */
  readonly logins: number;
  issueToken(): string;
  revokeTokens(): void;
}

const sampleUrls = "https://example.com/asset/f488337c31c8e4622f1590735b134c65";
/** The asset of the vendor's documentation samples, and one that is not published yet. */
export const sampleAssets: Readonly<Record<string, SandboxAsset>> = {
  f488337c31c8e4622f1590735b134c65: {
    status: "PUBLISHED",
    urls: [`${sampleUrls}/source.mp4`, `${sampleUrls}/play_video/index.m3u8`, `${sampleUrls}/play_video/480p.mp4`],
  },
  "0000000000000000000000000000c0de": { status: "CREATED", urls: [] },
};

const projectId = "5a4dbe1d0c2b4f0e9f5d7c6b8a901234";
export async function startHuaweiVod(options: HuaweiVodEmulatorOptions = {}): Promise<HuaweiVodEmulator> {
  const { now = Date.now, dailyLimit = 1_000, callsPerMinute = 100 } = options;
  const { edition = "current", queryStatus = 200, stateCase = "lower", firstMs = 1_500, eachMs = 250 } = options;
  const { domains = ["example.com"], assets: known = sampleAssets } = options;
  const { user, tokens, respond } = createAccount(options, () => ({ project: { id: projectId } }));
  const quota = createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS);
  const warmed = createWarmedUrls(now);
  const assets = createAssetStore(known);
  const policy = { dailyLimit, domains, edition, queryStatus, stateCase, firstMs, eachMs };
  const preheating = createPreheating({ now, assets, quota, warmed, ...policy });
  const dispatch = createDispatcher({ preheating, assets, projectId, callsPerMinute, now });

  const emulator = await startVendor({ now, warmed, quota, respond: (request) => respond(request, dispatch) });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    projectId,
    user,
    get logins() {
      return tokens.logins;
    },
    issueToken: tokens.issue,
    revokeTokens: tokens.revokeAll,
  };
}
