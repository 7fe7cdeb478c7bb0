/**
 * `Server-Timing` where CDNs speak of their cache in it.
 * Sources: W3C Server Timing; CloudFront Developer Guide "Server-Timing header"; Akamai and Volcengine captures.
 */

import { firstOf, type HeaderLines, itemsOf, splitOutside } from "./headers.ts";
import { type Finding, type Layer, verdictOf } from "./verdict.ts";
import { stateOf } from "./words.ts";

const HEADER = "server-timing";

/** Metric names in lower case with their descriptions. */
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

/** Which of CloudFront's tiers had the object: its regional caches and Origin Shield are parents. */
export function hitLayer(metrics: ReadonlyMap<string, string>): Layer {
  const layer = metrics.get("cdn-hit-layer");
  if (layer === undefined) return "unknown";
  return /^edge$/i.test(layer.trim()) ? "edge" : "parent";
}

/** CloudFront's `cdn-cache-hit`, `-miss` and `-refresh`, or the `cdn-cache; desc=HIT` of Akamai and Volcengine. */
export function readServerTiming(headers: HeaderLines): Finding | undefined {
  const metrics = serverTimings(headers);
  const from = [HEADER];
  if (metrics.has("cdn-cache-miss")) return { verdict: verdictOf("miss"), from };
  if (metrics.has("cdn-cache-refresh")) return { verdict: verdictOf("revalidated", hitLayer(metrics)), from };
  if (metrics.has("cdn-cache-hit")) return { verdict: verdictOf("hit", hitLayer(metrics)), from };
  const state = stateOf(metrics.get("cdn-cache") ?? "");
  return state && { verdict: verdictOf(state), from };
}
