/**
 * An emulator of Huawei Cloud VOD's prefetch API on loopback. It warms nothing; it answers as the vendor documents,
 * keeps the vendor's limits, and remembers what it received.
 */

import { randomBytes } from "node:crypto";
import type { Edition } from "../../providers/huawei/edition.ts";
import { CHINA, createDailyQuota, createRateLimit } from "../limits.ts";
import { failsInSandbox } from "../outcomes.ts";
import { type Answer, type FaultRule, json } from "../server/faults.ts";
import { type ReceivedRequest, startServer } from "../server/server.ts";
import { createGate, type SandboxUser } from "./auth.ts";

export interface SandboxAsset {
  readonly status: string;
  readonly urls: readonly string[];
}

export interface HuaweiVodEmulatorOptions {
  readonly now?: () => number;
  readonly user?: Partial<SandboxUser>;
  readonly edition?: Edition;
  /** HTTP status of a successful query: 200 on the vendor's current pages, 202 on older ones. */
  readonly queryStatus?: 200 | 202;
  /** How a state is spelled: the documentation writes lower case, the SDKs upper case. */
  readonly stateCase?: "lower" | "upper";
  /** Milliseconds from acceptance to the first finished URL of a task, and between one URL and the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  readonly callsPerMinute?: number;
  readonly domains?: readonly string[];
  readonly assets?: Readonly<Record<string, SandboxAsset>>;
  readonly tokenLifeMs?: number;
}

export interface LogEntry {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted: readonly string[];
}

export interface HuaweiVodEmulator {
  readonly endpoint: string;
  readonly projectId: string;
  readonly user: SandboxUser;
  readonly log: readonly LogEntry[];
  /** Units accepted on the current day. */
  readonly spentToday: number;
  readonly logins: number;
  /** When the URL was brought to the CDN; `undefined` for never. */
  warmedAt(url: string): number | undefined;
  inject(rule: FaultRule): void;
  clearFaults(): void;
  issueToken(): string;
  revokeTokens(): void;
  close(): Promise<void>;
}

