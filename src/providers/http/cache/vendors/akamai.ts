/** Akamai. Most of its headers appear only when the request carries the debug `Pragma`. */

import { firstOf, type HeaderLines, itemsOf } from "../headers.ts";
import { firstReader, type Reader, verdictOfText } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { isFetched, isServed, type Layer, type Verdict, verdictOf } from "../verdict.ts";

/** A property may send its cache status without debugging, under a header name that its owner chooses. */
const statusHeaders = ["akamai-cache-status", "x-akamai-cache-status", "cdn-cache-status"];

/** Reads `Miss from child, Hit from parent`, where the child is the edge. Source: public captures. */
const readStatus: Reader = (headers) => {
  for (const name of statusHeaders) {
    const child = tierVerdict(headers, name, / from child$/i, "edge");
    const parent = tierVerdict(headers, name, / from parent$/i, "parent");
    const verdict = child && isFetched(child) && parent && isServed(parent) ? parent : child;
    if (verdict) return { verdict, from: [name] };
  }
  return undefined;
};

function tierVerdict(headers: HeaderLines, name: string, tier: RegExp, layer: Layer): Verdict | undefined {
  return itemsOf(headers, name)
    .filter((item) => tier.test(item))
    .flatMap((item) => verdictOfText(item, layer) ?? [])[0];
}

function edgeVerdict(headers: HeaderLines): Verdict | undefined {
  return verdictOfText(firstOf(headers, "x-cache") ?? "", "edge");
}

const cacheable = (headers: HeaderLines) => firstOf(headers, "x-check-cacheable")?.toUpperCase();

const readHitOrError: Reader = (headers) => {
  const verdict = edgeVerdict(headers);
  return verdict && (isServed(verdict) || verdict.state === "error") ? { verdict, from: ["x-cache"] } : undefined;
};

const readUncacheable: Reader = (headers) =>
  cacheable(headers) === "NO" ? { verdict: verdictOf("uncacheable"), from: ["x-check-cacheable", "x-cache"] } : undefined;

/** `X-Cache` is the edge's word and `X-Cache-Remote` the parent's. */
const readParentHit: Reader = (headers) => {
  const verdict = verdictOfText(firstOf(headers, "x-cache-remote") ?? "", "parent");
  return verdict && isServed(verdict) ? { verdict, from: ["x-cache", "x-cache-remote"] } : undefined;
};

/** The fourth field of the cache key is the lifetime, e.g. `S/L/1234/56789/000/…`. With `YES`, 000 means that the origin decides. */
const readZeroLifetime: Reader = (headers) => {
  const isZero = /^(?:[A-Z]\/|\/)?[A-Z]\/\d+\/\d+\/0{3}\//.test(firstOf(headers, "x-cache-key") ?? "");
  return isZero && cacheable(headers) !== "YES" ? { verdict: verdictOf("uncacheable"), from: ["x-cache-key", "x-cache"] } : undefined;
};

const readMiss: Reader = (headers) => {
  const verdict = edgeVerdict(headers);
  return verdict && { verdict, from: ["x-cache"] };
};

export const akamai: Vendor<"akamai"> = {
  id: "akamai",
  name: "Akamai",
  marks: [
    { header: "server", value: /^AkamaiGHost|^AkamaiNetStorage/i },
    { header: "x-akamai-request-id" },
    { prefix: "akamai-" },
    { header: "x-akamai-cache-status" },
    { header: "cdn-cache-status", value: / from child/i },
    { header: "x-cache", value: /AkamaiGHost|akamaitechnologies/i },
    { header: "x-check-cacheable" },
    { header: "server-timing", value: /\bak_p\b/ },
  ],
  cnames: [
    "akamai.net",
    "akamaiedge.net",
    "akamaized.net",
    "akamaihd.net",
    "edgekey.net",
    "edgesuite.net",
    "edgekey-staging.net",
    "edgesuite-staging.net",
    "akamaiedge-staging.net",
  ],
  read: firstReader(readStatus, readHitOrError, readUncacheable, readParentHit, readZeroLifetime, readMiss),
  pop: { header: "x-cache", value: /from (a\d+-\d+-\d+-\d+)/ },
  // Many properties ignore it. https://techdocs.akamai.com/edge-diagnostics/docs/pragma-headers
  debugHeaders: { pragma: "akamai-x-cache-on, akamai-x-cache-remote-on, akamai-x-check-cacheable, akamai-x-get-cache-key" },
  rules: {
    // https://techdocs.akamai.com/property-mgr/docs/caching-2
    lifetime: "the Caching behavior of the property, with a Maxage",
    // https://techdocs.akamai.com/property-mgr/docs/rm-vary-header
    vary: "the Remove Vary Header behavior of the property",
    // https://techdocs.akamai.com/property-mgr/docs/cache-key-query-param
    query: "the Cache Key Query Parameters behavior of the property",
  },
};
