/** Fetching one URL over real sockets from servers that succeed, fail and break off. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, instantClock, numbered, statesIn, urlsIn, warming } from "../warming-harness.ts";

describe("fetching a URL", () => {
  it("settles each URL once, after one request for the whole body", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end(Buffer.alloc(200_000)));
    const urls = numbered(100, origin.url);
    const { warm } = warming();
    const { outcomes, bytes, submission, turns } = await warm(urls);
    expect(submission).toEqual({ vendorTaskIds: [], refused: [] });
    expect(urlsIn(outcomes)).toEqual([...urls].sort());
    expect(new Set(outcomes.map(({ state, reason, code }) => `${state} ${code} ${reason}`))).toEqual(
      new Set(["succeeded undefined Received 200,000 bytes; cache status unknown."]),
    );
    expect([bytes, turns]).toEqual([20_000_000, 1]);
    expect([...origin.seen].sort()).toEqual(urls.map((url) => new URL(url).pathname).sort());
  });

  it("sends a viewer's headers with the server's user agent, and no cookie", async () => {
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

  it("requests by HEAD when configured to", async () => {
    const methods: (string | undefined)[] = [];
    const origin = await startOrigin((request, response) => {
      methods.push(request.method);
      response.writeHead(200, { ...cacheable, "content-length": 1_000 }).end();
    });
    const { outcomes, bytes } = await warming({ method: "HEAD" }).warm(numbered(3, origin.url));
    expect([statesIn(outcomes), bytes]).toEqual([{ succeeded: 3 }, 0]);
    expect(methods).toEqual(["HEAD", "HEAD", "HEAD"]);
    expect(outcomes[0]?.reason).toBe("HEAD was answered; cache status unknown.");
  });

  it("succeeds when the answer comes from the cache, whatever the origin's headers say", async () => {
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
  ])("fails for status %i with %s, even from the cache", async (status, code) => {
    const origin = await startOrigin((_, response) => response.writeHead(status, { age: "30", ...cacheable }).end("content"));
    const { outcomes, bytes } = await warming({ limits: { requestsPerHost: 1 } }).warm([origin.url("/a")]);
    expect(outcomes).toEqual([{ url: origin.url("/a"), state: "failed", code, reason: expect.stringContaining(`status ${status}`) }]);
    expect(bytes).toBe(7 * origin.seen.length);
  });

  it.each([
    [
      "ends before its declared length",
      (response: ServerResponse) => {
        response.writeHead(200, { ...cacheable, "content-length": 100 }).write("half");
        setImmediate(() => response.destroy());
      },
    ],
    [
      "breaks off between chunks",
      (response: ServerResponse) => {
        response.writeHead(200, cacheable).write("half");
        setImmediate(() => response.destroy());
      },
    ],
    ["never begins", (response: ServerResponse) => response.destroy()],
  ])("fails after three attempts when the answer %s", async (_, answer) => {
    const origin = await startOrigin((_request, response) => answer(response));
    expect(await warming().outcomeOf(origin.url("/a"))).toMatchObject({ state: "failed", code: "vendor_unavailable" });
    expect(origin.seen).toHaveLength(3);
  });

  it("succeeds when the second attempt gets the whole body", async () => {
    const origin = await startOrigin((_, response, nth) => {
      if (nth > 1) return void response.writeHead(200, cacheable).end("content");
      response.writeHead(200, { ...cacheable, "content-length": 7 }).write("con");
      setImmediate(() => response.destroy());
    });
    expect(await warming().outcomeOf(origin.url("/a"))).toMatchObject({
      state: "succeeded",
      reason: expect.stringContaining("Received 7 bytes"),
    });
  });

  it("retries when headers or body stall", async () => {
    const origin = await startOrigin((request, response, nth) => {
      if (nth > 1) response.writeHead(200, cacheable).end("whole");
      else if (request.url === "/half") response.writeHead(200, cacheable).write("half");
    });
    const { outcomes, bytes } = await warming({ answerMs: 300 }).warm(["/half", "/none"].map((path) => origin.url(path)));
    expect([statesIn(outcomes), bytes]).toEqual([{ succeeded: 2 }, 14]);
    expect([...origin.seen].sort()).toEqual(["/half", "/half", "/none", "/none"]);
  });

  it("fails when the host does not exist or refuses connections", async () => {
    const { outcomeOf } = warming({
      lookup: async (hostname) => {
        if (hostname === "nowhere.test") throw Object.assign(new Error("It does not exist"), { code: "ENOTFOUND" });
        return ["127.0.0.1"];
      },
    });
    expect(await outcomeOf("https://nowhere.test/a")).toMatchObject({ state: "failed", code: "vendor_unavailable" });
    expect(await outcomeOf("http://closed.test:1/a")).toMatchObject({ state: "failed", code: "vendor_unavailable" });
  });

  it.each(["http://10.0.0.1/a", "http://[fd00::1]/a", "http://169.254.169.254/a"])("rejects the private address in %s", async (url) => {
    const { provider, outcomeOf } = warming();
    expect(await outcomeOf(url)).toMatchObject({ state: "rejected", code: "forbidden_domain" });
    expect(provider.refusalOf?.(url)).toMatchObject({ code: "forbidden_domain" });
  });

  it("rejects a name that resolves to a private address, once it connects", async () => {
    const { provider, outcomeOf } = warming({ lookup: async () => ["10.0.0.1"] });
    expect(provider.refusalOf?.("https://rebound.test/a")).toBeUndefined();
    const outcome = await outcomeOf("https://rebound.test/a");
    expect(outcome).toMatchObject({ state: "rejected", code: "forbidden_domain", reason: expect.stringContaining("10.0.0.1") });
  });
});

describe("fetching a URL whose headers forbid storing", () => {
  const uncacheable: readonly (readonly [string, Record<string, string>])[] = [
    ["no-store", { "cache-control": "no-store" }],
    ["private", { "cache-control": "private, max-age=60" }],
    ["a cookie", { ...cacheable, "set-cookie": "a=b" }],
    ["Vary: *", { ...cacheable, vary: "*" }],
    ["a lifetime of zero", { "cache-control": "max-age=0" }],
  ];

  it.each(uncacheable)("fails and says what to change for %s", async (_, headers) => {
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

  it.each(uncacheable)("succeeds when a second request comes from the cache despite %s", async (_, headers) => {
    const clock = instantClock();
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, request.method === "HEAD" ? { ...headers, age: "1" } : headers).end("x");
    });
    expect(await warming({ clock }).outcomeOf(origin.url("/"))).toMatchObject({
      state: "succeeded",
      reason: "A rule of the CDN stores it, although the origin's headers forbid it.",
    });
    // CDNs store an answer a moment after they sent it.
    expect(clock.slept).toEqual([500]);
  });

  it("sends the second request to the redirect's target, with the same variant", async () => {
    const seen: (string | undefined)[] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["accept-encoding"]}`);
      if (request.url === "/a") return void response.writeHead(302, { location: "/b" }).end();
      response.writeHead(200, { "cache-control": "no-store" }).end("x");
    });
    await warming({ redirects: 1, variants: [{ "accept-encoding": "br" }] }).outcomeOf(origin.url("/a"));
    expect(seen).toEqual(["GET /a br", "GET /b br", "HEAD /b br"]);
  });

  it("fails when the second request gets an error, even from the cache", async () => {
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

  it("does not repeat the GET when the second request breaks off", async () => {
    const origin = await startOrigin((request, response) => {
      if (request.method === "HEAD") request.socket.destroy();
      else response.writeHead(200, { "cache-control": "no-store" }).end("x");
    });
    expect(await warming().outcomeOf(origin.url("/"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(2);
  });

  it("sends no second request when the CDN reports a bypass", async () => {
    const origin = await startOrigin((_, response) => {
      response
        .writeHead(200, { "cache-control": "no-store", "cf-cache-status": "BYPASS", "cf-ray": "1-FRA", server: "cloudflare" })
        .end("x");
    });
    expect(await warming().outcomeOf(origin.url("/"))).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(1);
  });
});