const host = "https://example.com/asset";
/** The vendor's own documentation samples, and one asset that is not published yet. */
export const sampleAssets: Readonly<Record<string, SandboxAsset>> = {
  f488337c31c8e4622f1590735b134c65: {
    status: "PUBLISHED",
    urls: [
      `${host}/f488337c31c8e4622f1590735b134c65/source.mp4`,
      `${host}/f488337c31c8e4622f1590735b134c65/play_video/index.m3u8`,
      `${host}/f488337c31c8e4622f1590735b134c65/play_video/480p.mp4`,
    ],
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

interface VendorTask {
  readonly at: number;
  readonly urls: readonly string[];
}

export async function startHuaweiVod(options: HuaweiVodEmulatorOptions = {}): Promise<HuaweiVodEmulator> {
  const {
    now = Date.now,
    edition = "current",
    queryStatus = 200,
    stateCase = "lower",
    firstMs = 1_500,
    eachMs = 250,
    dailyLimit = 1_000,
    callsPerMinute = 100,
    domains = ["example.com"],
    assets = sampleAssets,
    tokenLifeMs = DAY_MS,
  } = options;
  const user: SandboxUser = { ...defaultUser, ...options.user };
  const gate = createGate({ user, projectId, now, tokenLifeMs });
  const quota = createDailyQuota(dailyLimit, now, CHINA);
  const withinRate = createRateLimit(callsPerMinute, 60_000, now);
  const log: LogEntry[] = [];
  const tasks = new Map<string, VendorTask>();
  const warmAt = new Map<string, number>();

  const assetOf = (id: string) => (Object.hasOwn(assets, id) ? assets[id] : undefined);

  const create = (request: ReceivedRequest): Answer & { accepted?: readonly string[] } => {
    const body = readBody(request.body);
    if (!body || (body.asset_id === undefined) === (body.urls === undefined)) return illegal("asset_id");
    const urls = body.urls ?? [];
    if (body.urls && edition === "id-only") return illegal("urls");
    if (urls.length > 10) return vodError(403, "VOD.10109", "Supports a maximum of 10 URLs for preheating at one time.");
    if (body.urls && (urls.length === 0 || urls.some((url) => !/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)))) return illegal("urls");
    let targets = urls;
    if (body.asset_id !== undefined) {
      const asset = assetOf(body.asset_id);
      if (!asset) return vodError(403, "VOD.10062", "The media asset or resource does not exist.");
      if (asset.status !== "PUBLISHED") return vodError(403, "VOD.10060", "The media asset is not downloaded or published.");
      targets = asset.urls;
    }
    if (targets.some((url) => !domains.includes(new URL(url).hostname)))
      return vodError(403, "VOD.10089", "The domain name does not exist.");
    if (!quota.take(targets.length))
      return vodError(403, "VOD.10086", `The total number of preheated URLs exceeds the limit ${dailyLimit}.`);
    const accepted = body.asset_id === undefined ? urls : [body.asset_id];
    if (edition === "id-only") return { status: 202, body: "", accepted };
    const taskId = randomBytes(16).toString("hex");
    tasks.set(taskId, { at: now(), urls: targets });
    for (const [index, url] of targets.entries()) {
      if (!failsInSandbox(url)) warmAt.set(new URL(url).href, now() + firstMs + index * eachMs);
    }
    return { ...json(202, { task_id: taskId }), accepted };
  };

  const query = (url: URL): Answer => {
    const task = tasks.get(url.searchParams.get("task_id") ?? "");
    if (!task) return illegal("task_id");
    const results = task.urls.map((target, index) => {
      const done = now() >= task.at + firstMs + index * eachMs;
      const word = done ? (failsInSandbox(target) ? "failed" : "succeed") : "processing";
      return { url: target, status: stateCase === "upper" ? word.toUpperCase() : word };
    });
    return json(queryStatus, { preheating_results: results });
  };

  const info = (url: URL): Answer => {
    const ids = url.searchParams.getAll("asset_id");
    const found = ids.map((id) => {
      const asset = assetOf(id);
      if (!asset) return { asset_id: id, status: "NO_ASSET" };
      const [source, ...plays] = asset.urls;
      return {
        asset_id: id,
        status: asset.status,
        base_info: { video_url: source },
        play_info_array: plays.map((play) => ({ url: play })),
      };
    });
    return json(200, { asset_info_array: found, is_truncated: 0, total: found.length });
  };

  const answer = (request: ReceivedRequest): Answer & { accepted?: readonly string[] } => {
    const { method, url } = request;
    if (method === "POST" && url.pathname === "/v3/auth/tokens") return gate.login(request);
    const refusal = gate.refusal(request);
    if (refusal) return refusal;
    const [, project, path] = /^\/v1\.0\/([^/]+)\/asset\/(preheating|info)$/.exec(url.pathname) ?? [];
    if (project === undefined)
      return json(404, { error_msg: "The API does not exist or has not been published in the environment", error_code: "APIGW.0101" });
    if (project !== projectId) return vodError(403, "VOD.10057", "Tenant ID verification failed.");
    if (path === "info" && method === "GET") return info(url);
    if (!withinRate())
      return json(429, {
        error_code: "APIGW.0308",
        error_msg: `The throttling threshold has been reached: policy user over ratelimit,limit:${callsPerMinute},time:1 minute`,
      });
    if (path === "preheating" && method === "POST") return create(request);
    if (path === "preheating" && method === "GET") return query(url);
    return vodError(403, "VOD.10058", "The request method is incorrect.");
  };

  const server = await startServer({
    now,
    answer: (request) => {
      const full = answer(request);
      const { method, url } = request;
      log.push({ at: now(), method, path: url.pathname, status: full.status, accepted: full.accepted ?? [] });
      return { ...full, headers: { "x-request-id": randomBytes(16).toString("hex"), ...full.headers } };
    },
  });

  return {
    endpoint: server.endpoint,
    projectId,
    user,
    log,
    get spentToday() {
      return quota.spent;
    },
    get logins() {
      return gate.logins;
    },
    warmedAt: (url) => {
      const at = warmAt.get(url);
      return at !== undefined && at <= now() ? at : undefined;
    },
    inject: (rule) => server.inject(rule),
    clearFaults: () => server.clearFaults(),
    issueToken: () => gate.issueToken(),
    revokeTokens: () => gate.revokeTokens(),
    close: () => server.close(),
  };
}

interface CreateBody {
  readonly asset_id?: string;
  readonly urls?: readonly string[];
}

function readBody(text: string): CreateBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null) return undefined;
    const assetId = "asset_id" in body ? body.asset_id : undefined;
    const urls = "urls" in body ? body.urls : undefined;
    if (assetId !== undefined && typeof assetId !== "string") return undefined;
    if (urls !== undefined && !(Array.isArray(urls) && urls.every((url) => typeof url === "string"))) return undefined;
    return { ...(assetId !== undefined && { asset_id: assetId }), ...(urls !== undefined && { urls }) };
  } catch {
    // Not JSON: the vendor answers that a field is illegal, and so does the caller.
    return undefined;
  }
}

function vodError(status: number, code: string, message: string): Answer {
  return json(status, { error_code: code, error_msg: message });
}

function illegal(field: string): Answer {
  return vodError(400, "VOD.10053", `The request parameter is illegal, illegal field: {${field}}.`);
}
