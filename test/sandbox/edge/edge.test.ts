/** The edge's cache: what it keeps, for how long, and what of it clients are given. */

import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cacheKey, lifetimeOf } from "../../../src/sandbox/edge/cache-rules.ts";
import { HOUR, SECOND } from "../../providers/clock-harness.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest({ maxEntries: 100 });

describe("freshness", () => {
  it("misses, then hits with a rising age until the lifetime is over", async () => {
    const url = test.url("/film.mp4");
    const ask = async () => {
      const { cache, header } = await test.ask(url);
      return [cache.state, header("age")];
    };
    expect(await ask()).toEqual(["miss", undefined]);
    expect(await ask()).toEqual(["hit", "0"]);
    test.clock.advance(90 * SECOND);
    expect(await ask()).toEqual(["hit", "90"]);
    test.clock.advance(HOUR - 91 * SECOND);
    expect(await ask()).toEqual(["hit", "3599"]);
    expect(test.edge.originFetches(url)).toBe(1);
    test.clock.advance(SECOND);
    expect(await ask()).toEqual(["revalidated", "0"]);
    test.clock.advance(SECOND);
    expect(await ask()).toEqual(["hit", "1"]);
    expect(test.edge.originFetches(url)).toBe(2);
  });

  it("tells an object that has changed from one that is only checked", async () => {
    const url = test.url("/live/sandbox/index.m3u8");
    const first = await test.ask(url);
    test.clock.advance(3 * SECOND);
    const second = await test.ask(url);
    expect(second.cache).toMatchObject({ state: "revalidated" });
    expect(second.body).toEqual(first.body);
    test.clock.advance(3 * SECOND);
    const third = await test.ask(url);
    expect(third.cache).toMatchObject({ state: "expired" });
    expect(third.body).not.toEqual(first.body);
    expect(third.header("etag")).not.toBe(first.header("etag"));
  });

  it("serves what it stored, although the origin has moved on", async () => {
    const url = test.url("/live/sandbox/index.m3u8");
    test.clock.advance(5 * SECOND);
    const first = await test.ask(url);
    test.clock.advance(SECOND);
    const second = await test.ask(url);
    expect(second.cache).toMatchObject({ state: "hit", ageS: 1, ttlS: 1 });
    expect(second.body).toEqual(first.body);
  });

  it("is not thrown by a clock that is set back", async () => {
    await test.ask(test.url("/a"));
    test.clock.advance(-HOUR);
    expect((await test.ask(test.url("/a"))).cache).toMatchObject({ state: "hit", ageS: 0 });
  });

  const outcome = {};
  it.each([
    ["max-age=5", 5],
    ["public, max-age=5, s-maxage=9", 9],
    ["S-MaxAge=9", 9],
    ["max-age=0", undefined],
    ["s-maxage=0, max-age=5", undefined],
    ["max-age=-1", undefined],
    ["max-age=5,no-store", undefined],
    ["private", undefined],
    ["no-cache", undefined],
    ["public", undefined],
    ["x-no-store-ever, max-age=5", 5],
  ])("keeps what says %s for %s seconds", (control, seconds) => {
    expect(lifetimeOf({ status: 200, headers: { "cache-control": control }, outcome })).toBe(seconds);
  });
});

describe("keys", () => {
  it("tells hosts, paths and queries apart", async () => {
    const urls = [test.url("/a"), test.url("/a", "other"), test.url("/b"), test.url("/a?v=1"), test.url("/a?v=2")];
    for (const url of urls) expect((await test.ask(url)).cache).toMatchObject({ state: "miss" });
    for (const url of urls) expect((await test.ask(url)).cache).toMatchObject({ state: "hit" });
    expect(urls.map((url) => test.edge.originFetches(url))).toEqual([1, 1, 1, 1, 1]);
    expect(test.edge.originFetches()).toBe(5);
  });

  it("keeps texts once for each set of encodings, and media once for all", async () => {
    const ask = async (path: string, encoding?: string) =>
      (await test.ask(test.url(path), { headers: encoding === undefined ? {} : { "accept-encoding": encoding } })).cache.state;
    const playlist = "/hls/sandbox/master.m3u8";
    expect([await ask(playlist, "br, gzip"), await ask(playlist), await ask(playlist, "identity")]).toEqual(["miss", "miss", "miss"]);
    expect([await ask(playlist, "BR,gzip"), await ask(playlist)]).toEqual(["hit", "hit"]);
    expect([await ask("/a.mp4", "br"), await ask("/a.mp4"), await ask("/a.mp4", "gzip")]).toEqual(["miss", "hit", "hit"]);
  });

  it("never has one key for two objects", () => {
    // Small alphabets, so that many pairs are almost alike.
    const urls = fc
      .tuple(fc.constantFrom("a", "a:81", "ab"), fc.stringMatching(/^[ab ?/%&=]{0,4}$/))
      .map(([host, rest]) => `http://${host}/${rest}`);
    const encodings = fc.stringMatching(/^[aBb ,/]{0,4}$/);
    fc.assert(
      fc.property(urls, urls, encodings, encodings, (one, two, here, there) => {
        const [a, b] = [new URL(one), new URL(two)];
        const isSame = a.host + a.pathname + a.search === b.host + b.pathname + b.search;
        const isSameVariant = here.toLowerCase().replace(/\s/g, "") === there.toLowerCase().replace(/\s/g, "");
        const key = (url: URL, encoding: string) => cacheKey(url, "Accept-Encoding", encoding);
        expect(key(a, here) === key(b, there)).toBe(isSame && isSameVariant);
        expect(key(a, here) === key(a, there)).toBe(isSameVariant);
        expect(cacheKey(a, undefined, here)).toBe(cacheKey(a, undefined, there));
      }),
    );
  });

  it("lets the oldest leave when there is no room", async () => {
    for (let index = 0; index < 101; index += 1) await test.ask(test.url(`/${index}`), { method: "HEAD" });
    expect((await test.ask(test.url("/1"))).cache).toMatchObject({ state: "hit" });
    expect(test.edge.originFetches()).toBe(101);
    expect((await test.ask(test.url("/0"))).cache).toMatchObject({ state: "miss" });
    expect((await test.ask(test.url("/1"))).cache).toMatchObject({ state: "miss" });
    expect((await test.ask(test.url("/100"))).cache).toMatchObject({ state: "hit" });
  });
});

