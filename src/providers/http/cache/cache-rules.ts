/** Adds to the advice of an obstacle the place where the CDN that answered has its rule. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import type { CacheReading } from "./cache-status.ts";
import { firstOf, type HeaderLines } from "./headers.ts";
import type { RuleTopic, Vendor } from "./vendor.ts";
import { vendorOf } from "./vendors.ts";

type Rules = Pick<Vendor, "name" | "rules">;

/** nginx marks no answer as its own cache's, so it is no vendor. https://nginx.org/en/docs/http/ngx_http_proxy_module.html */
const nginx: Rules = {
  name: "nginx",
  rules: {
    // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
    lifetime: "proxy_ignore_headers Cache-Control Expires, with proxy_cache_valid for the lifetime",
    // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers
    cookie: "proxy_ignore_headers Set-Cookie, with proxy_hide_header Set-Cookie",
    vary: "proxy_ignore_headers Vary",
    // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_key
    query: "proxy_cache_key without $args",
  },
};

const topics: ReadonlyMap<string, RuleTopic> = new Map([
  ...["no-store", "private", "no-cache", "no-age", "expired", "no-lifetime", "not-stored", "vendor-says-no"].map(
    (code) => [code, "lifetime"] as const,
  ),
  ["set-cookie", "cookie"],
  ["vary-any", "vary"],
  ["vary-wide", "vary"],
]);

/** `topic`: of an obstacle whose code does not tell it. */
export function withRule(
  obstacle: Obstacle,
  headers: HeaderLines,
  reading: CacheReading,
  topic: RuleTopic | undefined = topics.get(obstacle.code),
): Obstacle {
  const cdn = vendorOf(reading.vendor) ?? (isNginx(headers, reading) ? nginx : undefined);
  const rule = topic && cdn?.rules?.[topic];
  return rule === undefined ? obstacle : { ...obstacle, change: `${obstacle.change} At ${cdn?.name}: ${rule}.` };
}

/** An origin's nginx behind a silent cache sends the same `Server`, so a cache's word must be there, too. */
function isNginx(headers: HeaderLines, { vendor, state }: CacheReading): boolean {
  return vendor === undefined && state !== "unknown" && /^(?:nginx|openresty)\b/i.test(firstOf(headers, "server") ?? "");
}
