/**
 * Edgio (Edgecast, Verizon Media).
 * https://learn.microsoft.com/en-us/previous-versions/azure/cdn/cdn-http-debug-headers
 */

import { firstOf, type HeaderLines } from "../headers.ts";
import { firstReader, type Reader, statusHeader, verdictOfText } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { isFetched, isServed, verdictOf } from "../verdict.ts";

/** `X-EC-Cache` is the edge's word and `X-EC-Cache-Remote` the parent's, e.g. `TCP_HIT from ECD (fcn/40FC)`. */
const readDebug: Reader = (headers: HeaderLines) => {
  const edge = verdictOfText(firstOf(headers, "x-ec-cache") ?? "", "edge");
  const parent = verdictOfText(firstOf(headers, "x-ec-cache-remote") ?? "", "parent");
  if (!edge) return undefined;
  if (isFetched(edge) && parent && isServed(parent)) return { verdict: parent, from: ["x-ec-cache", "x-ec-cache-remote"] };
  const isRefused = isFetched(edge) && /^NO\b/i.test(firstOf(headers, "x-ec-check-cacheable") ?? "");
  if (isRefused) return { verdict: verdictOf("uncacheable"), from: ["x-ec-cache", "x-ec-check-cacheable"] };
  return { verdict: edge, from: ["x-ec-cache"] };
};

export const edgio: Vendor<"edgio"> = {
  id: "edgio",
  name: "Edgio",
  marks: [{ header: "server", value: /^EC(?:S|Acc|D) \(/i }, { prefix: "x-ec-" }],
  cnames: ["edgecastcdn.net", "systemcdn.net", "transactcdn.net", "v1cdn.net", "v2cdn.net", "v3cdn.net", "v4cdn.net", "v5cdn.net"],
  // It sends `X-Cache: HIT` on a hit, and nothing on a miss.
  read: firstReader(readDebug, statusHeader("x-cache", "unknown")),
};
