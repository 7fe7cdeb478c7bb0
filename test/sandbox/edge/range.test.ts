/** Requests for an object's headers or for a range of it. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRange } from "../../../src/sandbox/edge/range.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

describe("HEAD", () => {
  it("fills the cache like GET and has no body", async () => {
    const url = test.url("/film.mp4?size=1m");
    const head = await test.ask(url, { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0), cache: { state: "miss", stored: true } });
    expect(head.header("content-length")).toBe("1048576");
    const get = await test.ask(url);
    expect(get.cache).toMatchObject({ state: "hit" });
    expect(get.body).toHaveLength(1_048_576);
    expect((await test.ask(url, { method: "HEAD" })).cache).toMatchObject({ state: "hit" });
    expect(test.edge.originFetches(url)).toBe(1);
  });

  it("ignores ranges", async () => {
    const { status, header } = await test.ask(test.url("/film.mp4"), { method: "HEAD", headers: { range: "bytes=0-0" } });
    expect([status, header("content-length")]).toEqual([200, "65536"]);
  });
});

describe("ranges", () => {
  const part = (url: string, range: string, more = {}) => test.ask(url, { headers: { range, ...more } });

  it("fill the cache with the whole object", async () => {
    const url = test.url("/film.mp4?size=200k");
    const first = await part(url, "bytes=0-0");
    expect(first).toMatchObject({ status: 206, cache: { state: "miss", stored: true } });
    expect(first.header("content-range")).toBe("bytes 0-0/204800");
    expect(first.header("content-length")).toBe("1");
    const whole = await test.ask(url);
    expect(whole.cache).toMatchObject({ state: "hit" });
    for (const [range, from, to] of [
      ["bytes=0-99", 0, 99],
      ["bytes=65530-131080", 65_530, 131_080],
      ["bytes=204799-", 204_799, 204_799],
      ["bytes=-5", 204_795, 204_799],
      ["bytes=-999999999", 0, 204_799],
      ["bytes=100-999999999", 100, 204_799],
    ] as const) {
      const reply = await part(url, range);
      expect([range, reply.status, reply.header("content-range")]).toEqual([range, 206, `bytes ${from}-${to}/204800`]);
      expect(reply.body.equals(whole.body.subarray(from, to + 1))).toBe(true);
      expect(reply.cache).toMatchObject({ state: "hit", layer: "edge" });
    }
    expect(test.edge.originFetches(url)).toBe(1);
  });

  it.each(["bytes=65536-", "bytes=99999999999999999999999999-", "bytes=-0"])("without any byte are refused: %s", async (range) => {
    const { status, header, cache } = await part(test.url("/film.mp4"), range);
    expect([status, header("content-range"), cache.state]).toEqual([416, "bytes */65536", "error"]);
  });

  it.each(["bytes=5-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=0-1,5-9", "lines=0-1", "bytes=1-2-3", "0-1", "bytes=--1"])(
    "that are malformed or unsupported are ignored: %s",
    async (range) => {
      const { status, body } = await part(test.url("/film.mp4"), range);
      expect([status, body.length]).toEqual([200, 65_536]);
    },
  );

  it("of a changed object are ignored", async () => {
    const url = test.url("/film.mp4");
    const etag = (await test.ask(url)).header("etag") ?? "";
    expect((await part(url, "bytes=0-0", { "if-range": etag })).status).toBe(206);
    expect((await part(url, "bytes=0-0", { "if-range": '"another"' })).status).toBe(200);
  });

  it("of an empty object are refused", async () => {
    expect((await part(test.url("/film.mp4?size=0"), "bytes=0-0")).status).toBe(416);
    expect((await part(test.url("/film.mp4?size=0"), "bytes=-5")).status).toBe(416);
  });

  it("lie within the object for any header", () => {
    const requested = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.stringMatching(/^bytes=\d{0,30}-\d{0,30}$/),
    );
    fc.assert(
      fc.property(requested, fc.nat(), (header, bytes) => {
        const range = readRange(header, bytes);
        const isInside = typeof range !== "object" || (0 <= range.first && range.first <= range.last && range.last < bytes);
        expect(isInside).toBe(true);
      }),
    );
  });
});
