/** The main job over HTTP, with each generation of the official client. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { httpSessions, huaweiEnv, taskOf } from "../harness/clients-harness.ts";
import { secretOf, startServerFor, tokenList } from "../harness/http-server-harness.ts";

const urlsOf = (count: number) => Array.from({ length: count }, (_, index) => `https://example.com/${index}.mp4`);

describe.concurrent.each(httpSessions)("the story over HTTP with the %s", (generation, connect) => {
  it("carries out a mixed list with progress, pages through it, and sends nothing twice", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test);
    const session = await connect(url);
    expect(session.generation).toBe(generation === "2026-07-28 client" ? "modern" : "legacy");
    expect(session.instructions()).toMatch(/no real CDN/);
    const progress: number[] = [];
    const urls = [...urlsOf(23), "https://example.com/fail-1.mp4", "ftp://example.com/a"];
    const call = session.call(
      "prefetch_urls",
      { urls, provider: "huawei-vod", wait_seconds: 30 },
      { onProgress: (done) => progress.push(done) },
    );
    const ended = taskOf(await call);
    expect(ended).toMatchObject({ state: "partial", counts: { total: 25, succeeded: 23, failed: 1, rejected: 1 } });
    expect(progress.length).toBeGreaterThan(1);
    expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));

    const rows: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = taskOf(await session.call("get_prefetch_status", { task_id: ended.task_id, detail: "all", ...(cursor && { cursor }) }));
      rows.push(...(page.items ?? []));
      cursor = page.next_cursor;
    } while (cursor);
    expect(rows).toHaveLength(25);
    expect(taskOf(await session.call("prefetch_urls", { urls: urlsOf(23), provider: "huawei-vod" }))).toMatchObject({
      task_id: ended.task_id,
      skipped_recent: 23,
      quota: { used: 24 },
    });
    expect(await session.resources()).toEqual(
      expect.arrayContaining(["prefetch://quota", "prefetch://quota/huawei-vod", "prefetch://providers"]),
    );
    await session.close();
  });

  it("goes on after the server was killed, for the tenant whose task it is, on any server of the store", async (test) => {
    const { expect } = test;
    const emulator = await startHuaweiVod({ firstMs: 1_500 });
    test.onTestFinished(() => emulator.close());
    const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "story-")), "store.sqlite")}`;
    const env = { ...huaweiEnv(emulator, store), PREFETCH_SERVER_TOKENS: tokenList({ name: "alice" }, { name: "carol" }) };
    const first = await startServerFor(test, env, []);
    const session = await connect(first.url, secretOf("alice"));
    const { task_id: taskId = "" } = taskOf(await session.call("prefetch_urls", { urls: urlsOf(12) }));
    const counts = async () => taskOf(await session.call("get_prefetch_status", { task_id: taskId })).counts;
    // A request in flight would end as unknown.
    await expect.poll(counts).toMatchObject({ queued: 0, unknown: 0, total: 12 });
    first.child.kill("SIGKILL");
    await first.stop();
    const [second, third] = await Promise.all([startServerFor(test, env, []), startServerFor(test, env, [])]);
    const alice = await connect(second.url, secretOf("alice"));
    const ended = taskOf(await alice.call("get_prefetch_status", { task_id: taskId, wait_seconds: 30 }));
    expect(ended).toMatchObject({ state: "succeeded", counts: { total: 12, succeeded: 12 } });
    const again = await connect(third.url, secretOf("alice"));
    expect(taskOf(await again.call("prefetch_urls", { urls: urlsOf(12) }))).toMatchObject({ task_id: taskId, skipped_recent: 12 });
    const carol = await connect(third.url, secretOf("carol"));
    expect(await carol.call("get_prefetch_status", { task_id: taskId })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^not_found/),
    });
    expect(emulator.log.flatMap(({ accepted }) => accepted)).toHaveLength(12);
    await Promise.all([alice.close(), again.close(), carol.close()]);
  });
});
