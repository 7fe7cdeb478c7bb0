/** One interface to both emulated vendors: their requests, with time and outcome. */

import type { IncomingMessage } from "node:http";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv } from "../harness/clients-harness.ts";

export const vendorIds = ["huawei-vod", "alibaba-vod"] as const;
export type VendorId = (typeof vendorIds)[number];

/** A request that reached the vendor. */
export interface Seen {
  readonly at: number;
  readonly status: number;
  /** Whether it counts against the requests a minute. */
  readonly counted: boolean;
  readonly accepted: readonly string[];
}

export interface Vendor {
  readonly id: VendorId;
  readonly endpoint: string;
  readonly limit: number;
  readonly requestsPerMinute: number;
  /** Status of a refusal for quota. */
  readonly quotaStatus: number;
  /** Whether the vendor keeps records of its requests. */
  readonly traceable: boolean;
  seen(): Seen[];
  /** Ten of them travel in one request. */
  urls(tag: string, count: number): string[];
  /** Settings of a server that reaches the vendor by `endpoint`. */
  env(endpoint: string): Record<string, string>;
  spends(request: IncomingMessage): boolean;
  close(): Promise<void>;
}

export interface VendorOptions {
  readonly now: () => number;
  /** Units a day. */
  readonly limit: number;
  /** Requests a minute that the vendor accepts beyond its limit, because they may be late. */
  readonly latecomers: (requestsPerMinute: number) => number;
}

/** The limit that the server assumes by default. */
const HUAWEI_LIMIT = 1_000;

async function startHuawei({ now, limit, latecomers }: VendorOptions): Promise<Vendor> {
  const requestsPerMinute = 100;
  const emulator = await startHuaweiVod({ now, dailyLimit: limit, callsPerMinute: requestsPerMinute + latecomers(requestsPerMinute) });
  return {
    id: "huawei-vod",
    endpoint: emulator.endpoint,
    limit,
    requestsPerMinute,
    quotaStatus: 403,
    traceable: false,
    seen: () => emulator.log.map((entry) => ({ ...entry, counted: entry.path.endsWith("/preheating") })),
    urls: (tag, count) => Array.from({ length: count }, (_, index) => `https://example.com/${tag}/${index}.mp4`),
    env: (endpoint) => ({
      ...huaweiEnv(emulator),
      PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint,
      // This vendor has no call that tells its limit.
      ...(limit !== HUAWEI_LIMIT && { PREFETCH_DAILY_BUDGET: String(limit) }),
    }),
    spends: (request) => request.method === "POST",
    close: () => emulator.close(),
  };
}

/** Ten URLs of this length fill a request. */
const ALIBABA_URL_LENGTH = 560;

async function startAlibaba({ now, limit }: VendorOptions): Promise<Vendor> {
  const emulator = await startAlibabaVod({ now, dailyLimit: limit });
  const hosts = ["https://vod.example.net", "https://media.example.net"];
  return {
    id: "alibaba-vod",
    endpoint: emulator.endpoint,
    limit,
    requestsPerMinute: 120,
    quotaStatus: 400,
    traceable: true,
    seen: () => emulator.log.map((entry) => ({ ...entry, counted: entry.action !== "DescribeVodRefreshQuota" })),
    urls: (tag, count) =>
      Array.from({ length: count }, (_, index) => `${hosts[index % hosts.length]}/${tag}/${index}-`.padEnd(ALIBABA_URL_LENGTH, "x")),
    env: (endpoint) => ({
      ...alibabaEnv(emulator),
      PREFETCH_ALIBABA_VOD_ENDPOINT: endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: endpoint,
    }),
    spends: (request) => request.headers["x-acs-action"] === "PreloadVodObjectCaches",
    close: () => emulator.close(),
  };
}

export function startVendor(id: VendorId, options: VendorOptions): Promise<Vendor> {
  return id === "huawei-vod" ? startHuawei(options) : startAlibaba(options);
}
