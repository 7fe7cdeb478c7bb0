import { describe, expect, it } from "vitest";
import { createEdgeCache } from "../../../src/sandbox/edge/cache.ts";
import { dialectOf } from "../../../src/sandbox/edge/dialects.ts";
import { createOriginFetches } from "../../../src/sandbox/edge/origin-fetches.ts";
import { handClock } from "../../providers/clock-harness.ts";

describe("createEdgeCache", () => {
  it("fetches an object once for concurrent clients", async () => {
    const { now } = handClock();
    const delay = Promise.withResolvers<void>();
    const origin = createOriginFetches({ now, sleep: () => delay.promise, maxUrls: 10 });
    const cache = createEdgeCache({ now, origin, maxEntries: 10, prefetched: () => undefined });
    const url = new URL("http://media.example.org/slow-film.mp4");
    const answers = Array.from({ length: 5 }, () => cache.lookUp(url, undefined, dialectOf(url.hostname)));
    delay.resolve();
    expect((await Promise.all(answers)).map(({ outcome }) => outcome)).toEqual(["miss", "hit", "hit", "hit", "hit"]);
    expect(origin.count()).toBe(1);
  });

  it("fetches an uncacheable object for each of the concurrent clients", async () => {
    const { now } = handClock();
    const origin = createOriginFetches({ now, sleep: async () => undefined, maxUrls: 10 });
    const cache = createEdgeCache({ now, origin, maxEntries: 10, prefetched: () => undefined });
    const url = new URL("http://media.example.org/private.mp4");
    await Promise.all(Array.from({ length: 3 }, () => cache.lookUp(url, undefined, dialectOf(url.hostname))));
    expect(origin.count()).toBe(3);
  });

  it.each([
    ["edge", "alibaba", "hit"],
    ["parent", "alibaba", "parent-hit"],
    ["parent", "nginx", "hit"],
  ] as const)("finds an object that a vendor prefetched to the %s in the dialect %s as a %s", async (tier, name, outcome) => {
    const { now, advance } = handClock();
    const at = now();
    advance(60_000);
    const origin = createOriginFetches({ now, sleep: async () => undefined, maxUrls: 10 });
    const cache = createEdgeCache({ now, origin, maxEntries: 10, prefetched: () => ({ at, tier }) });
    const url = new URL(`http://${name}.example.org/film.mp4`);
    expect(await cache.lookUp(url, undefined, dialectOf(url.hostname))).toMatchObject({ outcome, ageS: 60, stored: true });
    expect(origin.count()).toBe(0);
  });

  it("fetches an object whose prefetched copy has expired", async () => {
    const { now, advance } = handClock();
    const at = now();
    advance(3_600_000);
    const origin = createOriginFetches({ now, sleep: async () => undefined, maxUrls: 10 });
    const cache = createEdgeCache({ now, origin, maxEntries: 10, prefetched: () => ({ at, tier: "edge" }) });
    const url = new URL("http://media.example.org/film.mp4");
    expect((await cache.lookUp(url, undefined, dialectOf(url.hostname))).outcome).toBe("miss");
  });
});
