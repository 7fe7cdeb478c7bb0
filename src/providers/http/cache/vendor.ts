/** What a row of the vendor table holds. */

import type { Reader } from "./readers.ts";
import type { CacheStatusOptions } from "./rfc9211.ts";

export type VendorId =
  | "akamai"
  | "alibaba"
  | "alibaba-esa"
  | "azure"
  | "baidu"
  | "bunny"
  | "cachefly"
  | "cdn77"
  | "cloudflare"
  | "cloudfront"
  | "edgeone"
  | "fastly"
  | "gcore"
  | "google"
  | "huawei"
  | "keycdn"
  | "ksyun"
  | "medianova"
  | "netlify"
  | "qiniu"
  | "state-cloud"
  | "swiftserve"
  | "tencent"
  | "vercel"
  | "volcengine"
  | "wangsu";

/** `weak`: others send it too, so it counts only together with something else. */
export type Mark = Readonly<{ weak?: true } & ({ header: string; value?: RegExp } | { prefix: string })>;

export interface Vendor {
  readonly id: VendorId;
  readonly name: string;
  readonly marks: readonly Mark[];
  readonly read?: Reader;
  readonly cacheStatus?: CacheStatusOptions;
  /** It is known to send `X-Cache…` where its own header is missing; with other vendors, that is the origin's. */
  readonly xCache?: true;
  /** Other names of `Age`. */
  readonly age?: readonly string[];
  /** When the object was stored, as a date. */
  readonly storedAt?: string;
  /** Its first group is the PoP's name. */
  readonly pop?: Readonly<{ header: string; value: RegExp }>;
  /** Networks of others that this vendor sells as its own. */
  readonly resells?: readonly VendorId[];
}

export const server = (value: RegExp): Mark => ({ header: "server", value });
export const via = (value: RegExp): Mark => ({ header: "via", value });
/** As `mark`, where others send it too. */
export const weakly = (mark: Mark): Mark => ({ ...mark, weak: true });
