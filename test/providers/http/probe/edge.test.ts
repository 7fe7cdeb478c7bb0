/** `Edge.verify`: the rows of a check, and the limits that concurrent checks share. */

import { describe, expect, it } from "vitest";
import type { Verification } from "../../../../src/prefetch/model/edge.ts";
import { neverAborted as never } from "../../../fakes/signal.ts";
import { HERE, testEdge } from "../edges-harness.ts";
import { dialects, fakeCdn } from "../fake-cdn-harness.ts";
import { canary } from "../network-harness.ts";
import { startOrigin } from "../origin-harness.ts";

const akamaiName = async (host: string): Promise<string[]> => (host === "media.example" ? ["media.example.edgekey.net"] : []);

describe("Edge.verify", () => {
  it("returns a row for each PoP and sends the URL's host name to each", async () => {
    const [fra, sin] = [await fakeCdn(dialects.cloudflare), await fakeCdn(dialects.cloudflare)];
    // A young copy, but of the edge's own cache: the request at the other PoP cannot have filled it.
    fra.hold("/a", 1);
    const pops = [
      { name: "fra", address: HERE, port: fra.port },
      { name: "sin", address: "::ffff:127.0.0.1", port: sin.port },
    ];
    const rows = await testEdge({ pops }).verify("http://media.example/a", never);
    expect(rows.map(({ edge, state, url, variant }) => [edge, state, url, variant])).toEqual([
      ["fra", "warm", "http://media.example/a", undefined],
      ["sin", "cold", "http://media.example/a", undefined],
    ]);
    expect(rows[0]).not.toHaveProperty("variant");
    expect([...fra.requests, ...sin.requests]).toEqual(Array(3).fill(expect.stringMatching(/^(HEAD|GET) media\.example \/a$/)));
  });

  it("labels each variant with the names of the headers that differ", async () => {
    const cdn = await fakeCdn((_, { headers }) => ({ "x-cache-status": headers.origin ? "HIT" : "BYPASS" }));
    const variants: readonly Record<string, string>[] = [
      { Origin: "https://a.example", Accept: "*/*", "X-Api-Key": "k1" },
      { accept: "*/*", "x-api-key": "k2" },
    ];
    const rows = await testEdge({ variants }).verify(cdn.url("/a"), never);
    expect(rows.map(({ state, variant }) => [state, variant])).toEqual([
      ["warm", "variant 1 (origin, x-api-key)"],
      ["uncacheable", "variant 2 (no origin, x-api-key)"],
    ]);
    expect(rows[0]).not.toHaveProperty("edge");
  });

  it("returns a row for each PoP and variant, even if one PoP fails", async () => {
    const cdn = await fakeCdn(dialects.cloudflare);
    cdn.hold("/a");
    const pops = [
      { name: "here", address: HERE, port: cdn.port },
      { name: "inner", address: "10.0.0.5" },
    ];
    const edge = testEdge({ pops, variants: [{ "accept-encoding": "br" }, { "accept-encoding": "gzip" }] });
    const rows = await edge.verify("http://media.example/a", never);
    expect(rows).toHaveLength(edge.rowsPerUrl);
    expect(rows.map(({ edge, variant, state }) => `${edge} ${variant} ${state}`)).toEqual([
      "here variant 1 (accept-encoding) warm",
      "here variant 2 (accept-encoding) warm",
      "inner variant 1 (accept-encoding) unknown",
      "inner variant 2 (accept-encoding) unknown",
    ]);
    expect(rows[3]?.reason).toContain("PoP inner is pinned to 10.0.0.5, which is not a public address");
    const literal = await testEdge({ pops: pops.slice(0, 1) }).one(`http://${HERE}:${cdn.port}/a`);
    expect(literal).toMatchObject({ state: "unknown", edge: "here", reason: expect.stringContaining("cannot stand in for 127.0.0.1") });
  });

  describe("with PoPs that share a cache behind them", () => {
    const pops = async (headers: (atParent: boolean) => Readonly<Record<string, string>>) => {
      const parent = new Set<string>();
      const edges = [0, 1].map(async (nth) => {
        const own = new Set<string>();
        const cdn = await canary({
          answer: ({ url = "" }, response) => {
            const [isHere, isBehind] = [own.has(url), parent.has(url)];
            for (const store of [own, parent]) store.add(url);
            const found = isHere || isBehind ? headers(!isHere) : { "cache-status": "Parent; fwd=miss, Edge; fwd=miss", "x-cache": "MISS" };
            response.writeHead(200, { "cache-control": "max-age=60", "content-length": 0, ...found }).end();
          },
        });
        return { name: String(nth), address: HERE, port: cdn.port };
      });
      return { parent, edge: testEdge({ pops: await Promise.all(edges) }) };
    };
    const states = (rows: readonly Verification[]) => rows.map(({ state }) => state).sort();

    it("does not call a PoP warm when the check filled the shared cache through another PoP", async () => {
      const { edge } = await pops(() => ({ "x-cache": "HIT" }));
      expect(states(await edge.verify("http://media.example/a", never))).toEqual(["cold", "unknown"]);
      const told = await pops((atParent) => ({ "cache-status": atParent ? "Parent; hit, Edge; fwd=miss" : "Edge; hit" }));
      expect(states(await told.edge.verify("http://media.example/a", never))).not.toContain("warm-parent-only");
    });

    it("calls a PoP warm when no PoP had to fetch, or when the age is older than the check", async () => {
      const { edge, parent } = await pops(() => ({ "x-cache": "HIT" }));
      parent.add("/a");
      expect(states(await edge.verify("http://media.example/a", never))).toEqual(["warm", "warm"]);
      const aged = await pops(() => ({ "x-cache": "HIT", age: "500" }));
      expect(states(await aged.edge.verify("http://media.example/a", never))).not.toContain("unknown");
    });
  });

  it("does not call a variant warm when the request for the variant before may have filled the cache", async () => {
    const silent = { "accept-encoding": "identity" };
    const variants = [{ "accept-encoding": "gzip" }, silent];
    const shared = await fakeCdn(dialects.cloudfront);
    expect((await testEdge({ variants }).verify(shared.url("/a"), never)).map(({ state }) => state)).toEqual(["cold", "unknown"]);
    const third = [...variants, { "accept-encoding": "br" }];
    expect((await testEdge({ variants: third }).verify(shared.url("/b"), never)).map(({ state }) => state)).toEqual([
      "cold",
      "unknown",
      "unknown",
    ]);
    const aged = await fakeCdn((found, { headers }) => ({
      ...dialects.cloudflare(headers["accept-encoding"] === "identity" ? { ageS: 900 } : found),
    }));
    expect((await testEdge({ variants }).verify(aged.url("/a"), never)).map(({ state }) => state)).toEqual(["cold", "warm"]);
    // A later check finds both variants in the cache.
    expect((await testEdge({ variants }).verify(shared.url("/a"), never)).map(({ state }) => state)).toEqual(["warm", "warm"]);
  });
});

