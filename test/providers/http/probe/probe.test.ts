/** Checks of one URL at one place over real connections. */

import { createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { createAddressGuard } from "../../../../src/providers/http/net/address-guard.ts";
import { HERE, skippingClock, testEdge } from "../edges-harness.ts";
import { type Dialect, dialects, fakeCdn } from "../fake-cdn-harness.ts";
import { canary, closeAfterwards } from "../network-harness.ts";

const ONE_ROUND = ["HEAD", "GET bytes=0-0", "GET"];

function impatientEdge(answerMs: number) {
  const guard = createAddressGuard({ allowLoopback: true, lookup: async () => [HERE], connectMs: answerMs, answerMs });
  closeAfterwards(() => guard.close());
  return testEdge({ guard });
}

describe("a check of a CDN that caches", () => {
  it.each([
    ["cloudflare", { layer: "edge", pop: "FRA", ageS: 100 }, "cf-cache-status: HIT"],
    ["fastly", { layer: "edge", pop: "FRA" }, "x-cache: MISS, HIT"],
    ["cloudfront", { layer: "unknown", pop: "FRA60" }, "x-cache: Hit from cloudfront"],
    ["huawei", { layer: "edge" }, "x-hcs-proxy-type: 1"],
    ["alibaba", { layer: "edge" }, "x-cache: HIT TCP_MEM_HIT dirn:1:2"],
    ["netlify", { layer: "edge", ttlS: 30 }, 'cache-status: "Netlify Edge"; hit; ttl=30'],
  ] as const)("says warm after one HEAD and cold after a miss: %s", async (id, facts, line) => {
    const cdn = await fakeCdn(dialects[id]);
    cdn.hold("/held");
    const edge = testEdge();
    const warm = await edge.one(cdn.url("/held"));
    expect(warm).toMatchObject({ state: "warm", status: 200, ...facts, cdn: { id, confidence: "certain", by: "headers" } });
    expect(warm.evidence).toContain(line);
    expect(cdn.asked).toEqual(["HEAD"]);
    const cold = await edge.one(cdn.url("/new"));
    expect(cold).toMatchObject({ state: "cold", status: 200, obstacles: [], cdn: { id } });
    expect(cold.reason).toContain("own request has filled the cache");
    expect(cold).not.toHaveProperty("layer");
    expect(cdn.asked.slice(1)).toEqual(["HEAD", "GET bytes=0-0"]);
    expect(edge.slept).toEqual([]);
    // HEAD and range leave the connection open. Only a whole GET, which is cut off, would close it.
    expect(cdn.connections).toBe(1);
  });

  it("names the provider that serves the CDN best", async () => {
    const providers = new Map<string, string | undefined>();
    for (const id of ["huawei", "alibaba", "cloudflare"] as const) {
      const cdn = await fakeCdn(dialects[id]);
      providers.set(id, (await testEdge().one(cdn.url("/a"))).cdn?.provider);
    }
    expect(Object.fromEntries(providers)).toEqual({ huawei: "huawei-cdn", alibaba: "alibaba-cdn", cloudflare: "http" });
  });

  it("says warm-parent-only when the tier behind the edge answers first, after one more request", async () => {
    const cdn = await fakeCdn((found) => ({
      server: "cloudflare",
      "cf-cache-status": "HIT",
      ...(found && found.ageS < 50 && { age: "7" }),
    }));
    cdn.hold("/a", 60);
    const edge = testEdge();
    expect(await edge.one(cdn.url("/a"))).toMatchObject({
      state: "warm-parent-only",
      layer: "parent",
      obstacles: [],
      reason: expect.stringContaining("still did not"),
    });
    expect(cdn.forget()).toEqual(["HEAD", "HEAD"]);
    expect(edge.slept).toEqual([650]);
    let nth = 0;
    const filling = await fakeCdn(() => {
      nth += 1;
      return { server: "cloudflare", "cf-cache-status": "HIT", ...(nth > 1 && { age: "7" }) };
    });
    const row = await edge.one(filling.url("/a"));
    expect(row).toMatchObject({ state: "warm-parent-only", layer: "parent", reason: expect.stringContaining("The edge has had it since") });
    expect(await edge.one(filling.url("/a"))).toMatchObject({ state: "warm", layer: "edge" });
  });

  it("names no CDN when any server may send the same headers", async () => {
    const cdn = await fakeCdn(dialects.varnish);
    cdn.hold("/a");
    const row = await testEdge().one(cdn.url("/a"));
    expect(row).toMatchObject({ state: "warm", layer: "unknown" });
    expect(row).not.toHaveProperty("cdn");
    expect(row.reason).toMatch(/^The CDN served it/);
  });

  it("compares the age with the check when no other header mentions a cache", async () => {
    const { clock } = skippingClock();
    const cdn = await fakeCdn(dialects.plain, clock.now);
    cdn.hold("/held", 30);
    expect(await testEdge({ clock }).one(cdn.url("/held"))).toMatchObject({
      state: "warm",
      ageS: 30,
      layer: "unknown",
      evidence: ["age: 30"],
    });
    // After three rounds with long waits the copy is older than a second and younger than the check.
    const row = await testEdge({ clock, random: () => 0.99 }).one(cdn.url("/new"));
    expect(row).toMatchObject({ state: "cold", reason: expect.stringContaining("after this check began") });
  });

  it("says warm when another server at the same place held the object", async () => {
    let nth = 0;
    const server = await canary({
      answer: (_, response) => {
        nth += 1;
        response
          .writeHead(200, { "cache-control": "max-age=60", ...(nth === 1 ? { "x-cache": "MISS" } : { "x-cache": "HIT", age: "400" }) })
          .end("x");
      },
    });
    const row = await testEdge().one(`http://media.example:${server.port}/`);
    expect(row).toMatchObject({ state: "warm", ageS: 400, reason: expect.stringContaining("another server at the same place held it") });
  });
});

describe("the requests of a check", () => {
  it("are three a round, in three rounds with a wait in between", async () => {
    const cdn = await fakeCdn(dialects.silent);
    for (const [random, wait] of [
      [0, 300],
      [0.999_999, 1_000],
    ] as const) {
      const edge = testEdge({ random: () => random });
      const row = await edge.one(cdn.url("/a"));
      expect(row).toMatchObject({ state: "unknown", status: 200, evidence: ["no age, cache-status, x-cache header"], obstacles: [] });
      expect(row.reason).toMatch(
        /^No header says whether it came from a cache\. The first byte arrived after \d+ ms, then after \d+ ms, which proves nothing\.$/,
      );
      expect(cdn.forget()).toEqual([...ONE_ROUND, ...ONE_ROUND, ...ONE_ROUND]);
      expect(edge.slept.map(Math.round)).toEqual([wait, wait]);
    }
  });

  it("carry the configured headers and those of the variant only", async () => {
    const cdn = await fakeCdn(dialects.silent);
    await testEdge({ headers: { "User-Agent": "mine" }, variants: [{ ORIGIN: "https://player.example" }] }).one(cdn.url("/a"));
    for (const headers of cdn.headers) {
      const { host: _, connection: __, range: ___, ...own } = headers;
      expect(own).toEqual({ "user-agent": "mine", origin: "https://player.example" });
    }
  });

  it("cut off a long body", async () => {
    let sent = 0;
    const server = await canary({
      answer: (request, response) => {
        response.writeHead(200, { "cache-control": "max-age=60", "x-cache": "MISS" });
        if (request.method === "HEAD") return void response.end();
        const more = (): void => {
          if (response.destroyed) return;
          sent += 65_536;
          if (response.write(Buffer.alloc(65_536))) setImmediate(more);
          else response.once("drain", more);
        };
        more();
      },
    });
    expect(await testEdge().one(`http://media.example:${server.port}/`)).toMatchObject({ state: "cold" });
    expect(sent).toBeLessThan(50 * 1_048_576);
  });

  it("continue with GET when HEAD is refused or breaks off", async () => {
    for (const refuse of [501, 403, 0]) {
      const server = await canary({
        answer: (request, response) => {
          if (request.method !== "HEAD")
            return void response.writeHead(200, { "x-cache": "HIT", age: "90", "cache-control": "max-age=300" }).end("x");
          if (refuse === 0) return void request.socket.destroy();
          response.writeHead(refuse).end();
        },
      });
      expect(await testEdge().one(`http://media.example:${server.port}/`)).toMatchObject({ state: "warm", status: 200 });
      expect(server.requests).toHaveLength(2);
    }
  });

  it("carry debug headers from the second round on for vendors that support them", async () => {
    for (const [id, name] of [
      ["akamai", "pragma"],
      ["fastly", "fastly-debug"],
      ["cloudflare", "pragma"],
      ["varnish", "fastly-debug"],
    ] as const) {
      // The vendor is recognised but silent about its cache, so the check needs all rounds.
      const marks = {
        akamai: { server: "AkamaiGHost" },
        fastly: { "x-timer": "S1.1,VS0" },
        cloudflare: { server: "cloudflare" },
        varnish: { via: "1.1 varnish" },
      };
      const cdn = await fakeCdn(() => marks[id]);
      expect((await testEdge().one(cdn.url("/a"))).state).toBe("unknown");
      const rounds = cdn.headers.map((headers) => Object.hasOwn(headers, name));
      const expected = id === "akamai" || id === "fastly";
      expect(rounds).toEqual([false, false, false, expected, expected, expected, expected, expected, expected]);
    }
  });

  it("get a cache status too late when only debug headers reveal it", async () => {
    const cdn = await fakeCdn(dialects.akamai);
    cdn.hold("/a");
    expect(await testEdge().one(cdn.url("/a"))).toMatchObject({
      state: "unknown",
      layer: "edge",
      reason: expect.stringContaining("may have put it there"),
    });
  });
});

describe("the evidence of a check", () => {
  it("has few and short lines without cookies, keys and tokens", async () => {
    const loud: Dialect = () => ({
      "x-cache-status": "MISS",
      "cache-control": `private, no-store, x="${"y".repeat(400)}"`,
      "set-cookie": "session=abc",
      location: "/?token=abc",
      vary: "*",
      via: Array.from({ length: 9 }, (_, nth) => `1.1 host${nth}?token=abc`).join(", "),
    });
    const row = await testEdge().one((await fakeCdn(loud)).url("/a?token=abc"));
    expect(row).toMatchObject({ state: "uncacheable" });
    expect(row.evidence.length).toBeLessThanOrEqual(6);
    for (const line of row.evidence) expect(line.length).toBeLessThanOrEqual(200);
    expect(JSON.stringify([row.evidence, row.reason, row.obstacles])).not.toContain("abc");
    expect(row.obstacles.map(({ code }) => code)).toEqual(["no-store", "private", "set-cookie", "vary-any"]);
  });

  it("names a cookie as the obstacle, unless the CDN caches the object anyway", async () => {
    const cookie = { "set-cookie": "a=b" };
    const never = await fakeCdn(() => ({ ...cookie, "x-cache": "MISS" }));
    expect(await testEdge().one(never.url("/a"))).toMatchObject({ state: "uncacheable", obstacles: [{ code: "set-cookie" }] });
    const kept = await fakeCdn((found) => ({ ...cookie, "x-cache": found ? "HIT" : "MISS" }));
    expect(await testEdge().one(kept.url("/a"))).toMatchObject({ state: "cold" });
    expect(await testEdge().one(kept.url("/a"))).toMatchObject({ state: "warm", obstacles: [] });
  });
});

describe("a check without an answer says unknown, with the reason,", () => {
  it("for a closed port", async () => {
    const { port, close } = await canary();
    await close();
    const row = await testEdge().one(`http://media.example:${port}/`);
    expect(row).toEqual({
      url: `http://media.example:${port}/`,
      state: "unknown",
      reason:
        "The connection to media.example failed (ECONNREFUSED). Check that the host exists and is up, and the DNS and firewall of this machine.",
      obstacles: [],
      evidence: [],
    });
  });

  it("for an answer that never comes or breaks off", async () => {
    const silent = await canary({ answer: () => undefined });
    const row = await impatientEdge(200).one(`http://media.example:${silent.port}/`);
    expect(row).toMatchObject({ state: "unknown", reason: expect.stringContaining("did not answer in time") });
    expect(silent.requests.map((line) => line.split(" ")[0])).toEqual(["HEAD", "GET"]);
    const broken = await canary({ answer: (request) => void request.socket.destroy() });
    expect(await testEdge().one(`http://media.example:${broken.port}/`)).toMatchObject({
      state: "unknown",
      reason: expect.stringContaining("broke off before its answer was whole"),
    });
  });

  it("for a port without TLS", async () => {
    const { port } = await canary();
    expect(await testEdge().one(`https://media.example:${port}/`)).toMatchObject({
      state: "unknown",
      reason: expect.stringMatching(/does not speak TLS there .* scheme/),
    });
  });

  it.each(["http://10.0.0.5/", "http://media.example:22/", "ftp://media.example/", "no url", "http://user:secret@media.example/"])(
    "for %s",
    async (url) => {
      const guard = createAddressGuard({ lookup: async () => [HERE] });
      closeAfterwards(() => guard.close());
      const row = await testEdge({ guard }).one(url);
      expect(row).toMatchObject({ url, state: "unknown", obstacles: [], evidence: [] });
      expect(row.reason).toMatch(/\S/);
      expect(row.reason).not.toContain("secret");
    },
  );

  it("for invalid request headers", async () => {
    const { port } = await canary();
    const row = await testEdge({ headers: { "x-bad": "a\nb" } }).one(`http://media.example:${port}/`);
    expect(row).toMatchObject({ state: "unknown", reason: expect.stringContaining("cannot be made") });
  });
});

describe("an aborted check rejects with the signal's reason", () => {
  const reason = new Error("enough");

  it("before it begins, while it waits for an answer, and between rounds", async () => {
    const cdn = await fakeCdn(dialects.silent);
    await expect(testEdge().verify(cdn.url("/a"), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(cdn.asked).toEqual([]);

    const waiting = new AbortController();
    const silent = await canary({ answer: () => waiting.abort(reason) });
    await expect(testEdge().verify(`http://media.example:${silent.port}/`, waiting.signal)).rejects.toBe(reason);

    const between = new AbortController();
    const { clock } = skippingClock();
    const sleep: typeof clock.sleep = async (_ms, signal) => {
      between.abort(reason);
      signal?.throwIfAborted();
    };
    await expect(testEdge({ clock: { ...clock, sleep } }).verify(cdn.url("/a"), between.signal)).rejects.toBe(reason);
    expect(cdn.asked).toEqual(ONE_ROUND);
  });

  it("during the CNAME look-up, and while it waits for a slot", async () => {
    const cdn = await fakeCdn(dialects.silent);
    const stop = new AbortController();
    const looking = testEdge({ resolveCname: () => new Promise(() => stop.abort(reason)) });
    await expect(looking.verify(cdn.url("/a"), stop.signal)).rejects.toBe(reason);

    const held = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => held.listen(0, HERE, resolve));
    closeAfterwards(() => held.close());
    const address = held.address();
    const url = `http://media.example:${typeof address === "object" ? address?.port : 0}/`;
    const edge = testEdge({ urlsPerHost: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const asking = [edge.verify(url, first.signal), edge.verify(url, second.signal)].map((work) => work.catch((error: unknown) => error));
    await vi.waitFor(
      () => new Promise<void>((resolve, reject) => held.getConnections((_, count) => (count === 1 ? resolve() : reject(count)))),
      { timeout: 10_000 },
    );
    second.abort(reason);
    expect(await asking[1]).toBe(reason);
    first.abort(new Error("me too"));
    expect(await asking[0]).toMatchObject({ message: "me too" });
  });
});
