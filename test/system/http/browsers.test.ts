/** Clients in browsers: which pages may call the server and read its answers (CORS). */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, it } from "vitest";
import { type HttpServer, secretOf, startServer, tokenList } from "../harness/http-server-harness.ts";
import { call, legacy, type Message, send } from "../harness/raw-http-harness.ts";

const page = "https://app.example.com";
const settings = { PREFETCH_SERVER_CORS_ORIGINS: `${page}, http://localhost:5173` };
const listing = legacy("tools/list");

const preflight = (origin: string, path = "/mcp"): Message => ({
  method: "OPTIONS",
  path,
  headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,mcp-protocol-version" },
});

const corsHeadersOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.keys(headers).filter((name) => name.startsWith("access-control-"));

/** A `fetch` that keeps the rules of browsers: it asks first, sends only allowed headers, and hides answers without the page's origin. */
function fetchOf(origin: string): typeof fetch {
  const allowedBy = async (url: string | URL | Request): Promise<string[]> => {
    const target = new URL(url instanceof Request ? url.url : url);
    const asked = await send({ url: target.href }, preflight(origin, target.pathname));
    if (asked.status !== 204 || asked.headers["access-control-allow-origin"] !== origin) throw new TypeError("Failed to fetch");
    return (asked.headers["access-control-allow-headers"] ?? "").split(", ");
  };
  return async (url, init) => {
    const allowed = await allowedBy(url);
    const headers = new Headers(init?.headers);
    for (const name of headers.keys()) if (!allowed.includes(name)) throw new TypeError(`${name} is not allowed`);
    headers.set("origin", origin);
    const answer = await fetch(url, { ...init, headers });
    if (answer.headers.get("access-control-allow-origin") !== origin) throw new TypeError("Failed to fetch");
    return answer;
  };
}

async function toolsFor(server: HttpServer, origin: string, token: string): Promise<number> {
  const client = new Client({ name: "page", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { fetch: fetchOf(origin), requestInit }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.length;
}

it("a client in a listed page lists the tools with its token, and one in another page reads nothing", async () => {
  const server = await startServer({ ...settings, PREFETCH_SERVER_TOKENS: tokenList({ name: "page" }) });
  expect(await toolsFor(server, page, secretOf("page"))).toBe(7);
  await expect(toolsFor(server, "https://evil.example.com", secretOf("page"))).rejects.toThrow("Failed to fetch");
  const refused = await send(server, { ...listing, headers: { ...listing.headers, origin: page } });
  expect(refused.status).toBe(401);
  expect(refused.headers).toMatchObject({ "access-control-allow-origin": page, vary: "origin" });
  expect(refused.headers["access-control-expose-headers"]).toContain("www-authenticate");
});

it.each(["https://evil.example.com", `${page}:8443`, "http://app.example.com", `${page}.evil.com`, "https://sub.app.example.com", "null"])(
  "a page of %s is refused without CORS headers when it is not listed",
  async (origin) => {
    const server = await startServer(settings);
    for (const message of [preflight(origin), { ...listing, headers: { ...listing.headers, origin } }]) {
      const reply = await send(server, message);
      expect([reply.status, corsHeadersOf(reply.headers)]).toEqual([403, []]);
    }
  },
);

it("no answer allows credentials or every origin, and a request without an origin is served as before", async () => {
  const server = await startServer(settings);
  for (const message of [preflight(page), { ...listing, headers: { ...listing.headers, origin: page } }]) {
    const { headers } = await send(server, message);
    expect(headers["access-control-allow-origin"]).toBe(page);
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  }
  const plain = await send(server, listing);
  expect([plain.status, corsHeadersOf(plain.headers), plain.headers.vary]).toEqual([200, [], "origin"]);
});

it("a listed page still may not lead the server's name elsewhere, nor read the metrics", async () => {
  const server = await startServer(settings);
  const rebound = await send(server, { ...listing, headers: { ...listing.headers, origin: page, host: "evil.com" } });
  expect([rebound.status, corsHeadersOf(rebound.headers)]).toEqual([403, []]);
  const metrics = await send(server, { method: "GET", path: "/metrics", headers: { origin: page } });
  expect(corsHeadersOf(metrics.headers)).toEqual([]);
});

it("without a list no answer has CORS headers, also for a page that may call the server", async () => {
  const server = await startServer();
  const own = "http://localhost:3399";
  for (const message of [preflight(own), { ...listing, headers: { ...listing.headers, origin: own } }]) {
    const reply = await send(server, message);
    expect(corsHeadersOf(reply.headers)).toEqual([]);
    expect(reply.headers.vary).toBeUndefined();
  }
});

it.each([undefined, "*/*", "application/json", "application/json;q=0.9, text/html"])(
  "a client with the Accept header %s gets its answer",
  async (accept) => {
    const server = await startServer();
    for (const message of [listing, call("get_prefetch_quota"), legacy("tools/call", { name: "get_prefetch_quota", arguments: null })]) {
      const headers = Object.fromEntries(
        Object.entries({ ...message.headers, accept }).flatMap(([name, value]) => (value ? [[name, value]] : [])),
      );
      const reply = await send(server, { headers, body: message.body });
      expect(reply.status).toBe(200);
      const isJson = reply.headers["content-type"] === "application/json";
      if (accept?.startsWith("application/json")) expect(isJson).toBe(true);
      expect(reply.body).toContain(isJson ? '"result":{' : "data: {");
    }
  },
);
