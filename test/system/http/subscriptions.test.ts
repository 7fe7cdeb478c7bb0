/** Subscriptions of the official client to resources. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type McpSubscription, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, it, type TestContext } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { authExtra } from "../../../src/mcp/caller.ts";
import type { Authenticator } from "../../../src/transports/auth/authenticate.ts";
import { createMetrics } from "../../../src/transports/http/metrics.ts";
import { type HttpService, startHttp } from "../../../src/transports/http/server.ts";
import { secretOf, startServerFor, tokenList } from "../harness/http-server-harness.ts";

const PREFETCH_SERVER_TOKENS = tokenList({ name: "alice" }, { name: "carol" }, { name: "admin", scopes: ["prefetch:admin"] });
const started = z.object({ task_id: z.string() });
const QUOTA = "prefetch://quota/huawei-vod";

async function listener({ onTestFinished }: TestContext, url: string, name?: string) {
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const headers = name === undefined ? undefined : { authorization: `Bearer ${secretOf(name)}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), headers && { requestInit: { headers } }));
  onTestFinished(() => client.close());
  const told: string[] = [];
  const waiting = new Map<string, () => void>();
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    told.push(params.uri);
    waiting.get(params.uri)?.();
  });
  return {
    client,
    told,
    /** Resolves at the next notification about the resource. */
    next: (uri: string) => new Promise<void>((resolve) => waiting.set(uri, resolve)),
    listen: (...resourceSubscriptions: string[]): Promise<McpSubscription> => client.listen({ resourceSubscriptions }),
    prefetch: async (...urls: string[]) =>
      started.parse((await client.callTool({ name: "prefetch_urls", arguments: { urls, provider: "huawei-vod" } })).structuredContent)
        .task_id,
    state: async (uri: string): Promise<unknown> => {
      const [content] = (await client.readResource({ uri })).contents;
      return JSON.parse(content && "text" in content ? content.text : "");
    },
  };
}

/** A server in this process. Each request's token expires one to two seconds after the request, so a slow start does no harm. */
async function serveWithTokensOfOneSecond({ onTestFinished }: TestContext): Promise<HttpService> {
  const command = readCommand(["--sandbox", "--transport", "http", "--port", "0", "--log-level", "silent"], {});
  if (command.kind !== "serve") throw new Error("The flags do not start a server.");
  const auth: Authenticator = {
    authenticate: async () => ({
      token: "",
      clientId: "carol",
      scopes: ["prefetch:read"],
      expiresAt: Math.ceil(Date.now() / 1_000) + 1,
      extra: authExtra("token:carol"),
    }),
    metadata: undefined,
    reload: () => undefined,
  };
  const { config } = command;
  const service = await startHttp({ app: createApp(config), metrics: createMetrics(), auth, options: config.server });
  onTestFinished(() => service.close());
  return service;
}

describe.concurrent("a subscriber", () => {
  it("hears of a task until it is final, without a status call, and of the quota that it cost", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test);
    const { listen, prefetch, next, state, told } = await listener(test, url);
    const task = `prefetch://tasks/${await prefetch("https://example.com/a.mp4", "https://example.com/b.mp4")}`;
    const subscription = await listen(task, QUOTA);
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    const ended = async (): Promise<void> => {
      for (;;) {
        const changed = next(task);
        if (z.object({ state: z.string() }).parse(await state(task)).state === "succeeded") return;
        await changed;
      }
    };
    await ended();
    expect(told).not.toContain(QUOTA);
    const spent = next(QUOTA);
    await prefetch("https://example.com/c.mp4");
    await spent;
    expect(await state(QUOTA)).toMatchObject({ used: 3 });
    await subscription.close();
  });

  it("gets one notification for many changes", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test);
    const { listen, prefetch, next, told } = await listener(test, url);
    await listen(QUOTA);
    const first = next(QUOTA);
    await Promise.all(Array.from({ length: 20 }, (_, nth) => prefetch(`https://example.com/${nth}.mp4`)));
    await first;
    expect(told.length).toBeLessThanOrEqual(3);
  });

  it("is granted existing resources of its own tenant only", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const [alice, carol, admin] = await Promise.all(["alice", "carol", "admin"].map((name) => listener(test, url, name)));
    if (!alice || !carol || !admin) throw new Error("A client is missing.");
    // 30 batches take 18 s, so the task still changes after the admin listens.
    const urls = Array.from({ length: 300 }, (_, nth) => `https://example.com/${nth}.mp4`);
    const task = `prefetch://tasks/${await alice.prefetch(...urls)}`;
    const wanted = [task, QUOTA, "prefetch://quota/none", "prefetch://tasks/pf_none", "prefetch://providers", "file:///etc/passwd", "junk"];
    expect((await alice.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    expect((await carol.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [QUOTA] });
    expect((await admin.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    await admin.next(task);
    expect(carol.told).not.toContain(task);
  });

  it("gets a graceful end when the server stops, and does not delay the stop", async (test) => {
    const { expect } = test;
    const { url, stop } = await startServerFor(test);
    const { listen } = await listener(test, url);
    const subscription = await listen(QUOTA);
    expect(await stop()).toBe(0);
    expect(await subscription.closed).toBe("graceful");
  });

  it("loses its stream and its access when SIGHUP reloads a token list without its token", async (test) => {
    const { expect } = test;
    const path = join(mkdtempSync(join(tmpdir(), "tokens-")), "tokens.json");
    writeFileSync(path, tokenList({ name: "alice" }));
    const { url, child } = await startServerFor(test, { PREFETCH_SERVER_TOKENS_FILE: path });
    const alice = await listener(test, url, "alice");
    const stream = await alice.listen(QUOTA);
    writeFileSync(path, tokenList({ name: "carol" }));
    child.kill("SIGHUP");
    expect(await stream.closed).toBe("remote");
    await expect(alice.listen(QUOTA)).rejects.toThrow();
  });

  it("loses its stream when its token expires", async (test) => {
    const { expect } = test;
    const { url } = await serveWithTokensOfOneSecond(test);
    const { listen } = await listener(test, url, "carol");
    const stream = await listen(QUOTA);
    expect(await stream.closed).toBe("remote");
  });

  it("may have a hundred streams open, even when it asks for more at once, and a hundred again after closing them", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const { listen, prefetch } = await listener(test, url, "alice");
    const task = `prefetch://tasks/${await prefetch(...Array.from({ length: 30 }, (_, nth) => `https://example.com/${nth}.mp4`))}`;
    const asked = await Promise.allSettled(Array.from({ length: 130 }, () => listen(task)));
    const streams = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(streams).toHaveLength(100);
    for (const each of asked) if (each.status === "rejected") expect(String(each.reason)).toMatch(/too_many_streams/);
    const other = await listener(test, url, "carol");
    expect((await other.listen(QUOTA)).honoredFilter).toEqual({ resourceSubscriptions: [QUOTA] });
    await Promise.all(streams.map((stream) => stream.close()));
    const again = () => listen(QUOTA).then(({ honoredFilter }) => honoredFilter);
    await expect.poll(again).toEqual({ resourceSubscriptions: [QUOTA] });
  });
});
