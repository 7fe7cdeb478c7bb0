/** Bodies that take far more memory than their length says. The server has the heap that docs/streamable-http.md recommends. */

import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type HttpServer, launchServer } from "../harness/http-server-harness.ts";
import { bearer, call, entry, legacy, open, type Reply, read, replyOf, send, structuredOf } from "../harness/raw-http-harness.ts";

const MIB = 1_048_576;
const HEAP = { NODE_OPTIONS: "--max-old-space-size=160 --max-semi-space-size=8" };
const reader = bearer("reader-secret-token");
const writers = ["anna", "bert"].map((name) => bearer(`${name}-secret-token`));
const [writer = {}, otherWriter = {}] = writers;
/** 15.9 MB that would be 600 MB of arrays. */
const arrays = `[${"[],".repeat(5_299_999)}[]]`;

let server: HttpServer;

beforeAll(async () => {
  const tokens = [
    entry("reader", "reader-secret-token", ["prefetch:read"]),
    ...["anna", "bert"].map((name) => entry(name, `${name}-secret-token`, ["prefetch:write"])),
  ];
  server = await launchServer({ ...HEAP, PREFETCH_SERVER_TOKENS: JSON.stringify(tokens) });
});

afterAll(async () => {
  await server.stop();
});

const spending = (urls: unknown, headers: Readonly<Record<string, string>>) => {
  const { body, ...message } = call("prefetch_urls", { urls: "LIST", provider: "huawei-vod" }, headers);
  return { ...message, body: body.replace('"LIST"', () => (typeof urls === "string" ? urls : JSON.stringify(urls))) };
};

