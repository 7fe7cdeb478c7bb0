/** The vendors for the fault tables: the emulator, its settings, and its refusals. */

import { vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { type AlibabaVodEmulatorOptions, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { type HuaweiVodEmulatorOptions, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import type { Answer } from "../../../src/sandbox/server/answer.ts";
import { startTencentCdn } from "../../../src/sandbox/tencent/cdn.ts";
import { startVolcengineCdn } from "../../../src/sandbox/volcengine/cdn.ts";
import type { Arrival, WireRequest } from "./wire-harness.ts";

/** The providers that meet every fault. The other ones meet their vendor's error codes only: the rest is common code. */
export type VodId = "huawei-vod" | "alibaba-vod";
export type ProviderId = VodId | "tencent-cdn" | "volcengine-cdn";

/** The server's kind of credentials. Only Huawei has `login` and `token`. */
export type Credentials = "keys" | "temporary keys" | "login" | "token";

export interface VendorOptions {
  readonly now: () => number;
  readonly domains: readonly string[];
  readonly credentials: Credentials;
  readonly dailyLimit?: number | undefined;
  readonly tokenLifeMs?: number | undefined;
  /** Milliseconds until an accepted request appears in the vendor's list. */
  readonly listDelayMs?: number | undefined;
}

export interface Vendor {
  readonly endpoint: string;
  /** Texts that no output may contain. */
  readonly secrets: readonly string[];
  env(endpoint: string): Record<string, string>;
  /** How often each URL was accepted. */
  accepted(): ReadonlyMap<string, number>;
  /** Units that were spent, by the vendor's own books, on each of its days. */
  spent(): ReadonlyMap<string, number>;
  /** Makes all tokens invalid that were issued so far. */
  revokeTokens(): void;
  close(): Promise<void>;
}

interface Entry {
  readonly at: number;
  readonly accepted: readonly string[];
}

const KEY = "FAULTSKEY00000000001";
const TOKEN = "sandbox-security-token-0123456789==";
const ZONE = "Asia/Shanghai";

/** The request id in the vendor's own header of each made-up answer. */
export const REQUEST_ID = "0A1B2C3D-4E5F";

/** Reads the log, because the emulators themselves only know their current day. */
function booksOf(log: readonly Entry[]): Pick<Vendor, "accepted" | "spent"> {
  const sum = (keysOf: (entry: Entry) => readonly string[]) => {
    const sums = new Map<string, number>();
    for (const entry of log) for (const key of keysOf(entry)) sums.set(key, (sums.get(key) ?? 0) + 1);
    return sums;
  };
  return {
    accepted: () => sum((entry) => entry.accepted),
    spent: () => sum((entry) => entry.accepted.map(() => vendorDay(entry.at, ZONE))),
  };
}

async function startHuawei({ now, domains, credentials, dailyLimit, tokenLifeMs }: VendorOptions): Promise<Vendor> {
  const options: HuaweiVodEmulatorOptions = {
    now,
    domains,
    ...(dailyLimit !== undefined && { dailyLimit }),
    ...(tokenLifeMs !== undefined && { tokenLifeMs }),
    user: { ak: KEY, ...(credentials === "temporary keys" && { securityToken: TOKEN }) },
  };
  const vod = await startHuaweiVod(options);
  const { ak, sk, user, password, domain } = vod.user;
  const token = vod.issueToken();
  const own: Readonly<Record<Credentials, (endpoint: string) => Record<string, string>>> = {
    keys: () => ({ HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk }),
    "temporary keys": () => ({ HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk, HUAWEICLOUD_SDK_SECURITY_TOKEN: TOKEN }),
    token: () => ({ PREFETCH_HUAWEI_IAM_TOKEN: token }),
    login: (endpoint) => ({
      PREFETCH_HUAWEI_IAM_USER: user,
      PREFETCH_HUAWEI_IAM_PASSWORD: password,
      PREFETCH_HUAWEI_IAM_DOMAIN: domain,
      HUAWEICLOUD_SDK_IAM_ENDPOINT: endpoint,
    }),
  };
  return {
    endpoint: vod.endpoint,
    secrets: [ak, sk, password, token, TOKEN],
    env: (endpoint) => ({
      HUAWEICLOUD_SDK_PROJECT_ID: vod.projectId,
      PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint,
      ...own[credentials](endpoint),
    }),
    ...booksOf(vod.log),
    revokeTokens: vod.revokeTokens,
    close: vod.close,
  };
}

async function startAlibaba({ now, domains, credentials, dailyLimit, listDelayMs }: VendorOptions): Promise<Vendor> {
  const options: AlibabaVodEmulatorOptions = {
    now,
    domains,
    ...(dailyLimit !== undefined && { dailyLimit }),
    ...(listDelayMs !== undefined && { listDelayMs }),
    user: { accessKeyId: KEY, ...(credentials === "temporary keys" && { securityToken: TOKEN }) },
  };
  const vod = await startAlibabaVod(options);
  const { accessKeyId, accessKeySecret, securityToken } = vod.user;
  return {
    endpoint: vod.endpoint,
    secrets: [accessKeyId, accessKeySecret, TOKEN],
    env: (endpoint) => ({
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
      ...(securityToken !== undefined && { ALIBABA_CLOUD_SECURITY_TOKEN: securityToken }),
      PREFETCH_ALIBABA_VOD_ENDPOINT: endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: endpoint,
    }),
    ...booksOf(vod.log),
    revokeTokens: () => undefined,
    close: vod.close,
  };
}

async function startTencent({ now, domains, dailyLimit, listDelayMs }: VendorOptions): Promise<Vendor> {
  const cdn = await startTencentCdn({
    now,
    domains,
    ...(dailyLimit !== undefined && { dailyLimit }),
    ...(listDelayMs !== undefined && { listDelayMs }),
    user: { secretId: KEY },
  });
  const { secretId, secretKey } = cdn.user;
  return {
    endpoint: cdn.endpoint,
    secrets: [secretId, secretKey],
    env: (endpoint) => ({
      TENCENTCLOUD_SECRET_ID: secretId,
      TENCENTCLOUD_SECRET_KEY: secretKey,
      PREFETCH_TENCENT_CDN_ENDPOINT: endpoint,
    }),
    ...booksOf(cdn.log),
    revokeTokens: () => undefined,
    close: cdn.close,
  };
}

async function startVolcengine({ now, domains, dailyLimit, listDelayMs }: VendorOptions): Promise<Vendor> {
  const cdn = await startVolcengineCdn({
    now,
    domains,
    ...(dailyLimit !== undefined && { dailyLimit }),
    ...(listDelayMs !== undefined && { listDelayMs }),
    user: { accessKeyId: KEY },
  });
  const { accessKeyId, secretKey } = cdn.user;
  return {
    endpoint: cdn.endpoint,
    secrets: [accessKeyId, secretKey],
    env: (endpoint) => ({
      VOLCENGINE_ACCESS_KEY: accessKeyId,
      VOLCENGINE_SECRET_KEY: secretKey,
      PREFETCH_VOLCENGINE_CDN_ENDPOINT: endpoint,
    }),
    ...booksOf(cdn.log),
    revokeTokens: () => undefined,
    close: cdn.close,
  };
}

function huaweiUrls({ method, path, body }: WireRequest): readonly string[] {
  if (method !== "POST" || !path.endsWith("/asset/preheating")) return [];
  const content: unknown = JSON.parse(body);
  if (typeof content !== "object" || content === null || !("urls" in content) || !Array.isArray(content.urls)) return [];
  return content.urls.map(String);
}

function alibabaUrls({ path, headers }: WireRequest): readonly string[] {
  if (headers["x-acs-action"] !== "PreloadVodObjectCaches") return [];
  return (new URL(path, "http://any").searchParams.get("ObjectPath") ?? "").split("\n").filter(Boolean);
}

function tencentUrls({ headers, body }: WireRequest): readonly string[] {
  if (headers["x-tc-action"] !== "PushUrlsCache") return [];
  const content: unknown = JSON.parse(body);
  if (typeof content !== "object" || content === null || !("Urls" in content) || !Array.isArray(content.Urls)) return [];
  return content.Urls.map(String);
}

function volcengineUrls({ path, body }: WireRequest): readonly string[] {
  if (actionOf(path) !== "SubmitPreloadTask") return [];
  const content: unknown = JSON.parse(body);
  if (typeof content !== "object" || content === null || !("UrlList" in content) || !Array.isArray(content.UrlList)) return [];
  return content.UrlList.map(String);
}

function actionOf(path: string): string | null {
  return new URL(path, "http://any").searchParams.get("Action");
}

interface Kind {
  readonly title: string;
  /** The number of requests that go out at once, before the account's pace applies. */
  readonly atOnce: number;
  start(options: VendorOptions): Promise<Vendor>;
  urlsOf(request: WireRequest): readonly string[];
  /** Whether the request is a status query. */
  isQuestion(arrival: Arrival): boolean;
  /** A refusal as the vendor writes it. */
  refusal(status: number, code: string, headers?: Readonly<Record<string, string>>): Answer;
}

/** Real vendors echo parts of the request, too. */
const SAYING = `The vendor's message to ${KEY}.`;

export const vendors: Readonly<Record<ProviderId, Kind>> = {
  "huawei-vod": {
    title: "Huawei",
    atOnce: 10,
    start: startHuawei,
    urlsOf: huaweiUrls,
    isQuestion: ({ request }) => request.method === "GET",
    refusal: (status, code, headers) => ({
      status,
      headers: { "content-type": "application/json", "x-request-id": REQUEST_ID, ...headers },
      body: JSON.stringify({ error_code: code, error_msg: SAYING }),
    }),
  },
  "alibaba-vod": {
    title: "Alibaba",
    atOnce: 12,
    start: startAlibaba,
    urlsOf: alibabaUrls,
    isQuestion: ({ request }) => request.headers["x-acs-action"] === "DescribeVodRefreshTasks",
    refusal: (status, code, headers) => ({
      status,
      headers: { "content-type": "application/json", "x-acs-request-id": REQUEST_ID, ...headers },
      body: JSON.stringify({ RequestId: REQUEST_ID, HostId: "vod.cn-shanghai.aliyuncs.com", Code: code, Message: SAYING }),
    }),
  },
  "tencent-cdn": {
    title: "Tencent Cloud",
    atOnce: 16,
    start: startTencent,
    urlsOf: tencentUrls,
    isQuestion: ({ request }) => request.headers["x-tc-action"] === "DescribePushTasks",
    refusal: (status, code, headers) => ({
      status,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ Response: { Error: { Code: code, Message: SAYING }, RequestId: REQUEST_ID } }),
    }),
  },
  "volcengine-cdn": {
    title: "Volcengine",
    atOnce: 16,
    start: startVolcengine,
    urlsOf: volcengineUrls,
    isQuestion: ({ request }) => actionOf(request.path) === "DescribeContentTasks",
    refusal: (status, code, headers) => ({
      status,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ ResponseMetadata: { RequestId: REQUEST_ID, Error: { Code: code, Message: SAYING } } }),
    }),
  },
};
