/** The http provider's readers read every dialect of the edge back: they must find the facts that the edge wrote. */

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/app/system-clock.ts";
import type { CacheReading } from "../../../src/providers/http/cache/cache-status.ts";
import { debugHeadersFor } from "../../../src/providers/http/cache/debug-headers.ts";
import { detectByHeaders } from "../../../src/providers/http/cache/detect.ts";
import { linesOf } from "../../../src/providers/http/cache/headers.ts";
import { whyNotCached } from "../../../src/providers/http/cache/why-not-cached.ts";
import { createEdge } from "../../../src/providers/http/probe/edge.ts";
import type { DialectName } from "../../../src/sandbox/edge/dialects.ts";
import { HOUR, SECOND } from "../../providers/clock-harness.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

type Read = Partial<CacheReading>;

interface Expected {
  readonly vendor?: CacheReading["vendor"];
  readonly pop?: string;
  readonly miss: Read;
  /** Ten seconds later. */
  readonly hit: Read;
  /** After its lifetime: the same object, and a changed one. */
  readonly revalidated: Read;
  readonly expired: Read;
  readonly bypass: Read;
  /** When the parent cache has it. */
  readonly parent: Read;
}

const miss = { state: "miss" } as const;
const edgeHit = { state: "hit", layer: "edge", ageS: 10 } as const;
const parentHit = { state: "hit", layer: "parent" } as const;
const refreshed = { state: "revalidated", layer: "edge" } as const;
const maybeBypass = { state: "miss", mayBeBypass: true } as const;
const unknown = { state: "unknown" } as const;

const dialects: Readonly<Record<DialectName, Expected>> = {
  rfc9211: {
    miss: { state: "miss", stored: true },
    hit: { ...edgeHit, ttlS: 3_590 },
    revalidated: { ...refreshed, stored: true, ttlS: 3_600 },
    expired: { state: "expired", stored: true },
    bypass: { state: "bypass", stored: false },
    parent: { state: "miss", stored: true },
  },
  tiered: {
    miss: { state: "miss", stored: true },
    hit: { ...edgeHit, ttlS: 3_590 },
    revalidated: { ...refreshed, stored: true, ttlS: 3_600 },
    expired: { state: "expired", stored: true },
    bypass: { state: "bypass", stored: false },
    parent: { ...parentHit, stored: true, ageS: 600, ttlS: 3_000 },
  },
  cloudflare: {
    vendor: "cloudflare",
    pop: "SBX",
    miss,
    hit: edgeHit,
    revalidated: { ...refreshed, ageS: 0 },
    expired: { state: "expired" },
    bypass: { state: "bypass", stored: false },
    parent: parentHit,
  },
  cloudfront: {
    vendor: "cloudfront",
    pop: "SBX1",
    miss,
    hit: edgeHit,
    revalidated: refreshed,
    expired: miss,
    bypass: miss,
    parent: { ...parentHit, ageS: 600 },
  },
  fastly: {
    vendor: "fastly",
    pop: "SBX",
    miss: maybeBypass,
    hit: edgeHit,
    revalidated: maybeBypass,
    expired: maybeBypass,
    bypass: maybeBypass,
    parent: { ...parentHit, ageS: 600 },
  },
  akamai: {
    vendor: "akamai",
    miss,
    hit: { state: "hit", layer: "unknown", ageS: 10 },
    revalidated: { state: "revalidated", layer: "unknown" },
    expired: miss,
    bypass: miss,
    parent: miss,
  },
  bunny: {
    vendor: "bunny",
    pop: "SBX1",
    miss,
    hit: edgeHit,
    revalidated: refreshed,
    expired: { state: "expired" },
    bypass: { state: "bypass", stored: false },
    parent: miss,
  },
  alibaba: {
    vendor: "alibaba",
    pop: "sandbox1",
    miss,
    hit: { ...edgeHit, ttlS: 3_590 },
    revalidated: refreshed,
    expired: { state: "expired" },
    bypass: { state: "miss", stored: false },
    parent: { ...parentHit, ageS: 600 },
  },
  huawei: {
    vendor: "huawei",
    pop: "CHN-SBX-SANDBOX1",
    miss,
    hit: { ...edgeHit, ttlS: 3_590 },
    revalidated: refreshed,
    expired: miss,
    bypass: { state: "miss", stored: false },
    parent: { ...parentHit, ageS: 600, ttlS: 3_000 },
  },
  tencent: {
    vendor: "tencent",
    miss,
    hit: edgeHit,
    // Tencent's words for a revalidated object are those of a hit.
    revalidated: { state: "hit", layer: "edge", ageS: 0 },
    expired: miss,
    bypass: miss,
    parent: { ...parentHit, ageS: 600 },
  },
  volcengine: {
    vendor: "volcengine",
    miss,
    hit: edgeHit,
    // Volcengine's words for a revalidated object are those of a hit.
    revalidated: { state: "hit", layer: "edge", ageS: 0 },
    expired: miss,
    bypass: miss,
    parent: { ...parentHit, ageS: 600 },
  },
  // Many caches write this header, and it does not name the tier.
  nginx: {
    miss,
    hit: { state: "hit", layer: "unknown" },
    revalidated: { state: "revalidated", layer: "unknown" },
    expired: { state: "expired" },
    bypass: miss,
    parent: miss,
  },
  silent: { miss: unknown, hit: unknown, revalidated: unknown, expired: unknown, bypass: unknown, parent: unknown },
};

