/** `Edge.verify` against a real nginx cache, which reports its state in `X-Cache-Status` only. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testEdge } from "../edges-harness.ts";
import { type CachingNginx, findNginx, startNginx } from "../nginx-harness.ts";

const program = findNginx();
if (program === undefined) {
  if (process.env.CI === "true") throw new Error("there is no nginx here");
  process.stderr.write("edge-nginx.test.ts: skipped, because there is no nginx here\n");
}

describe.skipIf(program === undefined)("Edge.verify, with nginx as the edge,", () => {
  let nginx: CachingNginx;
  const url = (path: string) => `http://media.example:${nginx.port}${path}`;
  const warm = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`http://127.0.0.1:${nginx.port}${path}`, { headers: { connection: "close", ...headers } })).text();
  const cacheStatus = async (path: string) =>
    (await fetch(`http://127.0.0.1:${nginx.port}${path}`, { method: "HEAD", headers: { connection: "close" } })).headers.get(
      "x-cache-status",
    );
  const fetchedOf = (path: string) => nginx.fetched.filter((line) => line.endsWith(` ${path}`));

  beforeAll(async () => {
    const times = new Map<string, number>();
    nginx = await startNginx(program ?? "", ({ url: path = "", headers }, response) => {
      const nth = (times.get(path) ?? 0) + 1;
      times.set(path, nth);
      if (path.startsWith("/missing")) return void response.writeHead(404).end("no");
      if (path.startsWith("/moved")) return void response.writeHead(302, { location: "/kept", "cache-control": "max-age=60" }).end();
      if (path.startsWith("/broken")) return void response.writeHead(503).end();
      const [control = "max-age=60"] = /(?<=\?)[\w=-]+/.exec(path) ?? [];
      if (nth > 1 && path.startsWith("/stale/")) return void response.writeHead(500).end();
      if (headers["if-none-match"] === '"a"') return void response.writeHead(304, { "cache-control": control, etag: '"a"' }).end();
      response.writeHead(200, { "cache-control": control, etag: '"a"', "content-length": 5_000 }).end("x".repeat(5_000));
    });
    for (const path of ["/expired?max-age=1", "/stale/?max-age=1", "/revalidated/?max-age=1", "/last-aged?max-age=1"]) await warm(path);
  });
  afterAll(() => nginx?.stop());

  it("says cold for a new object, and that the check has filled the cache", async () => {
    const edge = testEdge();
    const path = "/cold";
    expect(await edge.one(url(path))).toMatchObject({
      state: "cold",
      reason: "The first answer did not come from a cache. This check's own request has filled the cache meanwhile: it is warm now.",
      obstacles: [],
      status: 200,
      firstByteMs: expect.any(Number),
      evidence: ["x-cache-status: MISS", "x-cache-status: HIT"],
    });
    // nginx turns the HEAD into a GET and serves the later requests from its cache.
    expect(fetchedOf(path)).toEqual([`GET ${path}`]);
    expect(edge.slept).toEqual([]);
    expect(await edge.one(url(path))).toMatchObject({ state: "warm", layer: "unknown" });
    expect(fetchedOf(path)).toHaveLength(1);
  });

  it("says warm after a GET, with a single HEAD", async () => {
    await warm("/warm");
    const row = await testEdge().one(url("/warm"));
    expect(row).toEqual({
      url: url("/warm"),
      state: "warm",
      reason: "The CDN served it from a cache. The headers do not say which tier served it.",
      obstacles: [],
      status: 200,
      layer: "unknown",
      firstByteMs: expect.any(Number),
      evidence: ["x-cache-status: HIT"],
      version: ['etag: "a"', "content-length: 5000"],
    });
    expect(fetchedOf("/warm")).toEqual(["GET /warm"]);
  });

  it("says uncacheable when the origin sends no-store", async () => {
    const edge = testEdge();
    const row = await edge.one(url("/forbidden?no-store"));
    expect(row).toMatchObject({ state: "uncacheable", evidence: ["x-cache-status: MISS", "cache-control: no-store"] });
    expect(row.obstacles.map(({ code }) => code)).toEqual(["no-store"]);
    expect(row.reason).toBe(`${row.obstacles[0]?.reason} None of 5 answers came from a cache.`);
    expect(edge.slept).toEqual([650]);
  });

  it("says uncacheable when nginx bypasses its cache", async () => {
    const row = await testEdge().one(url("/bypass/a"));
    expect(row).toMatchObject({ state: "uncacheable", evidence: ["x-cache-status: BYPASS"] });
    expect(row.obstacles.map(({ code }) => code)).toEqual(["vendor-says-no"]);
  });

  it("says cold, then warm, when nginx caches ranges separately", async () => {
    const path = "/ranges-aside/a";
    expect(await testEdge().one(url(path))).toMatchObject({ state: "cold", reason: expect.stringContaining("it is warm now") });
    expect(await testEdge().one(url(path))).toMatchObject({ state: "warm" });
  });

  it.each([
    ["/missing", 404, "error-status"],
    ["/broken", 503, "error-status"],
    ["/moved", 302, "redirect"],
  ])("says uncacheable for %s, cached or not", async (path, status, code) => {
    for (let time = 0; time < 2; time += 1) {
      const row = await testEdge().one(url(path));
      expect(row).toMatchObject({ state: "uncacheable", status, reason: `The CDN answers with status ${status}.` });
      expect(row.obstacles[0]?.code).toBe(code);
    }
  });

  it("returns the state of each variant when Vary separates them", async () => {
    const edge = testEdge({ variants: [{ "Accept-Encoding": "gzip" }, { "accept-encoding": "identity" }] });
    await warm("/variants");
    const rows = await edge.verify(url("/variants"), new AbortController().signal);
    expect(rows.map(({ state, variant }) => [state, variant])).toEqual([
      ["warm", "variant 1 (accept-encoding)"],
      ["warm", "variant 2 (accept-encoding)"],
    ]);
    const cold = await edge.verify(url("/variants-cold"), new AbortController().signal);
    expect(cold.map(({ state }) => state)).toEqual(["cold", "unknown"]);
    expect(cold[1]?.reason).toContain("request for another variant may have put it there");
  });

  it("tells expired, stale and revalidated copies apart", async () => {
    // nginx cached this path last, so every other path has expired by then. A hit does not extend its lifetime.
    await vi.waitFor(async () => expect(await cacheStatus("/last-aged?max-age=1")).toBe("EXPIRED"), { timeout: 15_000, interval: 100 });
    expect(await testEdge().one(url("/expired?max-age=1"))).toMatchObject({
      state: "cold",
      reason: expect.stringMatching(
        /^The cached copy had expired, so the CDN fetched it again for the first answer\. This check's own request/,
      ),
      evidence: ["x-cache-status: EXPIRED", "cache-control: max-age=1", "x-cache-status: HIT"],
      obstacles: [{ code: "short-lived" }],
    });
    expect(await testEdge().one(url("/stale/?max-age=1"))).toMatchObject({
      state: "warm",
      reason: expect.stringContaining("Its lifetime has expired (stale)"),
      evidence: ["x-cache-status: STALE", "cache-control: max-age=1"],
    });
    expect(await testEdge().one(url("/revalidated/?max-age=1"))).toMatchObject({
      state: "warm",
      reason: expect.stringContaining("confirmed that it has not changed"),
      evidence: ["x-cache-status: REVALIDATED", "cache-control: max-age=1"],
    });
  });
});
