/** Ten thousand requests at once: each is answered, and none leaves anything behind. */

import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { type HttpServer, startServer } from "../harness/http-server-harness.ts";
import {
  bearer,
  call,
  effects,
  entry,
  legacy,
  logOf,
  type Message,
  type Reply,
  replyOf,
  send,
  tellTale,
} from "../harness/raw-http-harness.ts";

const REQUESTS = 10_000;
/** One processor could not read the headers of many more within their ten seconds. */
const CONNECTIONS = 500;
const A_MINUTE = 300;
const admin = bearer("admin-secret-token");

/** Gauges from the server's own metrics. */
async function gauges(server: HttpServer): Promise<{ handles: number; heap: number; sockets: number }> {
  const { body } = await send(server, { method: "GET", path: "/metrics", headers: admin });
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(body)?.[1] ?? Number.NaN);
  const sockets = Number(/^nodejs_active_handles\{type="Socket"\} (\d+)$/m.exec(body)?.[1] ?? 0);
  return { handles: of("nodejs_active_handles_total"), heap: of("nodejs_heap_size_used_bytes"), sockets };
}

it("10,000 requests at once, good ones and bad ones, are all answered as they should be, and leave nothing behind", async () => {
  const list = [
    entry("alice", "alice-secret-token", ["prefetch:read", "prefetch:write"], { tenant: "acme" }),
    entry("bob", "bob-secret-token", ["prefetch:read"], { tenant: "globex" }),
    entry("admin", "admin-secret-token", ["prefetch:admin"]),
  ];
  const env = { PREFETCH_SERVER_TOKENS: JSON.stringify(list), PREFETCH_TENANT_REQUESTS_PER_MINUTE: String(A_MINUTE) };
  const server = await startServer(env);
  const kinds: readonly (readonly [message: Message, statuses: readonly number[]])[] = [
    [call("get_prefetch_quota", {}, bearer("alice-secret-token")), [200, 429, 503]],
    [legacy("tools/call", { name: "get_prefetch_quota", arguments: {} }, bearer("bob-secret-token")), [200, 429, 503]],
    [call("prefetch_urls", { urls: ["https://example.com/flood.mp4"] }, bearer("mallory-secret")), [401]],
    [call("get_prefetch_quota"), [401]],
  ];
  const before = await gauges(server);

  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(() => agent.destroy());
  const ask = async ({ headers, body }: Message): Promise<Reply> => {
    const sent = request(server.url, { method: "POST", headers, agent });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return replyOf(answer);
  };
  const wrong: string[] = [];
  const counts = new Map<number, number>();
  const asked = Array.from({ length: REQUESTS }, async (_, index) => {
    const [message, statuses] = kinds[index % kinds.length] ?? [{}, []];
    const { status, headers, body } = await ask(message);
    counts.set(status, (counts.get(status) ?? 0) + 1);
    const comeBack = Number(headers["retry-after"]) > 0;
    if (!statuses.includes(status) || (status === 429 || status === 503) !== comeBack || tellTale.test(body))
      wrong.push(`${status} ${body}`);
  });
  await Promise.all(asked);
  expect(wrong).toEqual([]);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
  expect(counts.get(401)).toBe(REQUESTS / 2);
  expect((counts.get(200) ?? 0) + (counts.get(503) ?? 0)).toBe(2 * A_MINUTE);
  expect(counts.get(200)).toBeGreaterThan(0);
  expect(counts.get(429)).toBe(REQUESTS / 2 - 2 * A_MINUTE);

  agent.destroy();
  await expect.poll(async () => (await gauges(server)).sockets).toBeLessThanOrEqual(before.sockets + 2);
  const after = await gauges(server);
  expect(after.handles).toBeLessThanOrEqual(before.handles + 2);
  // Uncollected garbage takes far less than ten thousand requests would.
  expect(after.heap).toBeLessThan(before.heap + 100 * 1_048_576);
  expect(await effects(server, admin)).toEqual({ tasks: 0, used: 0 });
  expect(logOf(server).filter(({ level }) => Number(level) >= 40)).toEqual([]);
  expect(await server.stop()).toBe(0);
}, 60_000);
