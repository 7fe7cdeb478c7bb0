/** Redirects: how many the warmer follows, and which targets it refuses. */

import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { startRawEdge } from "../raw-edge-harness.ts";
import { cacheable, warming } from "../warming-harness.ts";

const redirecting = (target: (path: string) => string | undefined) =>
  startOrigin((request, response) => {
    const location = target(request.url ?? "");
    if (location === undefined) response.writeHead(200, cacheable).end("content");
    else response.writeHead(302, { location }).end();
  });

describe("a redirect", () => {
  it("fails by default, and the reason shows its target without the query", async () => {
    const origin = await redirecting(() => "/there?signature=secret");
    const outcome = await warming().outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "redirect", reason: expect.stringContaining("/there. Warm") });
    expect(outcome.reason).not.toContain("secret");
    expect(origin.seen).toEqual(["/a"]);
  });

  it("is followed as often as configured", async () => {
    const origin = await redirecting((path) => (path === "/3" ? undefined : `/${Number(path.slice(1)) + 1}`));
    expect(await warming({ redirects: 3 }).outcomeOf(origin.url("/0"))).toMatchObject({ state: "succeeded" });
    expect(origin.seen).toEqual(["/0", "/1", "/2", "/3"]);
    expect(await warming({ redirects: 2 }).outcomeOf(origin.url("/0"))).toMatchObject({ state: "failed", code: "redirect" });
    expect(origin.seen.slice(4)).toEqual(["/0", "/1", "/2"]);
  });

  it("is followed to another host", async () => {
    const target = await redirecting(() => undefined);
    const origin = await redirecting(() => target.url("/b", "other.test"));
    expect(await warming({ redirects: 1 }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "succeeded", url: origin.url("/a") });
    expect([...target.most.keys()]).toEqual([new URL(target.url("/", "other.test")).host]);
  });

  it("is followed to another host without the PoP, and to the same host through it", async () => {
    const target = await redirecting(() => undefined);
    const edge = await redirecting((path) => (path === "/a" ? "/b" : target.url("/c", "other.test")));
    const pops = [{ name: "paris", address: "127.0.0.1", port: Number(new URL(edge.url("/")).port) }];
    expect(await warming({ redirects: 2, pops }).outcomeOf("http://media.test/a")).toMatchObject({ state: "succeeded" });
    expect([edge.seen, target.seen]).toEqual([["/a", "/b"], ["/c"]]);
  });

  it.each([
    ["a private address", "http://10.0.0.1/admin"],
    ["the cloud's metadata service", "http://169.254.169.254/latest/meta-data"],
    ["a private address inside IPv6", "http://[::ffff:10.0.0.1]/"],
    ["another scheme", "file:///etc/passwd"],
    ["a URL with a password", "http://user:password@example.com/"],
    ["a host that is not listed", "https://elsewhere.example/"],
  ])("is refused when it leads to %s", async (_, location) => {
    const origin = await redirecting(() => location);
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

  it("takes the configured headers to the same origin only", async () => {
    const seen: (readonly [string | undefined, string | undefined, string | undefined])[] = [];
    const record = (request: IncomingMessage): void => {
      seen.push([`${request.method} ${request.url}`, request.headers["x-api-key"]?.toString(), request.headers["accept-encoding"]]);
    };
    const target = await startOrigin((request, response) => {
      record(request);
      response.writeHead(200, { "cache-control": "no-store" }).end("content");
    });
    const origin = await startOrigin((request, response) => {
      record(request);
      const location = { "/a": "/b", "/b": origin.url("/c", "other.test"), "/c": target.url("/d") }[request.url ?? ""];
      response.writeHead(302, { location }).end();
    });
    await warming({ redirects: 3, variants: [{ "X-Api-Key": "secret", "accept-encoding": "br" }] }).outcomeOf(origin.url("/a"));
    expect(seen).toEqual([
      ["GET /a", "secret", "br"],
      ["GET /b", "secret", "br"],
      ["GET /c", undefined, "br"],
      ["GET /d", undefined, "br"],
      ["HEAD /d", undefined, "br"],
    ]);
  });

  it("fails without a location, after one request", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(302).end());
    expect(await warming({ redirects: 5 }).outcomeOf(origin.url("/a"))).toMatchObject({ state: "failed", code: "redirect" });
    expect(origin.seen).toEqual(["/a"]);
  });

  it("fails after one retry of the chain when it leads back to its beginning", async () => {
    const origin = await redirecting((path) => (path === "/a" ? "/b" : "/a"));
    const outcome = await warming({ redirects: 5 }).outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({
      state: "failed",
      code: "redirect",
      reason: expect.stringMatching(/redirects back to \S+\/a, a URL that led/),
    });
    expect(origin.seen).toEqual(["/a", "/b", "/a", "/b"]);
  });

  it.each([0, 5])("fails after one retry when it leads to itself and %i redirects are followed", async (redirects) => {
    const origin = await redirecting(() => "/a#top");
    const outcome = await warming({ redirects }).outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "redirect", reason: expect.stringContaining("Correct the redirect rule") });
    expect(outcome.reason).not.toContain("Warm the");
    expect(origin.seen).toEqual(["/a", "/a"]);
  });

  it("succeeds when it leads to itself only once", async () => {
    const origin = await redirecting(() => (origin.seen.length === 1 ? "/a" : undefined));
    expect(await warming().outcomeOf(origin.url("/a"))).toMatchObject({ state: "succeeded" });
  });

  it.each([
    ["raw UTF-8", Buffer.from("/видео/é b.ts?x=ü"), "/%D0%B2%D0%B8%D0%B4%D0%B5%D0%BE/%C3%A9%20b.ts?x=%C3%BC"],
    ["bytes that are Latin-1", Buffer.from("/caf\xe9.ts", "latin1"), "/caf%E9.ts"],
    ["escapes", Buffer.from("/caf%C3%A9%20x.ts"), "/caf%C3%A9%20x.ts"],
  ])("asks for the server's own bytes when its target has %s", async (_, target, path) => {
    const edge = await startRawEdge((socket, asked) => {
      if (asked === "/a")
        socket.end(Buffer.concat([Buffer.from("HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: "), target, Buffer.from("\r\n\r\n")]));
      else socket.end("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
    });
    expect(await warming({ redirects: 1 }).outcomeOf(edge.url("/a"))).toMatchObject({ state: "succeeded" });
    expect(edge.asked).toEqual(["GET /a", `GET ${path}`]);
  });
});