/** Sends the headers and the first part of a body, and keeps the rest back. */
function begin(headers: Readonly<Record<string, string>>, length: number, part: string): ClientRequest {
  const sent = request(server.url, { method: "POST", agent: false, headers: { ...headers, "content-length": String(length) } });
  sent.on("error", () => undefined);
  sent.flushHeaders();
  if (part !== "") sent.write(part);
  onTestFinished(() => void sent.destroy());
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<Reply> {
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return replyOf(answer);
}

it.each([
  ["that the headers name", () => spending([], reader).headers],
  ["of the 2025 revisions, which have no such headers", () => legacy("tools/call", {}, reader).headers],
])("a call %s is refused with 403 for a token without the scope before any of its body arrives", async (_, headersOf) => {
  const answer = await answerOf(begin(headersOf(), arrays.length, ""));
  expect(answer.status).toBe(403);
  expect(answer.headers["www-authenticate"]).toMatch(/error="insufficient_scope".*scope="prefetch:write"/);
});

it("a client that waits to be asked for the body is asked after the checks only", async () => {
  const expecting = { expect: "100-continue" };
  const asked: string[] = [];
  const refused = begin({ ...spending([], reader).headers, ...expecting }, arrays.length, "");
  refused.on("continue", () => asked.push("reader"));
  expect((await answerOf(refused)).status).toBe(403);
  const { headers, body } = call("get_prefetch_quota", {}, writer);
  const accepted = begin({ ...headers, ...expecting }, body.length, "");
  accepted.on("continue", () => {
    asked.push("writer");
    accepted.end(body);
  });
  expect((await answerOf(accepted)).status).toBe(200);
  expect(asked).toEqual(["writer"]);
});

it("a body without a declared length is refused, too, when it is too large for a token without the scope", async () => {
  const socket = await open(server);
  const headers = { host: "localhost", ...legacy("tools/call", {}, reader).headers, "transfer-encoding": "chunked" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = read(socket);
  socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${(2 * MIB).toString(16)}\r\n${" ".repeat(MIB + 1)}`);
  expect((await answer).status).toBe(403);
});

it.each(["tools/call", "tools/list"])("a body with too many values in %s is refused before the rest of it arrives", async (method) => {
  const { headers, body } = method === "tools/call" ? spending(arrays, writer) : legacy(method, {}, writer);
  const answer = await answerOf(begin(headers, 15 * MIB, `${body.slice(0, 100)}${arrays.slice(0, 64_000)}`));
  expect(answer.status).toBe(413);
  expect(answer.body).toContain("The body has more than 16000 values. Split the list into several calls.");
});

it("a batch is refused at its first byte", async () => {
  const answer = await answerOf(begin(legacy("tools/list", {}, writer).headers, 15 * MIB, " \n["));
  expect(answer.status).toBe(400);
  expect(answer.body).toContain("Batches are not supported");
});

it.each([
  ["a text of more than 2097152 bytes", `{"a":"${"x".repeat(2 * MIB + 1)}`],
  ["more than 1048576 bytes outside of texts", " ".repeat(MIB + 1)],
])("a body with %s is refused before the rest of it arrives", async (problem, part) => {
  const answer = await answerOf(begin(legacy("tools/list", {}, writer).headers, 15 * MIB, part));
  expect(answer.status).toBe(413);
  expect(answer.body).toContain(`The body has ${problem}`);
});

it("nesting is refused before the rest of the body arrives", async () => {
  const answer = await answerOf(begin(legacy("tools/list", {}, writer).headers, 15 * MIB, `{"a":${"[".repeat(64)}`));
  expect(answer.status).toBe(400);
  expect(answer.body).toContain("more than 64 levels of nesting");
});

it("four such bodies at once, as arrays and as text, end no server", async () => {
  const text = JSON.stringify(arrays.slice(0, MIB));
  const messages = [arrays, text, arrays, text].map((list) => spending(list, writer));
  const answers = await Promise.all(messages.map((message) => fetch(server.url, { method: "POST", ...message })));
  expect((await send(server, { method: "GET", path: "/healthz" })).status).toBe(200);
  expect([413, 503]).toContain(answers[0]?.status);
  // A text is one value to the transport, so it is the tool that refuses its array.
  expect([200, 503]).toContain(answers[1]?.status);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(texts.filter((text) => text.includes("more than 16000 values")).length).toBeGreaterThanOrEqual(2);
  expect(server.child.exitCode).toBeNull();
});

it("a body for which there is no memory left gets 503 and a time, and goes through when there is", async () => {
  // Just below the greatest size, in which two do not fit into the memory.
  const texts = Array.from({ length: 16 }, (_, nth) => "x".repeat(nth === 0 ? MIB - 2_000 : MIB));
  const { headers, body: large } = call("get_prefetch_quota", { texts }, writer);
  const first = begin(headers, large.length, large.slice(0, -1));
  const second = () => fetch(server.url, { method: "POST", headers: { ...headers, ...otherWriter }, body: large });
  // Until the first body has arrived, the second may get the memory.
  await expect.poll(async () => (await second()).status, { timeout: 10_000 }).toBe(503);
  const refused = await second();
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await send(server, call("get_prefetch_quota", {}, otherWriter))).status).toBe(200);
  first.end(large.slice(-1));
  expect((await answerOf(first)).status).toBe(200);
  expect((await second()).status).toBe(200);
});

it("/healthz answers again and again while large lists are read and planned", async () => {
  const urls = Array.from({ length: 10_000 }, (_, nth) => `https://example.com/${nth}/`.padEnd(1_000, "x"));
  const { headers, body } = call("prefetch_urls", { urls, provider: "huawei-vod", dry_run: true, on_quota_exceeded: "partial" });
  let underWay = 2;
  let answered = 0;
  const probe = async (): Promise<void> => {
    for (; underWay > 0; answered += 1) await send(server, { method: "GET", path: "/healthz" });
  };
  const lists = [writer, otherWriter].map(async (caller) => {
    const reply = await send(server, { headers: { ...headers, ...caller }, body });
    underWay -= 1;
    return reply.status;
  });
  await probe();
  expect(await Promise.all(lists)).toEqual([200, 200]);
  // A slice has 10 ms of some 500 ms of work. Without slices, each list is received, parsed and planned in three or four long turns.
  expect(answered).toBeGreaterThanOrEqual(15);
});

it("a list of 10,000 URLs goes through", async () => {
  const urls = Array.from({ length: 10_000 }, (_, nth) => `https://example.com/${nth}/`.padEnd(150, "x"));
  const { headers, body } = call("prefetch_urls", { urls, provider: "huawei-vod", on_quota_exceeded: "defer" }, writer);
  const reply = await send(server, { headers, body });
  expect(reply.status).toBe(200);
  expect(structuredOf(reply)).toMatchObject({ counts: { total: 10_000 } });
});
