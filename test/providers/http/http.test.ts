/** What is told of a URL: the provider over real sockets, before servers that do all that servers do. */

import type { IncomingMessage, ServerResponse } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Headers } from "../../../src/providers/http/http.ts";
import { directContract } from "../../contract/direct.ts";
import { startOrigin } from "./origin-harness.ts";
import { hastyClock, numbered, statesIn, until, urlsIn, warming } from "./warming-harness.ts";

/** Cacheable, and from behind the cache. */
const fresh = { "cache-control": "public, max-age=60" };

directContract({
  name: "http",
  start: async () => {
    const asked: string[] = [];
    const origin = await startOrigin((request, response) => {
      asked.push(origin.url(request.url ?? ""));
      if (request.url === "/missing") response.writeHead(404).end();
      else if (request.url === "/endless") response.writeHead(200, fresh).flushHeaders();
      else response.writeHead(200, fresh).end("content");
    });
    const { provider } = warming();
    return {
      provider,
      goodUrls: (count) => numbered(count, origin.url),
      badUrl: origin.url("/missing"),
      foreignUrl: "http://10.0.0.1/",
      endlessUrl: origin.url("/endless"),
      bytes: 7,
      asked: () => asked,
      secrets: [],
      close: () => provider.close(),
    };
  },
});

