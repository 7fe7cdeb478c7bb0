/** Unusable requests: each kind gets its answer, changes nothing and delays no other request. */

import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type HttpServer, launchServer } from "../harness/http-server-harness.ts";
import {
  call,
  closed,
  effects,
  eras,
  legacy,
  logOf,
  type Message,
  modern,
  open,
  read,
  send,
  sendRaw,
  tellTale,
  untouched,
  version,
} from "../harness/raw-http-harness.ts";

let server: HttpServer;
let printed = "";

beforeAll(async () => {
  server = await launchServer();
  server.child.stdout?.on("data", (chunk) => {
    printed += chunk;
  });
});

afterAll(async () => {
  await server.stop();
});

const MIB = 1_048_576;
const { headers: json, body: listing } = legacy("tools/list");
const quota = { name: "get_prefetch_quota", arguments: {} };
const spending = { name: "prefetch_urls", arguments: { urls: ["https://example.com/a.mp4"] } };
const post = (body: string, headers: Readonly<Record<string, string>> = {}): Message => ({ headers: { ...json, ...headers }, body });
const parseError = /"code":-32700,"message":"Parse error: not JSON"/;
const noMessage = /"code":-32600/;
const deep = `${"[".repeat(500_000)}${"]".repeat(500_000)}`;
const without = (name: string, { headers, body }: { headers: Readonly<Record<string, string>>; body: string }): Message => ({
  headers: Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
  body,
});

const refusals: readonly (readonly [what: string, message: Message, status: number, body: RegExp])[] = [
  ["no content type", without("content-type", { headers: json, body: listing }), 415, /must be application\/json/],
  ["a form", post(listing, { "content-type": "application/x-www-form-urlencoded" }), 415, /must be application\/json/],
  ["plain text, as a page could send it to another origin", post(listing, { "content-type": "text/plain" }), 415, /application\/json/],
  ["a content type that only begins well", post(listing, { "content-type": "application/jsonp" }), 415, /application\/json/],
  ["an empty body", post(""), 400, parseError],
  ["text", post("prefetch everything, please"), 400, parseError],
  ["half of a message", post(listing.slice(0, -5)), 400, parseError],
  ["a zero byte", post("\0"), 400, parseError],
  ["compressed bytes", post("\x1f\x8b\x08", { "content-encoding": "gzip" }), 400, parseError],
  ["null", post("null"), 400, noMessage],
  ["a number", post("7"), 400, noMessage],
  ["a string", post('"tools/list"'), 400, noMessage],
  ["an object that is no message", post("{}"), 400, noMessage],
  ["JSON-RPC 1.0", post(listing.replace("2.0", "1.0")), 400, noMessage],
  ["an id that is an object", post(listing.replace('"id":1', '"id":{}')), 400, noMessage],
  ["parameters in an array", post(listing.replace('"params":{}', '"params":[1]')), 400, /"code":-32602.*"id":1/],
  ["a progress token that is an object", post(listing.replace("{}", '{"_meta":{"progressToken":{}}}')), 400, /progressToken: must.*"id":1/],
  ["a method that is a number", post(listing.replace('"tools/list"', "7")), 400, /"code":-32600.*method: must be a text.*"id":1/],
  ["a malformed response", post('{"jsonrpc":"2.0","id":1,"error":{}}'), 400, noMessage],
  ["an Accept header without JSON", post(listing, { accept: "text/html" }), 406, /the Accept header must allow application\/json/],
  ["an Accept header that excludes JSON", post(listing, { accept: "*/*, application/json;q=0" }), 406, /must allow application\/json/],
  [
    "a subscription of a client that takes no event streams",
    modern("subscriptions/listen", { notifications: {} }, { accept: "application/json" }),
    406,
    /must allow application\/json and text\/event-stream/,
  ],
  ["an empty batch", post("[]"), 400, noMessage],
  ["a batch", post(`[${legacy("tools/call", spending).body}]`), 400, noMessage],
  ["a batch of batches", post(`[[${listing}]]`), 400, noMessage],
  ["nesting without end", post(deep), 400, noMessage],
  ["a protocol version of the past", post(listing, { "mcp-protocol-version": "1999-01-01" }), 400, /Unsupported protocol version/],
  [
    "a protocol version of the future",
    {
      headers: { ...modern("tools/call", spending).headers, "mcp-protocol-version": "2099-01-01" },
      body: modern("tools/call", spending).body.replace(version, "2099-01-01"),
    },
    400,
    /"code":-32022.*"supported":\["2026-07-28"\]/,
  ],
  ["a version only in the body", without("mcp-protocol-version", modern("tools/call", spending)), 400, /"code":-32020/],
  ["no Mcp-Method", without("mcp-method", modern("tools/call", spending)), 400, /"code":-32020/],
  ["no Mcp-Name", without("mcp-name", modern("tools/call", spending)), 400, /"code":-32020/],
  ["another Mcp-Method", modern("tools/call", spending, { "mcp-method": "tools/list" }), 400, /"code":-32020/],
  ["another Mcp-Name", modern("tools/call", spending, { "mcp-name": "get_prefetch_quota" }), 400, /"code":-32020/],
  ["a method that is not there", modern("prefetch/everything"), 404, /"code":-32601/],
  ["a method that objects have", modern("__proto__"), 404, /"code":-32601/],
  ["a tool that is not there", call("prefetch_everything"), 200, /"code":-32602/],
  ["a tool that objects have", call("constructor"), 200, /"code":-32602/],
  ["the prototype as a tool", call("__proto__"), 200, /"code":-32602/],
  ["a path beside the endpoint", { path: "/mcp/", headers: json, body: listing }, 404, /"not_found"/],
  ["a path that a proxy may take for another", { path: "//example.com/mcp", headers: json, body: listing }, 404, /"not_found"/],
  ["a path that leaves the endpoint", { path: "/mcp/../metrics", headers: json, body: listing }, 404, /"not_found"/],
  ["a path in other letters", { path: "/%6dcp", headers: json, body: listing }, 404, /"not_found"/],
  ["a path that climbs", { path: "/mcp/../../etc/passwd", headers: json, body: listing }, 404, /"not_found"/],
];

