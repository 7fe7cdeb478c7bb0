/** Cancelling a task through the built server, with each generation of the client. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { alibabaEnv, sessions, taskOf } from "../harness/clients-harness.ts";

const urls = Array.from({ length: 450 }, (_, index) => `https://vod.example.net/${index}.mp4`);

describe.concurrent.each(sessions)("cancel_prefetch with the %s", (_, start) => {
  it("cancels the unsent URLs, frees their quota, and reports the sent ones", { timeout: 30_000 }, async ({ expect, onTestFinished }) => {
    const emulator = await startAlibabaVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`;
    const session = await start({ env: alibabaEnv(emulator, store) });
    onTestFinished(() => session.close());

    // Requests of one host go out more than a second apart, so most of the five batches still wait when the first one is answered.
    const sent = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 1 }));
    expect(sent.counts.queued).toBeGreaterThan(0);
    const cancelled = taskOf(await session.call("cancel_prefetch", { task_id: sent.task_id }));
    const accepted = 450 - cancelled.counts.cancelled;
    expect(accepted).toBeGreaterThan(0);
    // A request that was in flight during the cancellation may still arrive.
    await expect.poll(() => emulator.log.flatMap((entry) => entry.accepted).length).toBe(accepted);
    expect(cancelled.quota).toMatchObject({ used: accepted, remaining: 500 - accepted });
    expect(cancelled.next_step).toMatch(
      new RegExp(`^${450 - accepted} cancelled, their quota is free again\\. ${accepted} had been sent before`),
    );

    const ended = taskOf(await session.call("get_prefetch_status", { task_id: sent.task_id, wait_seconds: 10 }));
    expect(ended).toMatchObject({ state: "partial", counts: { succeeded: accepted, cancelled: 450 - accepted, queued: 0 } });
    const again = taskOf(await session.call("cancel_prefetch", { task_id: sent.task_id }));
    expect(again.next_step).toMatch(/^Nothing was waiting for its turn\./);
    expect(emulator.spentToday).toBe(accepted);

    const listed = (await session.call("list_prefetch_tasks", { state: "partial", limit: "5" })).structured;
    expect(listed).toMatchObject({ tasks: [{ task_id: sent.task_id, provider: "alibaba-vod", state: "partial", total: 450 }] });

    // Another call may send the cancelled URLs.
    const rest = taskOf(await session.call("prefetch_urls", { urls: urls.slice(-100), wait_seconds: 10 }));
    expect(rest).toMatchObject({ state: "succeeded", skipped_recent: 0 });
  });
});
