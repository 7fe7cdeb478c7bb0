/** What one look at a URL tells besides the state: how long the copy lives, and the headers that prove the finding. */

import { describe, expect, it } from "vitest";
import { testEdge } from "../edges-harness.ts";
import { canary } from "../network-harness.ts";

type Headers = Readonly<Record<string, string | string[]>>;

/** Answers each request of a check with the next headers; the last ones repeat. */
async function lookAt(path: string, ...answers: Headers[]) {
  let nth = 0;
  const server = await canary({
    answer: (_, response) => {
      const headers = answers[Math.min(nth, answers.length - 1)] ?? {};
      nth += 1;
      response.writeHead(200, headers).end("x");
    },
  });
  return testEdge().one(`http://media.example:${server.port}${path}`);
}

const hit = { "x-cache-status": "HIT" };
const miss = { "x-cache-status": "MISS" };
const EXPIRES = { date: "Sun, 29 Nov 2026 12:00:00 GMT", expires: "Sun, 29 Nov 2026 12:01:00 GMT" };

describe("the time that a copy may still live", () => {
  it.each<[string, Headers, number | undefined]>([
    ["is max-age minus Age", { ...hit, "cache-control": "max-age=60", age: "20" }, 40],
    ["is s-maxage before max-age", { ...hit, "cache-control": "max-age=60, s-maxage=300", age: "20" }, 280],
    [
      "is CDN-Cache-Control before Cache-Control",
      { ...hit, "cache-control": "max-age=60", "cdn-cache-control": "max-age=90", age: "20" },
      70,
    ],
    ["is Expires minus Date minus Age", { ...hit, ...EXPIRES, age: "15" }, 45],
    ["is the cache's own word first", { "cache-status": "Edge; hit; ttl=7", "cache-control": "max-age=60", age: "20" }, 7],
    ["is unknown when the copy is older than its lifetime", { ...hit, "cache-control": "max-age=60", age: "61" }, undefined],
    ["is unknown when a hit has no age", { ...hit, "cache-control": "max-age=60" }, undefined],
    ["is unknown without a lifetime", { ...hit, age: "20" }, undefined],
  ])("%s", async (_, headers, ttlS) => {
    const row = await lookAt("/a.mp4", headers);
    expect(row.state).toBe("warm");
    expect(row.ttlS).toBe(ttlS);
  });

  it("is the whole lifetime for an answer that the check fetched", async () => {
    expect(await lookAt("/a.mp4", { ...miss, "cache-control": "max-age=60" }, hit)).toMatchObject({ state: "cold", ttlS: 60 });
  });

  it("is left out when the answer is not stored", async () => {
    const row = await lookAt("/a.mp4", { ...miss, "cache-control": "private, max-age=60" });
    expect(row.state).toBe("uncacheable");
    expect(row).not.toHaveProperty("ttlS");
  });
});

describe("a lifetime that is too short", () => {
  const short = { "cache-control": "max-age=2" };

  it.each<[string, string, Headers[]]>([
    ["warm", "/live/index.m3u8", [{ ...hit, ...short, age: "1" }]],
    [
      "cold",
      "/live/index.m3u8",
      [
        { ...miss, ...short },
        { ...hit, ...short, age: "0" },
      ],
    ],
    ["cold", "/live/index.m3u8", [{ ...miss, ...short }]],
    ["cold", "/live/index.m3u8", [{ "cache-status": "Edge; fwd=miss; stored", ...short }]],
  ])("is named for a %s playlist, with advice to warm its segments", async (state, path, answers) => {
    const row = await lookAt(path, ...answers);
    expect(row.state).toBe(state);
    expect(row.obstacles.map(({ code }) => code)).toEqual(["short-lived"]);
    expect(row.obstacles[0]).toMatchObject({
      reason: "Its lifetime is too short: a cache may keep it for 2 s.",
      change: expect.stringMatching(/warm the segments that it names \(expand "streams"\)/),
    });
    expect(row.evidence).toContain("cache-control: max-age=2");
    expect(`${row.reason} ${row.obstacles[0]?.change}`).not.toMatch(/warm it and check again|Check again/);
  });

  it("is named for other files, with advice to raise it", async () => {
    const row = await lookAt("/a.json", { ...hit, "cache-control": "max-age=9", age: "1" });
    expect(row.obstacles[0]).toMatchObject({ code: "short-lived", change: expect.stringMatching(/^Send a longer s-maxage at the origin/) });
  });

  it.each<[string, Headers]>([
    ["10 s and more", { ...hit, "cache-control": "max-age=10", age: "1" }],
    ["a copy that outlived it", { ...hit, ...short, age: "600" }],
    ["a cache that says that it keeps the copy", { "cache-status": "Edge; hit; ttl=600", ...short }],
    ["no lifetime at all", { ...hit, age: "1" }],
  ])("is not named for %s", async (_, headers) => {
    expect((await lookAt("/live/index.m3u8", headers)).obstacles).toEqual([]);
  });
});

