/** Clients that send ahead and do not read, without a token, beside a client that behaves. */

import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../harness/http-server-harness.ts";
import { bearer, call, entry, open, send } from "../harness/raw-http-harness.ts";

const GREEDY = 200;
const admin = bearer("admin-secret-token");
/** Requests that one client sends at once, such as 60 kB of them. */
const BURST = 500;

it("200 connections that send ahead without reading hold up neither the probe nor a client with a token", async () => {
  const tokens = [entry("admin", "admin-secret-token", ["prefetch:admin"])];
  const heap = { NODE_OPTIONS: "--max-old-space-size=160 --max-semi-space-size=8" };
  const server = await startServer({ ...heap, PREFETCH_SERVER_TOKENS: JSON.stringify(tokens) });
  const refused = async (): Promise<number> => {
    const { body } = await send(server, { method: "GET", path: "/metrics", headers: admin });
    return Number(/^cdn_prefetch_http_requests_total\{status="4xx"\} (\d+)$/m.exec(body)?.[1] ?? 0);
  };
  const request = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  const burst = request.repeat(BURST);

  const sockets = await Promise.all(Array.from({ length: GREEDY }, () => open(server)));
  onTestFinished(() => void sockets.map((socket) => socket.destroy()));
  for (const socket of sockets) socket.pause().write(burst);
  await expect.poll(refused, { timeout: 10_000 }).toBeGreaterThan(0);

  // The well-behaved client is through long before the flood is: its turn comes after one request of each connection.
  const before = await refused();
  expect((await send(server, { method: "GET", path: "/healthz" })).status).toBe(200);
  expect((await send(server, call("get_prefetch_quota", {}, admin))).status).toBe(200);
  expect((await refused()) - before).toBeLessThan((GREEDY * BURST) / 4);
  for (let count = 0; count < 20; count += 1) {
    expect((await send(server, call("get_prefetch_quota", {}, admin))).status).toBe(200);
  }
  expect(server.child.exitCode).toBeNull();
}, 60_000);