describe("clients at the same time", () => {
  it("who come first together cost the origin one request", async () => {
    for (const path of ["/film.mp4", "/slow-film.mp4"]) {
      const url = test.url(path);
      const states = await Promise.all(Array.from({ length: 5 }, async () => (await test.ask(url)).cache.state));
      expect(states.toSorted()).toEqual(["hit", "hit", "hit", "hit", "miss"]);
      expect(test.edge.originFetches(url)).toBe(1);
    }
  });

  it("do not wait for what is fetched of another URL", async () => {
    const slow = test.ask(test.url("/slow.mp4"));
    const other = test.ask(test.url("/film.mp4"));
    expect(await Promise.race([slow.then(() => "slow"), other.then(() => "other")])).toBe("other");
    expect((await slow).status).toBe(200);
  });
});

describe("what cannot be served", () => {
  it.each(["POST", "DELETE"] as const)("refuses %s", async (method) => {
    const { status, header } = await test.ask(test.url("/film.mp4"), { method });
    expect([status, header("allow")]).toEqual([405, "GET, HEAD"]);
    expect(test.edge.originFetches()).toBe(0);
  });

  it("refuses a URL that is too long to be kept", async () => {
    expect((await test.ask(test.url(`/${"a".repeat(10_000)}`))).status).toBe(414);
  });

  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(test.edge.endpoint);
      let answer = "";
      const socket = connect(Number(port), hostname, () => socket.end(text));
      socket.on("data", (chunk) => {
        answer += chunk.toString("latin1");
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
    });

  it.each([
    ["an unknown method", "NONSENSE / HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 400/],
    ["a method of WebDAV", "PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 405/],
    ["no host", "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 400/],
    ["no name that can be one", "GET /a HTTP/1.1\r\nHost: a b<>\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 200/],
    ["a path that looks like a host", "HEAD //evil.example/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 200/],
    ["a path that cannot be decoded", "HEAD /%ff%/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 200/],
    ["a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", /^$/],
    ["noise", "\u0000\u0001\u0002\r\n\r\n", /^HTTP\/1\.1 400/],
  ])("survives %s", async (_what, text, expected) => {
    expect((await raw(text)).slice(0, 12)).toMatch(expected);
    expect((await test.ask(test.url("/film.mp4"))).status).toBe(200);
  });
});

describe("faults", () => {
  it("are committed once, to the path that they name", async () => {
    test.edge.inject({ fault: { kind: "answer", status: 503, body: "", headers: { "retry-after": "2" } }, action: "/film.mp4" });
    const url = test.url("/film.mp4");
    expect((await test.ask(test.url("/other.mp4"))).status).toBe(200);
    expect((await test.ask(url)).status).toBe(503);
    expect((await test.ask(url)).cache).toMatchObject({ state: "miss" });
  });

  it("break an answer off, and leave the object in the cache", async () => {
    test.edge.inject({ fault: { kind: "truncate" } });
    const url = test.url("/film.mp4?size=1m");
    await expect(test.ask(url)).rejects.toThrow();
    expect((await test.ask(url)).cache).toMatchObject({ state: "hit" });
  });

  it("are forgotten on request", async () => {
    test.edge.inject({ fault: { kind: "reset", when: "before" }, times: 9 });
    await expect(test.ask(test.url("/film.mp4"))).rejects.toThrow();
    test.edge.clearFaults();
    expect((await test.ask(test.url("/film.mp4"))).status).toBe(200);
  });

  it("can be told to make an answer longer, or another one", async () => {
    test.edge.inject({ fault: { kind: "huge", bytes: 100 } });
    test.edge.inject({ fault: { kind: "garble", body: "?" } });
    expect((await test.ask(test.url("/film.mp4"))).body).toHaveLength(65_636);
    expect((await test.ask(test.url("/film.mp4"))).body.toString()).toBe("?");
  });
});

it("says where it is", () => {
  expect(test.edge.endpoint).toBe(`http://${test.edge.address}`);
  expect(test.edge.address).toMatch(/^127\.0\.0\.1:\d+$/);
});