describe("the evidence", () => {
  const forbidding = (headers: Headers) => lookAt("/a.mp4", { ...miss, "cache-control": "max-age=60", ...headers });

  it.each<[string, Headers, string]>([
    ["Cache-Control with its value", { "cache-control": "private, max-age=9" }, "cache-control: private, max-age=9"],
    ["Vary with its value", { vary: "*" }, "vary: *"],
    ["Pragma", { "cache-control": "", pragma: "no-cache" }, "pragma: no-cache"],
    ["each cookie by its name only", { "set-cookie": ["sid=s3cr3t; Path=/", "lang=en"] }, "set-cookie: sid=..."],
    ["a line without a cookie's name", { "set-cookie": "s3cr3t" }, "set-cookie: =..."],
  ])("has %s", async (_, headers, line) => {
    const row = await forbidding(headers);
    expect(row.evidence).toContain(line);
    expect(JSON.stringify(row)).not.toContain("s3cr3t");
  });

  it("has the vendor's own control field when that decides", async () => {
    const headers = {
      server: "cloudflare",
      "cf-cache-status": "MISS",
      "cloudflare-cdn-cache-control": "no-store",
      "cache-control": "max-age=60",
    };
    expect((await lookAt("/a.mp4", headers)).evidence).toContain("cloudflare-cdn-cache-control: no-store");
  });

  it("names the headers that are missing when their absence decides", async () => {
    expect((await lookAt("/a.mp4", { "cache-control": "max-age=60" })).evidence).toEqual(["no age, cache-status, x-cache header"]);
    expect((await lookAt("/a.mp4", { "x-cache": "odd", "cache-control": "max-age=60" })).evidence).toEqual([
      "x-cache: odd",
      "no age, cache-status header",
    ]);
    const lowerTier = { server: "cloudflare", "cf-cache-status": "HIT", "cache-control": "max-age=60" };
    expect(await lookAt("/a.mp4", lowerTier)).toMatchObject({
      state: "warm-parent-only",
      evidence: ["cf-cache-status: HIT", "no age header"],
    });
    expect((await lookAt("/a.mp4", miss)).evidence).toEqual(["x-cache-status: MISS", "no cache-control, expires header"]);
  });

  it("quotes a boolean of Cache-Status as it stood, and hides the query string of a cache key", async () => {
    const line = 'Edge; fwd=miss; stored=?0; key="https://a.example/?sig=s3cr3t"; collapsed=?1';
    const row = await lookAt("/a.mp4", { "cache-status": line, "cache-control": "max-age=60" });
    expect(row.evidence).toContain('cache-status: Edge; fwd=miss; stored=?0; key="https://a.example/?..."; collapsed=?1');
  });

  it("keeps the headers of the object's version apart", async () => {
    const version = { etag: '"v1"', "last-modified": "Sun, 29 Nov 2026 11:00:00 GMT", "content-length": "1" };
    const row = await lookAt("/a.mp4", { ...hit, age: "20", ...version });
    expect(row.version).toEqual(['etag: "v1"', "last-modified: Sun, 29 Nov 2026 11:00:00 GMT", "content-length: 1"]);
    expect(row.evidence.join()).not.toContain("etag");
  });
});