describe("a request that cannot be used", () => {
  it.each(refusals)("%s is refused in a few words", async (_, message, status, expected) => {
    const reply = await send(server, message);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatch(expected);
    expect(reply.body).not.toMatch(tellTale);
    expect(reply.body.length).toBeLessThan(500);
    expect(reply.headers["content-type"]).toBe("application/json");
  });

  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])("%s is told that it is POST that counts", async (method) => {
    const reply = await send(server, { method, headers: json });
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe("POST");
    expect(reply.body.length).toBeLessThan(200);
  });

  it.each(eras)("names that objects inherit are arguments like any other unknown one (%s)", async (_, message) => {
    const { headers, body } = message("tools/call", { name: "prefetch_urls", arguments: { constructor: 1 } });
    const inherited = body.replace(
      '"constructor":1',
      '"__proto__":{"urls":["https://example.com/a"]},"constructor":{"prototype":{"urls":[]}}',
    );
    const reply = await send(server, { headers, body: inherited });
    expect(reply.body).toMatch(/invalid_argument: constructor: prefetch_urls has no such argument.*urls: is missing/);
    expect(reply.body).not.toMatch(tellTale);
  });

  it.each([
    ["prefetch_urls", "urls"],
    ["prefetch_urls", "dry_run"],
    ["get_prefetch_status", "task_id"],
  ])("nesting without end in an argument of %s is refused", async (name, key) => {
    const { headers, body } = call(name, { [key]: "DEEP" });
    const reply = await send(server, { headers, body: body.replace('"DEEP"', deep) });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatch(/"code":-32600,"message":"The body has more than 64 levels of nesting/);
  });

  it.each(["urls", "provider", "dry_run", "force"])(
    "nesting as deep as it may be in %s is an argument that cannot be used",
    async (key) => {
      const nested = `${"[".repeat(61)}${"]".repeat(61)}`;
      const { headers, body } = call("prefetch_urls", { ...(key !== "urls" && { urls: [] }), [key]: "DEEP" });
      const reply = await send(server, { headers, body: body.replace('"DEEP"', nested) });
      expect(reply.body).toMatch(/"text":"invalid_argument: /);
      expect(reply.body.length).toBeLessThan(1_500);
      expect(reply.body).not.toMatch(tellTale);
    },
  );

  it.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["a length that is no number", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n", 400],
    ["a length below zero", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400],
    ["two lengths", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400],
    [
      "a length and chunks, which proxies read differently",
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a chunk of no known size", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400],
    ["a header with a line break in it", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Name: a\rb\r\n\r\n", 400],
    ["headers beyond measure", `POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ])("%s is the end of the connection", async (_, bytes, status) => {
    const answer = await sendRaw(server, bytes);
    // A body that turns out to be unreadable may be cut off without words.
    expect([status, 0]).toContain(answer.status);
    expect(answer.text.length).toBeLessThan(600);
    expect(answer.text).not.toMatch(tellTale);
  });
});

describe("a client that wants its connection ended", () => {
  it.each(eras)("sees it ended with the answer (%s)", async (_, message) => {
    const { headers, body } = message("tools/call", quota);
    const lines = Object.entries({ host: "localhost", connection: "close", ...headers, "content-length": String(body.length) });
    const socket = await open(server);
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
    // The server keeps other connections for 65 s, far longer than this test may take.
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    await closed(socket);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("a body that is too large", () => {
  it("is refused by its declared length before any of it is read", async () => {
    const socket = await open(server);
    socket.write(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${16 * MIB + 1}\r\n\r\n`);
    const { status, text } = await read(socket);
    expect(status).toBe(413);
    expect(text.length).toBeLessThan(600);
  });

  it("is refused as soon as its chunks are too much, and no later", async () => {
    const socket = await open(server);
    let sent = 0;
    const answer = read(socket);
    socket.write("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write('6\r\n{"a":[\r\n');
    const chunk = `${MIB.toString(16)}\r\n"${"x".repeat(MIB - 3)}",\r\n`;
    const pour = (): void => {
      while (!socket.destroyed && sent < 64) {
        sent += 1;
        if (!socket.write(chunk)) return void socket.once("drain", pour);
      }
    };
    pour();
    const { status } = await answer;
    expect(status).toBe(413);
    expect(sent).toBeLessThan(64);
  });

  it("is not one of 16 MiB exactly: it is read", async () => {
    const texts = Array.from({ length: 15 }, () => "x".repeat(MIB));
    const { headers, body } = call("get_prefetch_quota", { texts: [...texts, ""] });
    const whole = body.replace('""', `"${"x".repeat(16 * MIB - body.length)}"`);
    expect(whole).toHaveLength(16 * MIB);
    expect((await send(server, { headers, body: whole })).status).toBe(200);
  });

  it("gets its answer although most of it is still on its way", async () => {
    const { headers, body } = call("get_prefetch_quota");
    const answer = await fetch(server.url, { method: "POST", headers, body: body.padEnd(16 * MIB + 1, " ") });
    expect(answer.status).toBe(413);
    expect((await answer.text()).length).toBeLessThan(200);
  });

  it("is not read at all where there is no use for one", async () => {
    const socket = await open(server);
    socket.write(`PUT /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${16 * MIB}\r\n\r\n`);
    expect((await read(socket)).status).toBe(405);
  });
});

describe("bodies that never come whole", () => {
  it("take up no more than has come of them", async () => {
    const half = (): Promise<ReturnType<typeof request>> =>
      new Promise((resolve) => {
        const headers = { ...json, expect: "100-continue", "content-length": String(16 * MIB) };
        const sent = request({ host: "127.0.0.1", port: new URL(server.url).port, method: "POST", path: "/mcp", headers, agent: false });
        sent.on("error", () => undefined);
        sent.flushHeaders();
        // The server asks for the body once it has let the request in.
        sent.once("continue", () => {
          sent.write("{");
          resolve(sent);
        });
      });
    const halves = await Promise.all(Array.from({ length: 64 }, half));
    onTestFinished(() => void halves.map((each) => each.destroy()));
    expect((await send(server, call("get_prefetch_quota"))).status).toBe(200);
  });
});

describe("the log", () => {
  it.each([
    ["a line of its own", 'x\n{"level":60,"msg":"forged"}'],
    ["a credential that ends in a quote", 'token="'],
    ["one that ends in an escaped quote", 'authorization: \\"x'],
    ["one that ends in a backslash", "password=\\"],
    ["other ends of lines", "a\u2028b\u2029c\u0085d"],
    ["what terminals obey", "\u001b[31m\u009b31m"],
    ["5,000 letters", "t".repeat(5_000)],
  ])("is one JSON object a line, although callers name %s", async (_, name) => {
    for (const message of [legacy("tools/call", { name, arguments: {} }), legacy(name), post(name)]) await send(server, message);
    const lines = logOf(server);
    expect(lines.map(({ msg }) => msg)).not.toContain("forged");
    expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(1_000);
  });

  it("takes a request id and a trace from a caller only if they are such", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const good = await send(server, legacy("tools/list", {}, { "x-request-id": "call-7", traceparent }));
    expect(good.headers["x-request-id"]).toBe("call-7");
    for (const bad of ["a b", '{"level":60}', "x".repeat(65), "../../etc"]) {
      const reply = await send(server, legacy("tools/list", {}, { "x-request-id": bad, traceparent: `"${bad}` }));
      expect(reply.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
    await expect.poll(() => logOf(server).some(({ request }) => request === "call-7")).toBe(true);
    const traces = logOf(server).flatMap((line) => ("traceparent" in line ? [line.traceparent] : []));
    expect(new Set(traces)).toEqual(new Set([traceparent]));
  });
});

describe("after all of it", () => {
  it("nothing is stored or spent, no internals leaked, and the server answers", async () => {
    expect(await effects(server)).toEqual(untouched);
    expect(server.log.join("\n")).not.toMatch(tellTale);
    expect(logOf(server).filter(({ level }) => Number(level) >= 40)).toEqual([]);
    expect(printed).toBe("");
    expect(server.child.exitCode).toBeNull();
    expect((await send(server, modern("tools/call", quota))).status).toBe(200);
  });
});