describe("a URL", () => {
  it("is fetched whole, once, and told of once with what was seen", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, fresh).end(Buffer.alloc(200_000)));
    const urls = numbered(100, origin.url);
    const { warm } = warming();
    const { told, bytes, submission, turns } = await warm(urls);
    expect(submission).toEqual({ vendorTaskIds: [], refused: [] });
    expect(urlsIn(told)).toEqual([...urls].sort());
    expect(new Set(told.map(({ state, reason, code }) => `${state} ${code} ${reason}`))).toEqual(
      new Set(["succeeded undefined Received 200,000 bytes; cache status unknown."]),
    );
    expect([bytes, turns]).toEqual([20_000_000, 1]);
    expect([...origin.seen].sort()).toEqual(urls.map((url) => new URL(url).pathname).sort());
  });

  it("is asked for as a viewer would, under the server's own name", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(request.headers);
      response.end("x");
    });
    await warming({ userAgent: "cdn-prefetch-mcp/1" }).outcomeOf(origin.url("/a?b=c"));
    expect(origin.seen).toEqual(["/a?b=c"]);
    expect(seen).toMatchObject([{ "user-agent": "cdn-prefetch-mcp/1", accept: "*/*", "accept-encoding": "gzip, deflate, br" }]);
    expect(seen[0]).not.toHaveProperty("cookie");
  });

  it("that is in the cache already is warm, whatever its origin says", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { age: "30", "cache-control": "no-store" }).end("x"));
    expect(await warming().outcomeOf(origin.url("/"))).toEqual({
      url: origin.url("/"),
      state: "succeeded",
      reason: "Received 1 byte; already in the cache.",
    });
  });

  it.each([
    [404, "not_found"],
    [410, "not_found"],
    [403, "forbidden"],
    [401, "forbidden"],
    [400, "http_error"],
    [206, "http_error"],
    [500, "vendor_unavailable"],
    [503, "vendor_unavailable"],
    [429, "rate_limited"],
    [302, "redirect"],
  ])("that is answered with %i has failed as %s, even if a cache keeps that", async (status, code) => {
    const origin = await startOrigin((_, response) => response.writeHead(status, { age: "30", ...fresh }).end("content"));
    const { told, bytes } = await warming({ limits: { requestsPerHost: 1 } }).warm([origin.url("/a")]);
    expect(told).toEqual([{ url: origin.url("/a"), state: "failed", code, reason: expect.stringContaining(`status ${status}`) }]);
    expect(bytes).toBe(7 * origin.seen.length);
  });

  it.each([
    [
      "ends before its declared length",
      (response: ServerResponse) => {
        response.writeHead(200, { ...fresh, "content-length": 100 }).write("half");
        setImmediate(() => response.destroy());
      },
    ],
    [
      "breaks off between chunks",
      (response: ServerResponse) => {
        response.writeHead(200, fresh).write("half");
        setImmediate(() => response.destroy());
      },
    ],
    ["never begins", (response: ServerResponse) => response.destroy()],
  ])("whose answer %s has failed, after as many attempts as others get", async (_, answer) => {
    const origin = await startOrigin((_request, response) => answer(response));
    expect(await warming().outcomeOf(origin.url("/a"))).toMatchObject({ state: "failed", code: "vendor_unavailable" });
    expect(origin.seen).toHaveLength(3);
  });

  it("whose answer breaks off once is warm when it comes whole the next time", async () => {
    const origin = await startOrigin((_, response, nth) => {
      if (nth > 1) return void response.writeHead(200, fresh).end("content");
      response.writeHead(200, { ...fresh, "content-length": 7 }).write("con");
      setImmediate(() => response.destroy());
    });
    expect(await warming().outcomeOf(origin.url("/a"))).toMatchObject({
      state: "succeeded",
      reason: expect.stringContaining("Received 7 bytes"),
    });
  });

  it("whose answer does not begin, or does not go on, for too long is asked for again", async () => {
    const origin = await startOrigin((request, response, nth) => {
      if (nth > 1) response.writeHead(200, fresh).end("whole");
      else if (request.url === "/half") response.writeHead(200, fresh).write("half");
    });
    const { told, bytes } = await warming({ answerMs: 30 }).warm(["/half", "/none"].map((path) => origin.url(path)));
    expect([statesIn(told), bytes]).toEqual([{ succeeded: 2 }, 14]);
    expect([...origin.seen].sort()).toEqual(["/half", "/half", "/none", "/none"]);
  });

  it("whose host does not exist has failed, and one where nobody listens", async () => {
    const { outcomeOf } = warming({
      lookup: async (hostname) => {
        if (hostname === "nowhere.test") throw Object.assign(new Error("It does not exist"), { code: "ENOTFOUND" });
        return ["127.0.0.1"];
      },
    });
    expect(await outcomeOf("https://nowhere.test/a")).toMatchObject({ state: "failed", code: "vendor_unavailable" });
    expect(await outcomeOf("http://closed.test:1/a")).toMatchObject({ state: "failed", code: "vendor_unavailable" });
  });

  it.each(["http://10.0.0.1/a", "http://[fd00::1]/a", "http://169.254.169.254/a"])(
    "at a private address is not asked for: %s",
    async (url) => {
      const { provider, outcomeOf } = warming();
      expect(await outcomeOf(url)).toMatchObject({ state: "rejected", code: "forbidden_domain" });
      expect(provider.refusalOf?.(url)).toMatchObject({ code: "forbidden_domain" });
    },
  );

  it("whose name leads to a private address is not asked for, which is found out only then", async () => {
    const { provider, outcomeOf } = warming({ lookup: async () => ["10.0.0.1"] });
    expect(provider.refusalOf?.("https://rebound.test/a")).toBeUndefined();
    const outcome = await outcomeOf("https://rebound.test/a");
    expect(outcome).toMatchObject({ state: "rejected", code: "forbidden_domain", reason: expect.stringContaining("10.0.0.1") });
  });

  it("of a host that is not listed is refused beforehand", () => {
    const { provider } = warming({ allowedDomains: ["*.example.com"] });
    expect(provider.refusalOf?.("https://media.example.com/a")).toBeUndefined();
    expect(provider.refusalOf?.("https://example.org/a")).toMatchObject({ code: "forbidden_domain" });
  });
});

