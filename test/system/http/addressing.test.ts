/** By which names, and from which pages, the server may be reached: a page that was led to it by DNS must not be. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpServer, launchServer, startServer } from "../harness/http-server-harness.ts";
import { effects, legacy, logOf, send, sendRaw, tellTale, untouched } from "../harness/raw-http-harness.ts";

let server: HttpServer;

beforeAll(async () => {
  server = await launchServer();
});

afterAll(async () => {
  await server.stop();
});

const spending = legacy("tools/call", { name: "prefetch_urls", arguments: { urls: ["https://example.com/a.mp4"] } });
const reading = legacy("tools/list");

describe("a Host that is not the server's", () => {
  it.each([
    "evil.com",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "evil.com:80",
    "xn--lcalhost-55a",
    "localhost.",
    "localhost:99999",
    "sub.localhost",
    "127.0.0.2",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::1",
    "[::1].evil.com",
    "%6c%6f%63%61%6c%68%6f%73%74.evil.com",
  ])("%s is refused, and nothing is done", async (host) => {
    const reply = await send(server, { ...spending, headers: { ...spending.headers, host } });
    expect(reply.status).toBe(403);
    expect(reply.body).toMatch(/"message":"Invalid Host/);
    expect(reply.body.length).toBeLessThan(200);
  });

  it.each([
    ["user@localhost", "user@localhost"],
    ["localhost@evil.com", "localhost@evil.com"],
    ["evil.com@localhost", "evil.com@localhost"],
    ["user:password@127.0.0.1", "user:password@127.0.0.1"],
    ["evil.com#@localhost", "evil.com#@localhost"],
    ["localhost, evil.com", "localhost, evil.com"],
    ["localhost#", "localhost#"],
    ["localhost?x", "localhost?x"],
    ["localhost/x", "localhost/x"],
    ["localhost\\@evil.com", "localhost\\@evil.com"],
    ["9,000 digits", `localhost:80${"0".repeat(9_000)}`],
  ])("%s is no host at all", async (_, host) => {
    const reply = await send(server, { ...spending, headers: { ...spending.headers, host } });
    expect(reply.status).toBe(400);
    expect(reply.body).not.toContain("evil");
    expect(reply.body.length).toBeLessThan(200);
  });

  it.each([
    ["two of them", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\nContent-Length: 0\r\n\r\n", 400],
    ["none", "POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400],
    ["an empty one", "POST /mcp HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n", 403],
    ["none, as HTTP/1.0 allows", "POST /mcp HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 403],
    ["a good one in the request line only", "POST http://localhost/mcp HTTP/1.1\r\nHost: evil.com\r\nContent-Length: 0\r\n\r\n", 403],
  ])("%s is refused", async (_, bytes, status) => {
    const answer = await sendRaw(server, bytes);
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeLessThan(600);
  });
});

describe("a Host that is the server's", () => {
  it.each(["localhost", "LOCALHOST", "localhost:1", "127.0.0.1", "127.0.0.1:3399", "[::1]", "[::1]:3399", "[0:0:0:0:0:0:0:1]"])(
    "%s is served whatever the port",
    async (host) => {
      expect((await send(server, { ...reading, headers: { ...reading.headers, host } })).status).toBe(200);
    },
  );
});

describe("a page's Origin", () => {
  it.each([
    "null",
    "http://evil.com",
    "http://localhost.evil.com",
    "http://127.0.0.1.evil.com:3399",
    "https://localhost@evil.com",
    "http://localhost.",
    "file://",
    "localhost",
    "garbage",
    "chrome-extension://abcdefghijklmnop",
    "http://localhost http://evil.com",
  ])("%s is refused, and nothing is done", async (origin) => {
    const reply = await send(server, { ...spending, headers: { ...spending.headers, origin } });
    expect(reply.status).toBe(403);
    expect(reply.body).toMatch(/"message":"Invalid Origin/);
    expect(reply.body.length).toBeLessThan(200);
    expect(reply.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it.each(["http://localhost:8080", "https://LOCALHOST", "http://127.0.0.1", "http://[::1]:6274"])(
    "%s is of this machine",
    async (origin) => {
      expect((await send(server, { ...reading, headers: { ...reading.headers, origin } })).status).toBe(200);
    },
  );

  it("of another one is not allowed by asking first", async () => {
    const headers = {
      origin: "http://evil.com",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const reply = await send(server, { method: "OPTIONS", headers });
    expect(reply.status).toBe(403);
    expect(Object.keys(reply.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("names of a deployment", () => {
  it("are those of the public URL, or only the listed ones", async () => {
    const published = await startServer({}, ["--sandbox", "--public-url", "https://mcp.example.com/mcp"]);
    const listed = await startServer({}, ["--sandbox", "--allowed-hosts", "cdn.example.org", "--allowed-origins", "app.example.org"]);
    const ask = async (to: HttpServer, headers: Record<string, string>) =>
      (await send(to, { ...reading, headers: { ...reading.headers, ...headers } })).status;
    expect(await ask(published, { host: "mcp.example.com" })).toBe(200);
    expect(await ask(published, { host: "localhost" })).toBe(200);
    expect(await ask(published, { host: "www.mcp.example.com" })).toBe(403);
    expect(await ask(listed, { host: "cdn.example.org:8443", origin: "https://app.example.org" })).toBe(200);
    expect(await ask(listed, { host: "localhost" })).toBe(403);
    expect(await ask(listed, { host: "cdn.example.org", origin: "https://cdn.example.org" })).toBe(403);
  });
});

describe("probes", () => {
  it.each(["/healthz", "/readyz"])("%s answers under any name, and says nothing but how it is", async (path) => {
    for (const host of ["10.0.0.7:3399", "evil.com", "user@localhost", "localhost"]) {
      const reply = await send(server, { method: "GET", path, headers: { host, origin: "null" } });
      expect([reply.status, reply.body]).toEqual([200, '{"status":"ok"}']);
    }
    const { status } = await sendRaw(server, `GET ${path} HTTP/1.0\r\n\r\n`);
    expect(status).toBe(200);
  });

  it("do not make the metrics public where there are no tokens", async () => {
    expect((await send(server, { method: "GET", path: "/metrics", headers: { host: "evil.com" } })).status).toBe(403);
    expect((await send(server, { method: "GET", path: "/metrics", headers: { origin: "http://evil.com" } })).status).toBe(403);
    expect((await send(server, { method: "GET", path: "/metrics" })).status).toBe(200);
  });
});

describe("after all of it", () => {
  it("nothing is stored or spent, and the server answers", async () => {
    expect(await effects(server)).toEqual(untouched);
    expect(server.log.join("\n")).not.toMatch(tellTale);
    expect(logOf(server).filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});