const LIVE = "/live/sandbox/index.m3u8";

describe.each(Object.entries(dialects))("%s", (name, expected) => {
  const read = async (path: string, headers = {}): Promise<CacheReading> => (await test.ask(test.url(path, name), { headers })).cache;

  it("reports a miss, a hit, a revalidation and an expiry", async () => {
    expect(await read("/film.mp4")).toMatchObject(expected.miss);
    test.clock.advance(10 * SECOND);
    expect(await read("/film.mp4")).toMatchObject(expected.hit);
    test.clock.advance(HOUR);
    expect(await read("/film.mp4")).toMatchObject(expected.revalidated);
    await read(LIVE);
    test.clock.advance(6 * SECOND);
    expect(await read(LIVE)).toMatchObject(expected.expired);
  });

  it("reports a parent's hit if it has parents, and an edge hit then", async () => {
    expect(await read("/shielded/film.mp4")).toMatchObject(expected.parent);
    const { state, layer } = expected.hit;
    expect(await read("/shielded/film.mp4")).toMatchObject({ state, ...(layer && { layer }) });
    expect(test.edge.originFetches()).toBe(expected.parent.state === "hit" || name === "akamai" ? 0 : 1);
  });

  it("reports an uncacheable object at every request", async () => {
    for (const _ of [1, 2]) expect(await read("/no-store.mp4")).toMatchObject(expected.bypass);
    expect(test.edge.originFetches()).toBe(2);
  });

  it("never reports an error as warm", async () => {
    for (const path of ["/missing.mp4", "/broken.mp4", "/shielded/forbidden.mp4"]) {
      for (const _ of [1, 2]) expect(await read(path)).toMatchObject({ state: "error" });
    }
  });

  it("is recognised by its headers, which also show the reason not to cache", async () => {
    const url = test.url("/private.mp4", name);
    const { status, headers, cache } = await test.ask(url);
    expect(detectByHeaders(headers)).toEqual(
      expected.vendor && expect.objectContaining({ vendor: expected.vendor, confidence: "certain" }),
    );
    expect([cache.vendor, cache.pop]).toEqual([expected.vendor, expected.pop]);
    expect(whyNotCached({ status, headers, url }).map(({ code }) => code)).toEqual(["private"]);
  });
});

describe("debug headers", () => {
  it("make Akamai report the edge, the parent and the cacheability", async () => {
    const headers = debugHeadersFor("akamai");
    const read = async (path: string) => (await test.ask(test.url(path, "akamai"), { headers })).cache;
    expect(await read("/film.mp4")).toMatchObject({ state: "miss", pop: "a127-0-0-1" });
    expect(await read("/film.mp4")).toMatchObject({ state: "hit", layer: "edge", ageS: 0 });
    expect(await read("/no-store.mp4")).toMatchObject({ state: "uncacheable", stored: false });
    expect(await read("/shielded/film.mp4")).toMatchObject({ state: "hit", layer: "parent" });
    test.clock.advance(HOUR);
    expect(await read("/film.mp4")).toMatchObject({ state: "revalidated", layer: "edge" });
  });

  it("make Akamai report the cacheability in the cache key", async () => {
    const headers = { pragma: "akamai-x-cache-on, akamai-x-get-cache-key" };
    const read = async (path: string) => (await test.ask(test.url(path, "akamai"), { headers })).cache;
    expect(await read("/no-store.mp4")).toMatchObject({ state: "uncacheable" });
    expect(await read("/film.mp4")).toMatchObject({ state: "miss" });
  });

  it("make Fastly report the remaining lifetime", async () => {
    const ask = () => test.ask(test.url("/film.mp4", "fastly"), { headers: debugHeadersFor("fastly") });
    expect((await ask()).cache).toMatchObject({ state: "miss" });
    test.clock.advance(10 * SECOND);
    expect((await ask()).cache).toMatchObject({ state: "hit", layer: "edge", ageS: 10, ttlS: 3_590 });
    expect((await test.ask(test.url("/film.mp4", "fastly"))).header("fastly-debug-ttl")).toBeUndefined();
  });
});

