import { describe, expect, it } from "vitest";
import { parseDebugTtl } from "../../../../../src/providers/http/cache/vendors/fastly.ts";
import { describeReadings, lines } from "../lines-harness.ts";

const fastly = {
  "x-served-by": "cache-iad-kiad7000123-IAD, cache-fra-etou8220043-FRA",
  "x-timer": "S1700000000.123456,VS0,VE1",
  via: "1.1 varnish",
};

describeReadings("fastly", [
  ["MISS, HIT", { ...fastly, "x-cache": "MISS, HIT", "x-cache-hits": "0, 1", age: "3" }, { state: "hit", layer: "edge", pop: "FRA" }],
  ["HIT, MISS", { ...fastly, "x-cache": "HIT, MISS", "x-cache-hits": "1, 0" }, { state: "hit", layer: "parent" }],
  ["HIT, PASS", { ...fastly, "x-cache": "HIT, PASS" }, { state: "hit", layer: "parent", stored: false }],
  ["HIT, ERROR", { ...fastly, "x-cache": "HIT, ERROR" }, { state: "error" }],
  ["HIT", { ...fastly, "x-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS, MISS", { ...fastly, "x-cache": "MISS, MISS" }, { state: "miss", mayBeBypass: true }],
  ["HIT after the word of an origin's CloudFront", { ...fastly, "x-cache": "Hit from cloudfront, HIT" }, { state: "hit", layer: "edge" }],
  [
    "HIT with a debug lifetime",
    { ...fastly, "x-cache": "HIT", "fastly-debug-ttl": "(H cache-fra-etou8220043-FRA 3594.1 0 5)" },
    { state: "hit", layer: "edge", ttlS: 3594 },
  ],
  [
    "HIT with a negative debug lifetime",
    { ...fastly, "x-cache": "HIT", "fastly-debug-ttl": "(H cache-fra-etou8220043-FRA -12.1 60 5)" },
    { state: "stale", layer: "edge" },
  ],
]);

describe("parseDebugTtl", () => {
  const parse = (header: string) => parseDebugTtl(lines({ "fastly-debug-ttl": header }));

  it("returns one entry per server", () => {
    expect(parse("(M cache-iad-kiad7000123-IAD - - -), (H cache-fra-etou8220043-FRA 3599.123 0 1)")).toEqual([
      { hit: false },
      { hit: true, ttlS: 3_599 },
    ]);
  });

  it("reads an entry without brackets and a negative time to live", () => {
    expect(parse("H cache-a -3.9 60 9")).toEqual([{ hit: true, ttlS: -3 }]);
  });

  it("skips entries of another form and numbers that are none", () => {
    expect(parse("nonsense, (X a 1 2 3), (H a 1..2 . 3)")).toEqual([{ hit: true }]);
  });

  it("returns nothing without the header", () => {
    expect(parseDebugTtl(lines({}))).toEqual([]);
  });
});
