/** Probes, metrics and log lines for the server's operators. */

import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { httpSessions, taskOf } from "../harness/clients-harness.ts";
import { secretOf, startServer, tokenList } from "../harness/http-server-harness.ts";

const [[, connect]] = httpSessions;
const folder = () => mkdtempSync(join(tmpdir(), "http-"));
const at = (url: string, path: string, token?: string) =>
  fetch(new URL(path, url), token === undefined ? {} : { headers: { authorization: `Bearer ${secretOf(token)}` } });
const urls = ["https://example.com/a.mp4", "https://example.com/fail-1.mp4", "ftp://example.com/x"];

/** A slow vendor that records the headers of its requests. */
async function busyVendor() {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.traceparent?.toString());
    response.writeHead(503).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = {
    HUAWEICLOUD_SDK_AK: "AK",
    HUAWEICLOUD_SDK_SK: "a-secret-key",
    HUAWEICLOUD_SDK_PROJECT_ID: "5a4dbe1d0c2b4f0e9f5d7c6b8a901234",
    PREFETCH_HUAWEI_VOD_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    PREFETCH_STORE: "memory:",
  };
  return { seen, env };
}

describe("probes", () => {
  it("answer without a token and by any host name", async () => {
    const { url } = await startServer({ PREFETCH_SERVER_TOKENS: tokenList({ name: "robot" }) });
    for (const path of ["/healthz", "/readyz"]) {
      const answer = await at(url, path);
      expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }]);
    }
  });

  it("tell a server that cannot use its store from one that is dead", async () => {
    const path = join(folder(), "store.sqlite");
    writeFileSync(path, "this is no database, and it is long enough to be looked at as one. ".repeat(40));
    const { url, log } = await startServer({ PREFETCH_STORE: `sqlite:${path}` });
    expect((await at(url, "/healthz")).status).toBe(200);
    const answer = await at(url, "/readyz");
    expect([answer.status, await answer.json()]).toEqual([503, { status: "not ready" }]);
    expect(log.some((line) => line.includes("cannot be used"))).toBe(true);
    expect(readFileSync(path, "utf8")).toMatch(/^this is no database/);
  });
});

describe("metrics", () => {
  it("count calls, vendor requests, items, quota and backlog, and name nothing that callers choose", async () => {
    const { url } = await startServer();
    const session = await connect(url);
    const { task_id: task = "" } = taskOf(await session.call("prefetch_urls", { urls, provider: "huawei-vod", wait_seconds: 20 }));
    await session.call("prefetch_urls", { urls: ["nothing usable"], provider: "huawei-vod" });
    await session.call("get_prefetch_status", { task_id: "pf_none" });
    const answer = await at(url, "/metrics");
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of [
      'cdn_prefetch_tool_seconds_count{tool="prefetch_urls",outcome="ok"} 1',
      'cdn_prefetch_tool_seconds_count{tool="prefetch_urls",outcome="invalid_argument"} 1',
      'cdn_prefetch_tool_seconds_count{tool="get_prefetch_status",outcome="not_found"} 1',
      'cdn_prefetch_items{state="succeeded"} 1',
      'cdn_prefetch_items{state="failed"} 1',
      'cdn_prefetch_items{state="rejected"} 1',
      'cdn_prefetch_quota_limit{provider="huawei-vod"} 1000',
      'cdn_prefetch_quota_remaining{provider="huawei-vod"} 998',
      'cdn_prefetch_queued_batches{provider="huawei-vod"} 0',
      "process_resident_memory_bytes",
      "nodejs_eventloop_lag_p99_seconds",
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/cdn_prefetch_vendor_seconds_count\{provider="huawei-vod",outcome="2xx"\} \d+/);
    expect(text).toMatch(/cdn_prefetch_http_requests_total\{status="2xx"\} \d+/);
    for (const word of ["example.com", task, "nothing usable", "pf_"]) expect(text).not.toContain(word);
    await session.close();
  });

  it("show a backlog while the vendor cannot be reached", async () => {
    const { env } = await busyVendor();
    const { url } = await startServer(env, []);
    const session = await connect(url);
    taskOf(await session.call("prefetch_urls", { urls: ["https://example.com/a.mp4"] }));
    const text = await (await at(url, "/metrics")).text();
    expect(text).toContain('cdn_prefetch_queued_batches{provider="huawei-vod"} 1');
    expect(text).toContain('cdn_prefetch_queued_units{provider="huawei-vod"} 1');
    expect(text).toMatch(/cdn_prefetch_vendor_seconds_count\{provider="huawei-vod",outcome="5xx"\} [1-9]/);
    await session.close();
  });

  it("are for administrators, where there are any", async () => {
    const tokens = tokenList({ name: "robot" }, { name: "scraper", scopes: ["prefetch:admin"] });
    const { url } = await startServer({ PREFETCH_SERVER_TOKENS: tokens });
    expect((await at(url, "/metrics")).status).toBe(401);
    expect((await at(url, "/metrics", "robot")).status).toBe(403);
    expect(await (await at(url, "/metrics", "scraper")).text()).toContain("cdn_prefetch_items");
  });
});

