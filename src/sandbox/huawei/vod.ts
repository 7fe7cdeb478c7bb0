/** An emulator of Huawei Cloud VOD's prefetch API on loopback. It follows the vendor's documentation and limits and warms nothing. */

import { CHINA_UTC_OFFSET_HOURS, createDailyQuota } from "../limits.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { answered, type VendorAnswer } from "./answered.ts";
import { createAssetStore, type SandboxAsset } from "./assets.ts";
import { createAuthCheck } from "./auth-check.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createPreheating } from "./preheating.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";
import { createTokens, type SandboxLogin } from "./tokens.ts";

type SandboxUser = SandboxKeys & SandboxLogin;

export interface HuaweiVodEmulatorOptions {
  readonly now?: () => number;
  readonly user?: Partial<SandboxUser>;
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
  readonly tokenLifeMs?: number;
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
const defaultUser: SandboxUser = {
  ak: "SANDBOXAK00000000000",
  sk: "sandboxSecretKeyThatOpensNothing00000000",
  user: "sandbox-user",
  password: "sandbox-password",
  domain: "sandbox-domain",
};

const DAY_MS = 86_400_000;

export async function startHuaweiVod(options: HuaweiVodEmulatorOptions = {}): Promise<HuaweiVodEmulator> {
  const { now = Date.now, dailyLimit = 1_000, callsPerMinute = 100, tokenLifeMs = DAY_MS } = options;
  const { edition = "current", queryStatus = 200, stateCase = "lower", firstMs = 1_500, eachMs = 250 } = options;
  const { domains = ["example.com"], assets: known = sampleAssets } = options;
  const user: SandboxUser = { ...defaultUser, ...options.user };
  const tokens = createTokens({ login: user, projectId, now, lifeMs: tokenLifeMs });
  const refusalOf = createAuthCheck(createSignatureCheck(user, now), tokens, now);
  const quota = createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS);
  const warmed = createWarmedUrls(now);
  const assets = createAssetStore(known);
  const policy = { dailyLimit, domains, edition, queryStatus, stateCase, firstMs, eachMs };
  const preheating = createPreheating({ now, assets, quota, warmed, ...policy });
  const dispatch = createDispatcher({ preheating, assets, projectId, callsPerMinute, now });

  const answer = (request: ReceivedRequest): VendorAnswer => {
    const isLogin = request.method === "POST" && request.url.pathname === "/v3/auth/tokens";
    return isLogin ? tokens.login(request) : (refusalOf(request) ?? dispatch(request));
  };

  const emulator = await startVendor({ now, warmed, quota, respond: (request) => answered(answer(request), request) });
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
