/**
 * The `Server-Timing` header, in which some CDNs report their cache state.
 * https://www.w3.org/TR/server-timing/
 */

import { firstOf, type HeaderLines, itemsOf, splitOutside } from "./headers.ts";
import { type Finding, type Layer, verdictOf } from "./verdict.ts";
import { stateOf } from "./words.ts";

const HEADER = "server-timing";

/** Descriptions by metric name in lower case, e.g. `cdn-pop;desc="FRA60-P4"`. */
export function serverTimings(headers: HeaderLines): ReadonlyMap<string, string> {
  const metrics = new Map<string, string>();
  if (firstOf(headers, HEADER) === undefined) return metrics;
  for (const item of itemsOf(headers, HEADER)) {
    const [name = "", ...params] = splitOutside(item, ";");
    const desc = params.map((param) => /^desc\s*=\s*"?([^"]*)"?$/i.exec(param)?.[1]).find((found) => found !== undefined);
    metrics.set(name.toLowerCase(), desc ?? "");
  }
  return metrics;
}

/** The tier of a CloudFront hit. Regional caches (`REC`) and Origin Shield are parents. */
export function hitLayer(metrics: ReadonlyMap<string, string>): Layer {
  const layer = metrics.get("cdn-hit-layer");
  if (layer === undefined) return "unknown";
  return /^edge$/i.test(layer.trim()) ? "edge" : "parent";
}

/** CloudFront sends `cdn-cache-hit`, `-miss` or `-refresh`; Akamai and Volcengine send `cdn-cache; desc=HIT`. */
export function readServerTiming(headers: HeaderLines): Finding | undefined {
  const metrics = serverTimings(headers);
  const from = [HEADER];
  if (metrics.has("cdn-cache-miss")) return { verdict: verdictOf("miss"), from };
  if (metrics.has("cdn-cache-refresh")) return { verdict: verdictOf("revalidated", hitLayer(metrics)), from };
  if (metrics.has("cdn-cache-hit")) return { verdict: verdictOf("hit", hitLayer(metrics)), from };
  const state = stateOf(metrics.get("cdn-cache") ?? "");
  return state && { verdict: verdictOf(state), from };
}
