import { describeReadings } from "../lines-harness.ts";

const netlify = { server: "Netlify", "x-nf-request-id": "01ABC" };

describeReadings("netlify", [
  ["an edge hit", { ...netlify, "cache-status": '"Netlify Edge"; hit; ttl=31535999' }, { state: "hit", layer: "edge", ttlS: 31_535_999 }],
  ["a miss with storing", { ...netlify, "cache-status": '"Netlify Edge"; fwd=miss; stored' }, { state: "miss", stored: true }],
  ["fwd=stale", { ...netlify, "cache-status": '"Netlify Edge"; fwd=stale' }, { state: "expired" }],
  ["fwd=method", { ...netlify, "cache-status": '"Netlify Edge"; fwd=method' }, { state: "bypass" }],
  [
    "a durable hit after an edge miss",
    { ...netlify, "cache-status": ['"Netlify Edge"; fwd=miss', '"Netlify Durable"; hit; ttl=60'] },
    { state: "hit", layer: "parent", ttlS: 60 },
  ],
  [
    "a durable hit before an edge miss",
    { ...netlify, "cache-status": '"Netlify Durable"; hit; ttl=60, "Netlify Edge"; fwd=miss; stored' },
    { state: "hit", layer: "parent", stored: true },
  ],
  [
    "an edge hit before a durable bypass",
    { ...netlify, "cache-status": ['"Netlify Edge"; hit', '"Netlify Durable"; fwd=bypass'] },
    { state: "hit", layer: "edge" },
  ],
  [
    "an edge miss after a hit of a framework's cache",
    { ...netlify, "cache-status": '"Next.js"; hit, "Netlify Edge"; fwd=miss' },
    { state: "miss" },
  ],
  ["a durable hit alone", { ...netlify, "cache-status": '"Netlify Durable"; hit' }, { state: "hit", layer: "parent" }],
]);