describe("logs", () => {
  it("name the caller and the tool of each request, with an id that the caller gets and may choose", async () => {
    const { url, log } = await startServer({ PREFETCH_SERVER_TOKENS: tokenList({ name: "robot" }) });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const ask = (headers: Record<string, string>) =>
      fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${secretOf("robot")}`,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "get_prefetch_quota", arguments: {} } }),
      }).then(async (response) => (await response.text()) && response.headers.get("x-request-id"));
    expect(await ask({ "x-request-id": "the-id.1", traceparent })).toBe("the-id.1");
    expect(await ask({ "x-request-id": 'forged"} {"level":50', traceparent: "junk" })).toMatch(/^[0-9a-f-]{36}$/);
    await expect.poll(() => log.filter((line) => line.includes('"msg":"request"')).length).toBe(2);
    const [first = "", second = ""] = log.filter((line) => line.includes('"msg":"request"'));
    expect(JSON.parse(first)).toMatchObject({
      request: "the-id.1",
      principal: "robot",
      traceparent,
      method: "tools/call",
      name: "get_prefetch_quota",
      status: 200,
    });
    expect(JSON.parse(second)).not.toHaveProperty("traceparent");
    expect(log.join("\n")).not.toContain(secretOf("robot"));
  });

  it("are as loud as PREFETCH_LOG_LEVEL says", async () => {
    const { url, log } = await startServer({ PREFETCH_LOG_LEVEL: "info" });
    await at(url, "/healthz");
    const session = await connect(url);
    await session.close();
    expect(log.some((line) => line.includes('"msg":"request"'))).toBe(true);
    expect(log.every((line) => !line.includes("/healthz"))).toBe(true);
  });
});

describe("a trace", () => {
  it("goes on to the vendor's side, from the header or the message, and into no other call's requests", async () => {
    const { env, seen } = await busyVendor();
    const { url } = await startServer(env, []);
    const trace = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    const send = (target: string, headers: Record<string, string>, _meta: Record<string, string>) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "prefetch_urls", arguments: { urls: [target] }, _meta },
        }),
      }).then((response) => response.text());
    await send("https://a.example/1", { traceparent: trace("a") }, {});
    expect(new Set(seen)).toEqual(new Set([trace("a")]));
    seen.length = 0;
    await send("https://b.example/1", { traceparent: trace("a") }, { traceparent: trace("b") });
    await expect.poll(() => seen.includes(trace("b")), { timeout: 15_000 }).toBe(true);
    await send("https://c.example/1", {}, { traceparent: "junk" });
    await expect.poll(() => seen.includes(undefined), { timeout: 15_000 }).toBe(true);
  });
});