describe("Edge.verify, recognising the CDN,", () => {
  it("uses the CNAME when headers name no CDN, and resolves it once", async () => {
    const asked: string[] = [];
    const resolveCname = (host: string): Promise<string[]> => {
      asked.push(host);
      return akamaiName(host);
    };
    const cdn = await fakeCdn(
      (_, { headers }): Record<string, string> =>
        headers.pragma ? { "x-cache": "TCP_MISS from a1-2-3-4.deploy.akamaitechnologies.com" } : {},
    );
    const edge = testEdge({ resolveCname });
    const [row] = await Promise.all([edge.one(cdn.url("/a")), edge.one(cdn.url("/b")), edge.one(cdn.url("/c", "other.example"))]);
    expect(row?.cdn).toEqual({ id: "akamai", name: "Akamai", confidence: "certain", by: "cname", provider: "http" });
    // Debug headers go to a vendor that a CNAME named, too.
    expect(row).toMatchObject({ state: "cold", obstacles: [{ code: "stays-a-miss" }] });
    expect(asked.toSorted()).toEqual(["media.example", "media.example.edgekey.net", "other.example"]);
  });

  it("prefers certain headers to the CNAME, and the CNAME to a guess", async () => {
    const guessed = await fakeCdn(dialects.varnish);
    expect((await testEdge({ resolveCname: akamaiName }).one(guessed.url("/a"))).cdn).toMatchObject({ id: "akamai", by: "cname" });
    const certain = await fakeCdn(dialects.cloudflare);
    expect((await testEdge({ resolveCname: akamaiName }).one(certain.url("/a"))).cdn).toMatchObject({ id: "cloudflare", by: "headers" });
    const unknown = await fakeCdn(dialects.silent);
    expect(await testEdge().one(unknown.url("/a"))).not.toHaveProperty("cdn");
  });
});

