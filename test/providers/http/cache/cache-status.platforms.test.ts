import { describe } from "vitest";
import { expectReadings, type Reading } from "./lines-harness.ts";

const bunny = { server: "BunnyCDN-DE1-723", "cdn-pullzone": "1" };
const cdn77 = { server: "CDN77-Turbo", "x-77-pop": "frankfurtDE" };
const azure = { "x-azure-ref": "0abc" };
const google = { via: "1.1 google" };
const vercel = { server: "Vercel", "x-vercel-id": "fra1::iad1::abc" };
const netlify = { server: "Netlify", "x-nf-request-id": "01ABC" };
const gcore = { "x-id": "fr5-hw-edge-gc12", date: "Sat, 21 Nov 2026 12:00:00 GMT" };

const readings: readonly Reading[] = [
  ["HIT", "bunny", { ...bunny, "cdn-cache": "HIT" }, { state: "hit", layer: "edge", pop: "DE1" }],
  ["MISS", "bunny", { ...bunny, "cdn-cache": "MISS" }, { state: "miss" }],
  ["EXPIRED", "bunny", { ...bunny, "cdn-cache": "EXPIRED" }, { state: "expired" }],
  ["STALE", "bunny", { ...bunny, "cdn-cache": "STALE" }, { state: "stale", layer: "edge" }],
  ["UPDATING", "bunny", { ...bunny, "cdn-cache": "UPDATING" }, { state: "stale" }],
  ["REVALIDATED", "bunny", { ...bunny, "cdn-cache": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", "bunny", { ...bunny, "cdn-cache": "BYPASS" }, { state: "bypass" }],
  [
    "HIT, with the time of storing",
    "gcore",
    { ...gcore, cache: "HIT", "x-cached-since": "2026-11-21T11:58:20+00:00" },
    { state: "hit", layer: "edge", ageS: 100, pop: "fr5" },
  ],
  ["MISS", "gcore", { ...gcore, cache: "MISS" }, { state: "miss" }],
  ["STALE", "gcore", { ...gcore, cache: "STALE" }, { state: "stale" }],
  ["BYPASS", "gcore", { ...gcore, cache: "BYPASS" }, { state: "bypass" }],
  [
    "HIT, with its own age",
    "cdn77",
    { ...cdn77, "x-77-cache": "HIT", "x-77-age": "77" },
    { state: "hit", layer: "edge", ageS: 77, pop: "frankfurtDE" },
  ],
  ["x-cache alone", "cdn77", { ...cdn77, "x-cache": "HIT", "x-age": "5" }, { state: "hit", ageS: 5 }],
  ["MISS", "cdn77", { ...cdn77, "x-77-cache": "MISS" }, { state: "miss" }],
  ["EXPIRED", "cdn77", { ...cdn77, "x-77-cache": "EXPIRED" }, { state: "expired" }],
  ["UPDATING", "cdn77", { ...cdn77, "x-77-cache": "UPDATING" }, { state: "stale" }],
  ["BYPASS", "cdn77", { ...cdn77, "x-77-cache": "BYPASS" }, { state: "bypass" }],
  ["TCP_HIT", "azure", { ...azure, "x-cache": "TCP_HIT" }, { state: "hit", layer: "edge" }],
  ["TCP_REMOTE_HIT is a regional cache's", "azure", { ...azure, "x-cache": "TCP_REMOTE_HIT" }, { state: "hit", layer: "parent" }],
  ["TCP_MISS", "azure", { ...azure, "x-cache": "TCP_MISS" }, { state: "miss" }],
  ["a part only", "azure", { ...azure, "x-cache": "TCP_PARTIAL_HIT" }, { state: "miss" }],
  ["PRIVATE_NOSTORE", "azure", { ...azure, "x-cache": "PRIVATE_NOSTORE" }, { state: "uncacheable" }],
  ["CONFIG_NOCACHE", "azure", { ...azure, "x-cache": "CONFIG_NOCACHE" }, { state: "uncacheable" }],
  ["N/A", "azure", { ...azure, "x-cache": "N/A" }, { state: "uncacheable" }],
  ["nothing but Age", "google", { ...google, age: "30" }, { state: "hit", layer: "unknown", ageS: 30 }],
  ["nothing at all", "google", google, { state: "unknown" }],
  ["the operator's header, hit", "google", { ...google, "cdn-cache-status": "hit" }, { state: "hit", layer: "unknown" }],
  ["the operator's header, miss", "google", { ...google, "x-cache-status": "miss" }, { state: "miss" }],
  ["the operator's header, revalidated", "google", { ...google, "cdn-cache-status": "revalidated" }, { state: "revalidated" }],
  ["the operator's header, stale", "google", { ...google, "cdn-cache-status": "stale" }, { state: "stale" }],
  ["the operator's header, uncacheable", "google", { ...google, "cdn-cache-status": "uncacheable" }, { state: "uncacheable" }],
  ["the operator's header, disabled", "google", { ...google, "cdn-cache-status": "disabled" }, { state: "bypass" }],
  ["HIT", "vercel", { ...vercel, "x-vercel-cache": "HIT" }, { state: "hit", layer: "edge", pop: "fra1" }],
  ["PRERENDER", "vercel", { ...vercel, "x-vercel-cache": "PRERENDER" }, { state: "hit" }],
  ["MISS", "vercel", { ...vercel, "x-vercel-cache": "MISS" }, { state: "miss" }],
  ["STALE", "vercel", { ...vercel, "x-vercel-cache": "STALE" }, { state: "stale" }],
  ["REVALIDATED", "vercel", { ...vercel, "x-vercel-cache": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", "vercel", { ...vercel, "x-vercel-cache": "BYPASS" }, { state: "bypass" }],
  [
    "edge hit",
    "netlify",
    { ...netlify, "cache-status": '"Netlify Edge"; hit; ttl=31535999' },
    { state: "hit", layer: "edge", ttlS: 31_535_999 },
  ],
  ["miss that was stored", "netlify", { ...netlify, "cache-status": '"Netlify Edge"; fwd=miss; stored' }, { state: "miss", stored: true }],
  ["stale", "netlify", { ...netlify, "cache-status": '"Netlify Edge"; fwd=stale' }, { state: "expired" }],
  ["method", "netlify", { ...netlify, "cache-status": '"Netlify Edge"; fwd=method' }, { state: "bypass" }],
  [
    "the durable cache alone was warm, edge first",
    "netlify",
    { ...netlify, "cache-status": ['"Netlify Edge"; fwd=miss', '"Netlify Durable"; hit; ttl=60'] },
    { state: "hit", layer: "parent", ttlS: 60 },
  ],
  [
    "the durable cache alone was warm, edge last",
    "netlify",
    { ...netlify, "cache-status": '"Netlify Durable"; hit; ttl=60, "Netlify Edge"; fwd=miss; stored' },
    { state: "hit", layer: "parent", stored: true },
  ],
  [
    "edge hit beside a bypass behind",
    "netlify",
    { ...netlify, "cache-status": ['"Netlify Edge"; hit', '"Netlify Durable"; fwd=bypass'] },
    { state: "hit", layer: "edge" },
  ],
  [
    "a framework's cache is none of the CDN's",
    "netlify",
    { ...netlify, "cache-status": '"Next.js"; hit, "Netlify Edge"; fwd=miss' },
    { state: "miss" },
  ],
  [
    "the durable cache alone speaks",
    "netlify",
    { ...netlify, "cache-status": '"Netlify Durable"; hit' },
    { state: "hit", layer: "parent" },
  ],
  ["HIT", "keycdn", { server: "keycdn-engine", "x-cache": "HIT", "x-edge-location": "defr" }, { state: "hit", layer: "edge", pop: "defr" }],
  ["MISS", "keycdn", { server: "keycdn-engine", "x-cache": "MISS" }, { state: "miss" }],
  ["words that disagree", "keycdn", { server: "keycdn-engine", "x-cache": "HIT, MISS" }, { state: "hit", layer: "unknown" }],
  ["a word that is not understood", "keycdn", { server: "keycdn-engine", "x-cache": "HIT, what" }, { state: "hit", layer: "unknown" }],
  ["H", "cachefly", { "x-cf1": "28295:fA.fra2", "x-cf3": "H" }, { state: "hit", layer: "unknown" }],
  ["M", "cachefly", { "x-cf1": "28295:fA.fra2", "x-cf3": "M" }, { state: "miss" }],
  ["Edge : HIT", "medianova", { "x-mnrequest-id": "1", "x-cache-status": "Edge : HIT" }, { state: "hit", layer: "edge" }],
  ["Edge : MISS", "medianova", { "x-mnrequest-id": "1", "x-cache-status": "Edge : MISS" }, { state: "miss" }],
  ["HIT from", "swiftserve", { "x-cache": "HIT from da010.vn17.swiftserve.com" }, { state: "hit", layer: "edge" }],
  [
    "tiers that disagree",
    "swiftserve",
    { "x-cache": ["MISS from a.swiftserve.com", "HIT from b.swiftserve.com"] },
    { state: "hit", layer: "unknown" },
  ],
];

describe("reads platforms and smaller networks of the West", () => {
  expectReadings(readings);
});
