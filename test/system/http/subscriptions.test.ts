/** Resources that the official client listens to. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type McpSubscription, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, it, type TestContext } from "vitest";
import { z } from "zod";
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

describe.concurrent("a subscriber", () => {
  it("hears of a task until it is final, although nobody asks for it, and of the quota that it cost", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test);
    const { listen, prefetch, next, state, told } = await listener(test, url);
    const task = `prefetch://tasks/${await prefetch("https://example.com/a.mp4", "https://example.com/b.mp4")}`;
    const subscription = await listen(task, QUOTA);
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    const ended = async (): Promise<void> => {
      for (;;) {
        await next(task);
        if (z.object({ state: z.string() }).parse(await state(task)).state === "succeeded") return;
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

  it("hears of many changes at once, not of each", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test);
    const { listen, prefetch, next, told } = await listener(test, url);
    await listen(QUOTA);
    const first = next(QUOTA);
    await Promise.all(Array.from({ length: 20 }, (_, nth) => prefetch(`https://example.com/${nth}.mp4`)));
    await first;
    expect(told.length).toBeLessThanOrEqual(3);
  });

  it("is granted what there is for it, and nothing of other tenants or of other kinds", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const [alice, carol, admin] = await Promise.all(["alice", "carol", "admin"].map((name) => listener(test, url, name)));
    if (!alice || !carol || !admin) throw new Error("somebody is missing");
    const task = `prefetch://tasks/${await alice.prefetch("https://example.com/a.mp4")}`;
    const wanted = [task, QUOTA, "prefetch://quota/none", "prefetch://tasks/pf_none", "prefetch://providers", "file:///etc/passwd", "junk"];
    expect((await alice.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    expect((await carol.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [QUOTA] });
    expect((await admin.listen(...wanted)).honoredFilter).toEqual({ resourceSubscriptions: [task, QUOTA] });
    await admin.next(task);
    expect(carol.told).not.toContain(task);
  });

  it("is told in good order when the server stops, and does not keep it from stopping", async (test) => {
    const { expect } = test;
    const { url, stop } = await startServerFor(test);
    const { listen } = await listener(test, url);
    const subscription = await listen(QUOTA);
    const begun = performance.now();
    expect(await stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await subscription.closed).toBe("graceful");
  });

  it("is heard no longer than its token is good", async (test) => {
    const { expect } = test;
    const path = join(mkdtempSync(join(tmpdir(), "tokens-")), "tokens.json");
    const soon = new Date(Date.now() + 4_000).toISOString();
    writeFileSync(path, tokenList({ name: "alice" }, { name: "carol", expires: soon }));
    const { url, child } = await startServerFor(test, { PREFETCH_SERVER_TOKENS_FILE: path });
    const [alice, carol] = await Promise.all(["alice", "carol"].map((name) => listener(test, url, name)));
    const [own, short] = await Promise.all([alice?.listen(QUOTA), carol?.listen(QUOTA)]);
    expect(await short?.closed).toBe("remote");
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon));
    writeFileSync(path, tokenList({ name: "carol" }));
    child.kill("SIGHUP");
    expect(await own?.closed).toBe("remote");
    await expect(alice?.listen(QUOTA)).rejects.toThrow();
  });

  it("may have a hundred streams open, also of many that are asked for at once, and as many again when those are closed", async (test) => {
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
    await expect.poll(again, { timeout: 5_000 }).toEqual({ resourceSubscriptions: [QUOTA] });
  });
});