describe("Edge.verify, with many URLs of one host,", () => {
  it.each([
    [undefined, 4],
    [2, 2],
  ])("limits the concurrent requests over all checks (urlsPerHost %s)", async (perHost, most) => {
    const origin = await startOrigin((_, response) => void setTimeout(() => response.writeHead(200, { "x-cache": "HIT" }).end("x"), 5));
    const edge = testEdge({ urlsPerHost: perHost });
    const hosts = ["media.example", "other.example"];
    const urls = Array.from({ length: 40 }, (_, nth) => origin.url(`/${nth}`, hosts[nth % 2]));
    const rows = await Promise.all(urls.map((url) => edge.one(url)));
    expect(rows.every(({ state }) => state === "warm")).toBe(true);
    expect([...origin.most.values()]).toEqual([most, most]);
  });

  it("finishes one URL before it begins the next, so a call that is cut short has results", async () => {
    const origin = await startOrigin((_, response) => void response.writeHead(200, { "cache-control": "max-age=60" }).end("x"));
    const edge = testEdge({ urlsPerHost: 1 });
    const urls = Array.from({ length: 5 }, (_, nth) => origin.url(`/${nth}`, "media.example"));
    await Promise.all(urls.map((url) => edge.one(url)));
    // Without repetitions, the paths are in order: no URL is interrupted by another.
    const order = origin.seen.filter((path, nth) => path !== origin.seen[nth - 1]);
    expect(order).toEqual(["/0", "/1", "/2", "/3", "/4"]);
    expect(origin.seen.length).toBeGreaterThan(5 * 3);
  });
});

describe("Edge.verify, with a host that does not answer,", () => {
  it("checks other hosts, however many of its URLs wait", async () => {
    const silent = await canary({ answer: () => undefined });
    const origin = await startOrigin((_, response) => void response.writeHead(200, { "x-cache": "HIT" }).end("x"));
    const edge = testEdge();
    const stop = new AbortController();
    const waiting = Array.from({ length: 200 }, (_, nth) => edge.verify(`http://silent.example:${silent.port}/${nth}`, stop.signal));
    expect(await edge.one(origin.url("/a", "media.example"))).toMatchObject({ state: "warm" });
    expect(silent.requests.length).toBeLessThanOrEqual(4);
    stop.abort(new Error("Enough"));
    const ended = await Promise.allSettled(waiting);
    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
  });
});

describe("Edge.verify, with a wide Vary,", () => {
  it("says warm and lists Vary as an obstacle", async () => {
    const origin = await startOrigin((_, response) =>
      response.writeHead(200, { "x-cache-status": "HIT", vary: "Cookie, User-Agent", "cache-control": "max-age=60" }).end("x"),
    );
    const row = await testEdge().one(origin.url("/a", "media.example"));
    expect(row).toMatchObject({ state: "warm", obstacles: [{ code: "vary-wide", change: expect.stringContaining("Vary") }] });
  });
});