describe("an answer that should not be cached", () => {
  const uncacheable: readonly (readonly [string, Record<string, string>])[] = [
    ["no-store", { "cache-control": "no-store" }],
    ["private", { "cache-control": "private, max-age=60" }],
    ["a cookie", { ...fresh, "set-cookie": "a=b" }],
    ["Vary: *", { ...fresh, vary: "*" }],
    ["a lifetime of zero", { "cache-control": "max-age=0" }],
  ];

  it.each(uncacheable)("has failed, and the reason says what to change: %s", async (_, headers) => {
    const methods: string[] = [];
    const origin = await startOrigin((request, response) => {
      methods.push(request.method ?? "");
      response.writeHead(200, headers).end("x");
    });
    const outcome = await warming().outcomeOf(origin.url("/"));
    expect(outcome).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(outcome.reason).toMatch(/^Received 1 byte; .+\. [A-Z].+\. [A-Z].+\.$/);
    expect(methods).toEqual(["GET", "HEAD"]);
  });

  it.each(uncacheable)("is warm all the same if it then comes from the cache: %s", async (_, headers) => {
    const clock = hastyClock();
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, request.method === "HEAD" ? { ...headers, age: "1" } : headers).end("x");
    });
    expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({
      state: "succeeded",
      reason: "A rule of the CDN stores it, although the origin's headers forbid it.",
    });
    // A cache stores a moment after it has answered.
    expect(clock.slept).toEqual([500]);
  });

  it("is asked for once more in the same way, and where it was led to", async () => {
    const seen: (string | undefined)[] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["accept-encoding"]}`);
      if (request.url === "/a") return void response.writeHead(302, { location: "/b" }).end();
      response.writeHead(200, { "cache-control": "no-store" }).end("x");
    });
    await warming({ redirects: 1, variants: [{ "accept-encoding": "br" }] }).outcomeOf(origin.url("/a"));
    expect(seen).toEqual(["GET /a br", "GET /b br", "HEAD /b br"]);
  });

  it("has failed when an error is all that asking again brings", async () => {
    const origin = await startOrigin((request, response) => {
      response.writeHead(request.method === "HEAD" ? 405 : 200, {
        "cache-control": "no-store",
        ...(request.method === "HEAD" && { age: "9" }),
      });
      response.end("x");
    });
    expect(await warming().outcomeOf(origin.url("/"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(2);
  });

  it("is not fetched again where nobody answers when it is asked for again", async () => {
    const origin = await startOrigin((request, response) => {
      if (request.method === "HEAD") request.socket.destroy();
      else response.writeHead(200, { "cache-control": "no-store" }).end("x");
    });
    expect(await warming().outcomeOf(origin.url("/"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(2);
  });

  it("by the cache's own word is not asked for again", async () => {
    const origin = await startOrigin((_, response) => {
      response
        .writeHead(200, { "cache-control": "no-store", "cf-cache-status": "BYPASS", "cf-ray": "1-FRA", server: "cloudflare" })
        .end("x");
    });
    expect(await warming().outcomeOf(origin.url("/"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(1);
  });
});

describe("a server that asks to wait", () => {
  const waits: readonly (readonly [string, (() => string) | undefined, number, number])[] = [
    ["some seconds", () => "7", 6_900, 7_000],
    ["until a moment", () => new Date(Date.now() + 20_000).toUTCString(), 15_000, 20_000],
    ["until a moment that is past", () => "Thu, 01 Jan 1970 00:00:00 GMT", 0, 0],
    ["longer than anybody waits", () => "99999999999", 59_900, 60_000],
    ["a time that is none", () => "tomorrow", 400, 500],
    ["less than nothing", () => "-5", 0, 0],
    ["no certain time", undefined, 400, 500],
  ];

  it.each(waits)("for %s is given that time, and asked again", async (_, retryAfter, least, most) => {
    const clock = hastyClock();
    const origin = await startOrigin((_request, response, nth) => {
      if (nth === 1) response.writeHead(503, retryAfter && { "retry-after": retryAfter() }).end();
      else response.writeHead(200, fresh).end("x");
    });
    expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({ state: "succeeded" });
    const waited = Math.max(0, ...clock.slept);
    expect(waited).toBeGreaterThanOrEqual(least);
    expect(waited).toBeLessThanOrEqual(most);
  });

  it.each([429, 502, 503, 504])("with %i is asked three times in all, each later than the one before", async (status) => {
    const clock = hastyClock();
    const origin = await startOrigin((_, response) => response.writeHead(status, { "retry-after": "2" }).end());
    expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({ state: "failed" });
    expect(origin.seen).toHaveLength(3);
    expect(clock.slept.map((ms) => Math.round(ms / 1_000))).toEqual([2, 4]);
  });

  it.each([404, 403, 500, 501])("does not include one that answers %i", async (status) => {
    const origin = await startOrigin((_, response) => response.writeHead(status, { "retry-after": "2" }).end());
    await warming().outcomeOf(origin.url("/"));
    expect(origin.seen).toHaveLength(1);
  });
});

describe("a redirect", () => {
  const leading = (to: (path: string) => string | undefined) =>
    startOrigin((request, response) => {
      const location = to(request.url ?? "");
      if (location === undefined) response.writeHead(200, fresh).end("content");
      else response.writeHead(302, { location }).end();
    });

  it("is not followed unless that is wanted, and named with what it leads to but for its query", async () => {
    const origin = await leading(() => "/there?signature=secret");
    const outcome = await warming().outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "redirect", reason: expect.stringContaining("/there. Warm") });
    expect(outcome.reason).not.toContain("secret");
    expect(origin.seen).toEqual(["/a"]);
  });

  it("is followed as often as is wanted, and no oftener", async () => {
    const origin = await leading((path) => (path === "/3" ? undefined : `/${Number(path.slice(1)) + 1}`));
    expect(await warming({ redirects: 3 }).outcomeOf(origin.url("/0"))).toMatchObject({ state: "succeeded" });
    expect(origin.seen).toEqual(["/0", "/1", "/2", "/3"]);
    expect(await warming({ redirects: 2 }).outcomeOf(origin.url("/0"))).toMatchObject({ state: "failed", code: "redirect" });
    expect(origin.seen.slice(4)).toEqual(["/0", "/1", "/2"]);
  });

  it("to another host is followed there", async () => {
    const target = await leading(() => undefined);
    const origin = await leading(() => target.url("/b", "other.test"));
    expect(await warming({ redirects: 1 }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "succeeded", url: origin.url("/a") });
    expect([...target.most.keys()]).toEqual([new URL(target.url("/", "other.test")).host]);
  });

  it.each([
    ["a private address", "http://10.0.0.1/admin"],
    ["the machine's own services", "http://169.254.169.254/latest/meta-data"],
    ["an address in disguise", "http://[::ffff:10.0.0.1]/"],
    ["another scheme", "file:///etc/passwd"],
    ["somebody's password", "http://user:password@example.com/"],
    ["a host that is not listed", "https://elsewhere.example/"],
  ])("to %s is refused", async (_, location) => {
    const origin = await leading(() => location);
    const { outcomeOf } = warming({
      redirects: 5,
      allowedDomains: ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::ffff:a00:1]", "example.com"],
    });
    const outcome = await outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({
      state: "failed",
      code: "unsupported",
      reason: expect.stringMatching(/^The URL redirects to a target that is not allowed: /),
    });
    expect(outcome.reason).not.toContain("password@");
    expect(origin.seen).toEqual(["/a"]);
  });

  it("to nowhere is an answer like others, asked for once", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(302).end());
    expect(await warming({ redirects: 5 }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "failed", code: "redirect" });
    expect(origin.seen).toEqual(["/a"]);
  });

  it("in circles ends", async () => {
    const origin = await leading((path) => (path === "/a" ? "/b" : "/a"));
    expect(await warming({ redirects: 5 }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "failed", code: "redirect" });
    expect(origin.seen).toHaveLength(6);
  });
});

describe("the way in which URLs are asked for", () => {
  it("is HEAD if that is wanted", async () => {
    const methods: (string | undefined)[] = [];
    const origin = await startOrigin((request, response) => {
      methods.push(request.method);
      response.writeHead(200, { ...fresh, "content-length": 1_000 }).end();
    });
    const { warm, provider } = warming({ method: "HEAD" });
    const { told, bytes } = await warm(numbered(3, origin.url));
    expect([statesIn(told), bytes]).toEqual([{ succeeded: 3 }, 0]);
    expect(methods).toEqual(["HEAD", "HEAD", "HEAD"]);
    expect(provider.account).not.toBe("http");
    expect(told[0]?.reason).toBe("HEAD was answered; cache status unknown.");
    expect(provider.reach).not.toContain("in full");
  });

  const variants: readonly Headers[] = [{ "accept-encoding": "br" }, { "accept-encoding": "gzip", "x-device": "tv" }];
  const pops = [
    { name: "paris", address: "127.0.0.1" },
    { name: "oslo", address: "127.0.0.1" },
  ];

  it("is each of the variants through each of the PoPs", async () => {
    const seen: string[] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(`${request.url} ${request.headers["accept-encoding"]} ${request.headers["x-device"]} ${request.headers.host}`);
      response.writeHead(200, fresh).end("x");
    });
    const urls = numbered(3, (path) => origin.url(path, "media.test"));
    const { warm, provider } = warming({ variants, pops });
    const { told, bytes } = await warm(urls);
    const { host } = new URL(urls[0] ?? "");
    const expected = [0, 1, 2].flatMap((path) => ["br undefined", "gzip tv"].flatMap((way) => Array(2).fill(`/${path} ${way} ${host}`)));
    expect(seen.sort()).toEqual(expected.sort());
    expect([statesIn(told), bytes]).toEqual([{ succeeded: 3 }, 12]);
    for (const way of ["paris, accept-encoding: br, no x-device: ", "oslo, accept-encoding: gzip, x-device: tv: "])
      expect(told[0]?.reason).toContain(way);
    expect(provider.reach).toContain("paris, oslo");
  });

  it("is named where it was in vain", async () => {
    const origin = await startOrigin((request, response) =>
      response.writeHead(request.headers["x-device"] === "tv" ? 404 : 200, fresh).end("x"),
    );
    const { told } = await warming({ variants }).warm([origin.url("/a")]);
    expect(told).toMatchObject([
      {
        state: "failed",
        code: "not_found",
        reason: expect.stringMatching(/^accept-encoding: gzip, x-device: tv: The server answered with status 404/),
      },
    ]);
  });

  it("goes on through the others where one PoP does not answer, which is left alone after a while", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, fresh).end("x"));
    const dead = { name: "lima", address: "127.0.0.1", port: 1 };
    const { warm } = warming({ pops: [dead, { name: "oslo", address: "127.0.0.1" }], limits: { minFailureSample: 5, requestsPerHost: 1 } });
    const { told } = await warm(numbered(12, (path) => origin.url(path, "media.test")));
    expect(statesIn(told)).toEqual({ failed: 12 });
    expect(origin.seen).toHaveLength(12);
    expect(told[0]).toMatchObject({
      code: "vendor_unavailable",
      reason: expect.stringMatching(/^lima: The connection to media\.test failed/),
    });
    expect(told.at(-1)?.reason).toMatch(
      /^lima: Not fetched\. 5 of 5 URLs at media\.test:\d+ \(lima\) failed, so the task skips the rest of them\. /,
    );
  });

  it("makes another account, whose batches only servers with the same ways carry out", () => {
    const accounts = [{}, { method: "HEAD" } as const, { variants }, { variants: variants.slice(0, 1) }, { pops }, { pops, variants }].map(
      (more) => warming(more).provider.account,
    );
    expect(new Set(accounts)).toHaveLength(accounts.length);
    expect(warming({ variants }).provider.account).toBe(warming({ variants }).provider.account);
    expect(accounts[0]).toBe("http");
    for (const account of accounts) expect(account).toMatch(/^http(:[0-9a-f]{12})?$/);
  });
});

describe("a call", () => {
  it("that carries an asset, or nowhere to tell of outcomes, is a mistake, and asks for nothing", async () => {
    const { provider } = warming();
    const call = { signal: new AbortController().signal, turn: () => Promise.reject(new Error("It took its turn")) };
    await expect(provider.submit({ kind: "asset", assetId: "a" }, call)).rejects.toMatchObject({
      name: "PrefetchError",
      code: "unsupported",
    });
    await expect(provider.submit({ kind: "urls", urls: ["https://a.example/"] }, call)).rejects.toThrow(TypeError);
  });

  it("asks for nothing before its turn, and for nothing without it", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const { provider } = warming();
    const progress = { taskId: "pf_1", taskBytes: 0, settled: () => undefined, moved: () => undefined };
    const stopped = new PrefetchError("cancelled", "No turn for you");
    const call = { signal: new AbortController().signal, turn: () => Promise.reject(stopped), progress };
    await expect(provider.submit({ kind: "urls", urls: [origin.url("/")] }, call)).rejects.toBe(stopped);
    expect(origin.seen).toEqual([]);
  });

  it("about what a host holds does not wait for what it is warmed with", async () => {
    const origin = await startOrigin((request, response) => {
      if (request.url === "/endless") response.writeHead(200, fresh).flushHeaders();
      else response.writeHead(200, { ...fresh, "x-cache": "HIT" }).end("x");
    });
    const { provider, warm } = warming({ limits: { requestsPerHost: 1 } });
    const stop = new AbortController();
    const warmed = warm([origin.url("/endless")], { signal: stop.signal }).catch(() => "stopped");
    await until(() => origin.seen).toEqual(["/endless"]);
    expect(await provider.edge?.verify(origin.url("/a"), AbortSignal.timeout(2_000))).toMatchObject([{ state: "warm" }]);
    stop.abort(new Error("The test is over"));
    expect(await warmed).toBe("stopped");
  });

  it("whose host wants to be left alone does not wait for a clock that was set back to come there again", async () => {
    const origin = await startOrigin((_, response) => {
      if (origin.seen.length === 1) response.writeHead(503, { "retry-after": "5" }).end();
      else response.writeHead(200, fresh).end("x");
    });
    const slept: number[] = [];
    let now = Date.now();
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += slept.push(ms) === 1 ? -3_600_000 : ms;
      },
    };
    expect(await warming({ clock }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "succeeded" });
    expect(slept).toEqual([5_000, 60_000]);
  });

  it("leaves nothing open once the provider is closed", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const { provider, outcomeOf } = warming();
    await outcomeOf(origin.url("/a"));
    await provider.close();
    await provider.close();
    expect(await outcomeOf(origin.url("/b"))).toMatchObject({ state: "failed" });
    expect(origin.seen).toEqual(["/a"]);
  });
});

describe("whatever servers do", () => {
  const faults = {
    ok: "succeeded",
    empty: "succeeded",
    hit: "succeeded",
    recovers: "succeeded",
    led: "succeeded",
    missing: "failed",
    broken: "failed",
    cut: "failed",
    reset: "failed",
    busy: "failed",
    unstored: "failed",
    circles: "failed",
    lured: "failed",
  } as const;
  type Fault = keyof typeof faults;
  const answers: Record<Fault, (response: ServerResponse, nth: number, request: IncomingMessage) => unknown> = {
    ok: (response) => response.end("content"),
    empty: (response) => response.writeHead(200, { "content-length": 0 }).end(),
    hit: (response) => response.writeHead(200, { age: "5", "cache-control": "private" }).end("content"),
    recovers: (response, nth) => (nth < 3 ? response.writeHead(429).end() : response.end("content")),
    led: (response) => response.writeHead(301, { location: "/?fault=ok" }).end("moved"),
    missing: (response) => response.writeHead(404).end("no"),
    broken: (response) => {
      response.writeHead(200, { "content-length": 10 }).write("x");
      setImmediate(() => response.destroy());
    },
    cut: (response) => {
      response.writeHead(200).write("x");
      setImmediate(() => response.destroy());
    },
    reset: (_response, _nth, request) => request.socket.destroy(),
    busy: (response) => response.writeHead(503).end(),
    unstored: (response) => response.writeHead(200, { "cache-control": "no-store" }).end("content"),
    circles: (response) => response.writeHead(302, { location: "?fault=circles" }).end(),
    lured: (response) => response.writeHead(302, { location: "http://192.168.0.1/" }).end(),
  };
  const kinds = Object.keys(faults).filter((name): name is Fault => name in faults);

  it("every URL is told of exactly once, and rightly, and nothing is left held", async () => {
    const origin = await startOrigin((request, response, nth) => {
      const name = new URL(request.url ?? "", "http://x").searchParams.get("fault");
      answers[kinds.find((kind) => kind === name) ?? "ok"](response, nth, request);
    });
    let round = 0;
    const plan = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("a.test", "b.test")), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (batches, requestsInFlight) => {
          round += 1;
          const { warm } = warming({
            redirects: 2,
            limits: { minFailureSample: 1_000, requestsPerHost: 2, requestsInFlight, slowAnswerGraceMs: 1e9 },
          });
          const urls = batches.map((batch, index) =>
            batch.map(([fault, host], nth) => origin.url(`/${round}-${index}-${nth}?fault=${fault}`, host)),
          );
          const results = await Promise.all(urls.map((own) => warm(own, { taskId: "pf_1" })));
          for (const [index, { told }] of results.entries()) {
            expect(urlsIn(told)).toEqual([...(urls[index] ?? [])].sort());
            for (const { url, state, code, reason } of told) {
              const fault = kinds.find((kind) => url.endsWith(`=${kind}`)) ?? "ok";
              expect([url, state]).toEqual([url, faults[fault]]);
              expect(code === undefined).toBe(state === "succeeded");
              expect(reason).toMatch(/^[A-Z0-9].+\.$/);
            }
          }
          const after = await warm(numbered(8, (path) => origin.url(`/after${round}${path}`, "a.test")));
          expect(statesIn(after.told)).toEqual({ succeeded: 8 });
        },
      ),
      { numRuns: 12 },
    );
    expect(Math.max(...origin.most.values())).toBeLessThanOrEqual(2);
  });
});