it("docs/sandbox.md says at which dialects a check finds a shielded file in the tier behind the edge", async () => {
  const guard = { checkUrl: (url: unknown) => new URL(String(url)), dispatcher: () => test.dispatcher, close: async () => undefined };
  const clock = { ...systemClock, now: test.clock.now, sleep: async () => undefined };
  const edge = createEdge({ guard, clock, headers: {}, variants: [], pops: [], resolveCname: async () => [] });
  const states: Record<string, string | undefined> = {};
  for (const name of Object.keys(dialects)) {
    const [row] = await edge.verify(test.url("/shielded/film.mp4", name), new AbortController().signal);
    states[name] = row?.state;
  }
  const page = (await readFile(new URL("../../../docs/sandbox.md", import.meta.url), "utf8")).replaceAll(/\s+/g, " ");
  const namesIn = (sentence: RegExp) => [...(sentence.exec(page)?.[1] ?? "").matchAll(/`([\w-]+)`/g)].map(([, name]) => name).sort();
  const having = (state: string) => Object.keys(states).filter((name) => states[name] === state);
  expect(namesIn(/A check finds it there at ([^.]+)\./)).toEqual(having("warm-parent-only").sort());
  expect(namesIn(/It is `cold` at ([^.]+)\./)).toEqual(having("cold").sort());
  expect(namesIn(/It is `unknown` at ([^.]+)\./)).toEqual(having("unknown").sort());
});

describe("the choice of a dialect", () => {
  it("is RFC 9211 for a host without a dialect's name and for a bare address", async () => {
    const urls = [test.url("/a", "media"), test.url("/a", "constructor"), test.url("/a", "www.cloudflare"), `${test.edge.endpoint}/a`];
    for (const url of urls) expect((await test.ask(url)).header("cache-status")).toBe("sandbox-edge; fwd=uri-miss; stored");
  });

  it("keeps header lines of the same name apart", async () => {
    const { headers } = await test.ask(test.url("/a", "tencent"));
    expect(linesOf(headers, "x-cache-lookup")).toEqual(["Cache Miss", "Hit From Inner Cluster"]);
  });

  it("puts the cache nearest to the client last", async () => {
    const url = test.url("/shielded/a", "tiered");
    const cacheStatus = async () => (await test.ask(url)).header("cache-status");
    expect(await cacheStatus()).toBe("sandbox-parent; hit; ttl=3000, sandbox-edge; fwd=uri-miss; stored");
    expect(await cacheStatus()).toBe("sandbox-edge; hit; ttl=3000");
    expect(test.edge.originFetches(url)).toBe(0);
  });

  it("gives nginx one cache header and the silent dialect none", async () => {
    for (const [name, expectedHeaders] of [
      ["nginx", ["x-cache-status"]],
      ["silent", []],
    ] as const) {
      await test.ask(test.url("/a", name));
      const { headers } = await test.ask(test.url("/a", name));
      const usual = ["date", "content-type", "cache-control", "etag", "accept-ranges", "content-length", "connection", "keep-alive"];
      expect([...headers.keys()].filter((header) => !usual.includes(header))).toEqual(expectedHeaders);
    }
  });

  it("reports a dynamic file on Cloudflare and an ordinary one elsewhere", async () => {
    for (const _ of [1, 2]) {
      const url = test.url("/dynamic.mp4", "cloudflare");
      const { cache, headers, header, status } = await test.ask(url);
      expect(header("cf-cache-status")).toBe("DYNAMIC");
      expect(cache).toMatchObject({ state: "uncacheable", stored: false });
      expect(whyNotCached({ status, headers, url })).toMatchObject([{ code: "cloudflare-rule" }]);
    }
    await test.ask(test.url("/dynamic.mp4"));
    expect((await test.ask(test.url("/dynamic.mp4"))).cache).toMatchObject({ state: "hit" });
    expect((await test.ask(test.url("/shielded/dynamic.m4s", "cloudflare"))).header("cf-cache-status")).toBe("DYNAMIC");
  });
});
