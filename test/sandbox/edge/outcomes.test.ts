/** File names that get a URL a certain outcome at the edge. */

import { describe, expect, it } from "vitest";
import { whyNotCached } from "../../../src/providers/http/cache/why-not-cached.ts";
import { edgeOutcomeWords } from "../../../src/sandbox/edge/outcomes.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

const twice = async (url: string) => [await test.ask(url), await test.ask(url)] as const;
const states = async (url: string) => (await twice(url)).map(({ cache }) => cache.state);

describe("what is no object", () => {
  it.each([
    ["missing", 404],
    ["forbidden", 403],
    ["broken", 500],
  ])("%s: %i, each time from the origin", async (word, status) => {
    const url = test.url(`/films/${word}-film.mp4`);
    for (const reply of await twice(url)) {
      expect(reply).toMatchObject({ status, cache: { state: "error", stored: false } });
      expect(whyNotCached({ ...reply, url })).toMatchObject([{ code: "error-status" }, { code: "no-lifetime" }]);
    }
    expect(test.edge.originFetches(url)).toBe(2);
  });

  it("redirect: to the same URL without the word", async () => {
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

describe("what may not be stored", () => {
  it.each([
    ["no-store", "no-store"],
    ["private", "private"],
    ["no-cache", "no-cache"],
    ["cookie", "set-cookie"],
    ["vary-any", "vary-any"],
    ["short", "no-age"],
  ])("%s: bypassed, and the reason is seen", async (word, code) => {
    const url = test.url(`/films/${word}-film.mp4`);
    for (const { status, headers, cache, body } of await twice(url)) {
      expect([status, body.length]).toEqual([200, 65_536]);
      expect(cache).toMatchObject({ state: "bypass", stored: false });
      expect(whyNotCached({ status, headers, url }).map((obstacle) => obstacle.code)).toEqual([code]);
    }
    expect(test.edge.originFetches(url)).toBe(2);
  });
});

describe("what goes wrong on the way", () => {
  it("truncated: the connection closes half-way, and nothing is kept", async () => {
    const url = test.url("/truncated-film.mp4?size=1m");
    for (const _ of [1, 2]) await expect(test.ask(url)).rejects.toThrow(/other side closed|terminated|aborted/);
    const head = await test.ask(url, { method: "HEAD" });
    expect([head.status, head.header("content-length"), head.cache.state]).toEqual([200, "1048576", "miss"]);
    await expect(test.ask(url, { headers: { range: "bytes=0-99" } })).rejects.toThrow();
    expect(test.edge.originFetches(url)).toBe(4);
  });

  it("slow: the first byte takes a second, and none from the cache", async () => {
    const url = test.url("/slow-film.mp4");
    const times: number[] = [];
    for (const _ of [1, 2]) {
      const begun = performance.now();
      await test.ask(url);
      times.push(performance.now() - begun);
    }
    const [first = 0, second = 0] = times;
    expect(first).toBeGreaterThan(950);
    expect(second).toBeLessThan(first / 2);
  });

  it("throttled: the first has to come back, whoever is next is served", async () => {
    for (const url of [test.url("/throttled-film.mp4"), test.url("/throttled-film.mp4", "other")]) {
      const [first, second] = await twice(url);
      expect([first.status, first.header("retry-after"), first.cache.state]).toEqual([429, "1", "error"]);
      expect(second).toMatchObject({ status: 200, cache: { state: "miss", stored: true } });
      expect((await test.ask(url)).cache).toMatchObject({ state: "hit" });
    }
  });

  it("evicted: said to be stored, and gone", async () => {
    const url = test.url("/evicted-film.mp4");
    for (const { cache } of await twice(url)) expect(cache).toMatchObject({ state: "miss", stored: true });
    expect(await states(test.url("/evicted-film.mp4", "bunny"))).toEqual(["miss", "miss"]);
    expect(await states(test.url("/shielded/evicted-film.mp4", "tiered"))).toEqual(["hit", "hit"]);
    expect((await test.ask(test.url("/shielded/evicted-film.mp4", "tiered"))).cache).toMatchObject({ layer: "parent" });
  });
});

describe("names", () => {
  it("count only at the beginning of the last segment", async () => {
    for (const path of ["/missing/film.mp4", "/films/a-missing.mp4", "/films/Missing.mp4", "/film.mp4?name=/missing"]) {
      expect((await test.ask(test.url(path))).status).toBe(200);
    }
    expect((await test.ask(test.url("/a/b/missing?size=1k"))).status).toBe(404);
  });

  it("are all tried here or among the dialects", () => {
    expect(edgeOutcomeWords.toSorted()).toEqual([
      ...["broken", "cookie", "dynamic", "evicted", "forbidden", "missing", "no-cache", "no-store", "private", "redirect"],
      ...["short", "slow", "throttled", "truncated", "vary-any"],
    ]);
  });
});

describe("files of any other name", () => {
  it("have the size that is asked for", async () => {
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

  it("are the same each time, and differ by name", async () => {
    const [first, second] = await twice(test.url("/a.mp4"));
    expect(second.body.equals(first.body)).toBe(true);
    expect(second.header("etag")).toBe(first.header("etag"));
    const other = await test.ask(test.url("/b.mp4"));
    expect(other.body.equals(first.body)).toBe(false);
    expect(other.header("etag")).not.toBe(first.header("etag"));
    expect((await test.ask(test.url("/a.mp4?size=1k"))).header("etag")).not.toBe(first.header("etag"));
  });

  it("have the type of their ending", async () => {
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
