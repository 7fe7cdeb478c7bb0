/** The shape of a vendor file: how to recognise one CDN, how to read its cache headers, and why it declines to store a response. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import type { HeaderLines } from "./headers.ts";
import type { Reader } from "./readers.ts";
import type { CacheStatusOptions } from "./rfc9211.ts";

/** `http` accepts any URL. Of a vendor it is the plain CDN: its VOD product has the same edges and serves its own media only. */
export type ServingProvider = "huawei-cdn" | "alibaba-cdn" | "tencent-cdn" | "tencent-edgeone" | "volcengine-cdn" | "http";

/** A header that a vendor's edge adds. `value` narrows the mark to matching lines, e.g. `{ header: "server", value: /^cloudflare/i }`. */
export interface HeaderMark {
  readonly header: string;
  readonly value?: RegExp;
}

/** Any header whose name starts with `prefix`, e.g. `{ prefix: "x-ccdn-" }`. */
export interface PrefixMark {
  readonly prefix: string;
}

type Mark = HeaderMark | PrefixMark;

/** `lifetime`: for how long, and whether, an answer is stored. `query`: whether query strings have copies of their own. */
export type RuleTopic = "lifetime" | "cookie" | "vary" | "query";

/** Header names are in lower case throughout. */
export interface Vendor<Id extends string = string> {
  readonly id: Id;
  readonly name: string;

  // Recognition: detect.ts
  /** Headers that only this vendor's edges send. What other servers may send, such as `Via: 1.1 varnish`, is no mark. */
  readonly marks: readonly Mark[];
  /**
   * Domains that the vendor's customers point their CNAME at. A suffix matches whole labels; `*` stands for up to 20 letters
   * or digits, e.g. `tdnsv*.com`.
   */
  readonly cnames?: readonly string[];
  /** Ids of the vendors whose networks this one sells. Their caches stand in front of its own, so their words decide: chain.ts. */
  readonly resells?: readonly string[];
  /** Ids of vendors whose marks this vendor's own edges send, too. */
  readonly covers?: readonly string[];
  /** The edge replaces `Server` on every response, so that header names the outermost CDN. */
  readonly overwritesServer?: true;
  /** The provider to try first for this vendor's hosts; without it, `http`. */
  readonly provider?: ServingProvider;

  // Reading: cache-status.ts
  readonly read?: Reader;
  /** Set if the vendor writes RFC 9211 `Cache-Status`. Otherwise the header may come from the origin. */
  readonly cacheStatus?: CacheStatusOptions;
  /** The vendor writes its edge's state into `Server-Timing`. Otherwise the header may come from the origin. */
  readonly serverTiming?: true;
  /** The vendor sends `X-Cache…` when its own header is missing. Otherwise the header may come from the origin. */
  readonly xCache?: true;
  /** Headers that the vendor sends instead of `Age`. */
  readonly ageHeaders?: readonly string[];
  /** A header with the date on which the cache stored the object. */
  readonly storedAtHeader?: string;
  /** The first group of `value` is the PoP's name. */
  readonly pop?: Readonly<{ header: string; value: RegExp }>;
  /** Request headers that make the edge reveal more. The probe sends them to no other vendor: each request reaches a third party. */
  readonly debugHeaders?: Readonly<Record<string, string>>;

  // Obstacles: why-not-cached.ts
  /** The vendor's own `Cache-Control` field (RFC 9213); it replaces `Cache-Control` and `CDN-Cache-Control`. */
  readonly cacheControl?: string;
  /** The largest object that the vendor stores by default, and how to raise that limit. */
  readonly largestObject?: Readonly<{ bytes: number; change: string }>;
  /** Where the vendor's customers set it, such as `the Caching behavior of the property`; without a full stop. */
  readonly rules?: Readonly<Partial<Record<RuleTopic, string>>>;
  /** Obstacles that only this vendor reports. */
  readonly obstacles?: (response: VendorResponse) => readonly Obstacle[];
}

export interface VendorResponse {
  readonly headers: HeaderLines;
  readonly url: string;
}
