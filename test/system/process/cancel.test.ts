/** Cancelling a task through the built server, with each generation of the client. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { alibabaEnv, endOf, sessions, taskOf } from "../harness/clients-harness.ts";

const urls = Array.from({ length: 450 }, (_, index) => `https://vod.example.net/${index}.mp4`);

describe.concurrent.each(sessions)("cancel_prefetch with the %s", (_, start) => {
  it("cancels the unsent URLs, frees their quota, and reports the sent ones", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
    const emulator = await startAlibabaVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`;
    const session = await start({ env: alibabaEnv(emulator, store) });
    onTestFinished(() => session.close());

    // The vendor takes the first of five requests, and throttles the others until the task is cancelled.
    const body = JSON.stringify({
      Code: "Throttling.User",
      Message: "Request was denied due to user flow control.",
      RequestId: "0A1B2C3D",
    });
    emulator.inject({ action: "PreloadVodObjectCaches", after: 1, times: 1_000, fault: { kind: "answer", status: 503, body } });
    const sent = taskOf(await session.call("prefetch_urls", { urls }));
    const status = async () => taskOf(await session.call("get_prefetch_status", { task_id: sent.task_id })).counts;
    await expect.poll(async () => (await status()).succeeded, { timeout: 30_000 }).toBeGreaterThan(0);
    const cancelled = taskOf(await session.call("cancel_prefetch", { task_id: sent.task_id }));
    expect(cancelled.counts.cancelled).toBeGreaterThan(0);
    expect(cancelled.next_step).toMatch(
      /^\d+ cancelled\. Units free again, by the vendor.s day: \d+ of \d{4}-\d\d-\d\d \(alibaba-vod\)\. \d+ are left today at alibaba-vod\./,
    );

    emulator.clearFaults();

    const ended = await endOf(session, sent);
    const accepted = emulator.log.flatMap((entry) => entry.accepted).length;
    expect(ended).toMatchObject({
      state: "partial",
      counts: { succeeded: accepted, cancelled: 450 - accepted, queued: 0 },
      quota: { used: accepted, remaining: 500 - accepted },
    });
    const again = taskOf(await session.call("cancel_prefetch", { task_id: sent.task_id }));
    expect(again.next_step).toMatch(/^Nothing was left to cancel\./);
    expect(emulator.spentToday).toBe(accepted);

    const listed = (await session.call("list_prefetch_tasks", { state: "partial", limit: "5" })).structured;
    expect(listed).toMatchObject({ tasks: [{ task_id: sent.task_id, providers: ["alibaba-vod"], state: "partial", total: 450 }] });

    // Another call may send the cancelled URLs. The last request, of 50 URLs, is among them.
    const rest = taskOf(await session.call("prefetch_urls", { urls: urls.slice(-50) }));
    expect(rest).toMatchObject({ skipped_recent: 0 });
    expect(await endOf(session, rest)).toMatchObject({ state: "succeeded" });
  });
});

it("cancel_prefetch of a task that the server fetches itself counts each URL once", async ({ expect, onTestFinished }) => {
  const [[, start]] = sessions;
  const session = await start({ args: ["--sandbox"] });
  onTestFinished(() => session.close());
  const slow = Array.from({ length: 400 }, (_, index) => `https://nginx.example.org/slow-${index}.mp4`);
  const sent = taskOf(await session.call("prefetch_urls", { urls: slow }));
  const running = taskOf(await session.call("cancel_prefetch", { task_id: sent.task_id }));
  const said = /^(\d+) are being sent now; those that can still be stopped stop within seconds, .*? (\d+) had been sent before /.exec(
    running.next_step,
  );
  expect(Number(said?.[1]) + Number(said?.[2])).toBe(400);
  expect(running.next_step).not.toMatch(/Nothing was waiting|being sent right now/);
  const ended = await endOf(session, sent);
  expect(ended.counts.succeeded + ended.counts.cancelled).toBe(400);
  expect(ended.counts.cancelled).toBeGreaterThan(0);
});
