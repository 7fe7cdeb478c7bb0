/** File names that select an outcome at the edge. */

import { describe, expect, it } from "vitest";
import { whyNotCached } from "../../../src/providers/http/cache/why-not-cached.ts";
import { edgeOutcomeWords } from "../../../src/sandbox/edge/outcomes.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

const twice = async (url: string) => [await test.ask(url), await test.ask(url)] as const;
const states = async (url: string) => (await twice(url)).map(({ cache }) => cache.state);

describe("outcomes without an object", () => {
  it.each([
    ["missing", 404],
    ["forbidden", 403],
    ["broken", 500],
  ])("%s gives %i from the origin at every request", async (word, status) => {
    const url = test.url(`/films/${word}-film.mp4`);
    for (const reply of await twice(url)) {
      expect(reply).toMatchObject({ status, cache: { state: "error", stored: false } });
      expect(whyNotCached({ ...reply, url })).toMatchObject([{ code: "error-status" }, { code: "no-lifetime" }]);
    }
    expect(test.edge.originFetches(url)).toBe(2);
  });

  it("redirect leads to the same URL without the word", async () => {
    const url = test.url("/films/redirect-film.mp4?size=1k&x=1");
    const reply = await test.ask(url);
    expect([reply.status, reply.header("location")]).toEqual([302, test.url("/films/film.mp4?size=1k&x=1")]);
    expect(whyNotCached({ ...reply, url })).toMatchObject([{ code: "redirect" }, { code: "no-lifetime" }]);
    expect((await test.ask(reply.header("location") ?? "")).body).toHaveLength(1_024);
    expect((await test.ask(test.url("/redirectfilm.mp4"))).header("location")).toBe(test.url("/film.mp4"));
    expect((await test.ask(test.url("//evil.example/redirect-a"))).header("location")).toBe(test.url("//evil.example/a"));
    expect((await test.ask(test.url("/shielded/redirect-a"))).header("location")).toBe(test.url("/shielded/a"));
  });
});

describe("uncacheable objects", () => {
  it.each([
    ["no-store", "no-store"],
    ["private", "private"],
    ["no-cache", "no-cache"],
    ["cookie", "set-cookie"],
    ["vary-any", "vary-any"],
    ["short", "no-age"],
  ])("%s is bypassed and shows the reason", async (word, code) => {
    const url = test.url(`/films/${word}-film.mp4`);
    for (const { status, headers, cache, body } of await twice(url)) {
      expect([status, body.length]).toEqual([200, 65_536]);
      expect(cache).toMatchObject({ state: "bypass", stored: false });
      expect(whyNotCached({ status, headers, url }).map((obstacle) => obstacle.code)).toEqual([code]);
    }
    expect(test.edge.originFetches(url)).toBe(2);
  });
});

describe("failing deliveries", () => {
  it("truncated closes the connection half-way and stores nothing", async () => {
    const url = test.url("/truncated-film.mp4?size=1m");
    for (const _ of [1, 2]) await expect(test.ask(url)).rejects.toThrow(/other side closed|terminated|aborted/);
    const head = await test.ask(url, { method: "HEAD" });
    expect([head.status, head.header("content-length"), head.cache.state]).toEqual([200, "1048576", "miss"]);
    await expect(test.ask(url, { headers: { range: "bytes=0-99" } })).rejects.toThrow();
    expect(test.edge.originFetches(url)).toBe(4);
  });

  it("slow delays the first byte by a second from the origin and not from the cache", async () => {
    const url = test.url("/slow-film.mp4");
    const start = test.clock.now();
    expect((await test.ask(url)).cache).toMatchObject({ state: "miss" });
    expect(test.clock.now() - start).toBe(1_000);
    expect((await test.ask(url)).cache).toMatchObject({ state: "hit" });
    expect(test.clock.now() - start).toBe(1_000);
  });

  it("throttled refuses the first request and serves the next", async () => {
    for (const url of [test.url("/throttled-film.mp4"), test.url("/throttled-film.mp4", "other")]) {
      const [first, second] = await twice(url);
      expect([first.status, first.header("retry-after"), first.cache.state]).toEqual([429, "1", "error"]);
      expect(second).toMatchObject({ status: 200, cache: { state: "miss", stored: true } });
      expect((await test.ask(url)).cache).toMatchObject({ state: "hit" });
    }
  });

  it("evicted claims to be stored but misses again", async () => {
    const url = test.url("/evicted-film.mp4");
    for (const { cache } of await twice(url)) expect(cache).toMatchObject({ state: "miss", stored: true });
    expect(await states(test.url("/evicted-film.mp4", "bunny"))).toEqual(["miss", "miss"]);
    expect(await states(test.url("/shielded/evicted-film.mp4", "tiered"))).toEqual(["hit", "hit"]);
    expect((await test.ask(test.url("/shielded/evicted-film.mp4", "tiered"))).cache).toMatchObject({ layer: "parent" });
  });
});

describe("names", () => {
  it("select an outcome only at the start of the last segment", async () => {
    for (const path of ["/missing/film.mp4", "/films/a-missing.mp4", "/films/Missing.mp4", "/film.mp4?name=/missing"]) {
      expect((await test.ask(test.url(path))).status).toBe(200);
    }
    expect((await test.ask(test.url("/a/b/missing?size=1k"))).status).toBe(404);
  });

  it("are complete here and in the tests of the dialects", () => {
    expect(edgeOutcomeWords.toSorted()).toEqual([
      ...["broken", "cookie", "dynamic", "evicted", "forbidden", "missing", "no-cache", "no-store", "private", "redirect"],
      ...["short", "slow", "throttled", "truncated", "vary-any"],
    ]);
  });
});

describe("files of any other name", () => {
  it("have the requested size", async () => {
    for (const [size, bytes] of [
      ["", 65_536],
      ["?size=0", 0],
      ["?size=1", 1],
      ["?size=200k", 204_800],
      ["?size=1M", 1_048_576],
      ["?size=65537", 65_537],
      ["?size=-1", 65_536],
      ["?size=1g", 65_536],
      ["?size=", 65_536],
      ["?size=1e3", 65_536],
    ] as const) {
      const { body, header } = await test.ask(test.url(`/film.mp4${size}`));
      expect([size, body.length, header("content-length")]).toEqual([size, bytes, String(bytes)]);
    }
    for (const size of ["64m", "65m", "999999999m"]) {
      expect((await test.ask(test.url(`/film.mp4?size=${size}`), { method: "HEAD" })).header("content-length")).toBe("67108864");
    }
  });

  it("have the same content at every request and differ by name", async () => {
    const [first, second] = await twice(test.url("/a.mp4"));
    expect(second.body.equals(first.body)).toBe(true);
    expect(second.header("etag")).toBe(first.header("etag"));
    const other = await test.ask(test.url("/b.mp4"));
    expect(other.body.equals(first.body)).toBe(false);
    expect(other.header("etag")).not.toBe(first.header("etag"));
    expect((await test.ask(test.url("/a.mp4?size=1k"))).header("etag")).not.toBe(first.header("etag"));
  });

  it("have the type of their extension", async () => {
    for (const [name, type] of [
      ["a.mp4", "video/mp4"],
      ["a.TS", "video/mp2t"],
      ["a.m4s", "video/iso.segment"],
      ["a.json", "application/json"],
      ["a", "application/octet-stream"],
      ["a.constructor", "application/octet-stream"],
    ]) {
      const { header } = await test.ask(test.url(`/${name}`), { method: "HEAD" });
      expect([name, header("content-type"), header("vary")]).toEqual([name, type, name === "a.json" ? "Accept-Encoding" : undefined]);
    }
  });
});
