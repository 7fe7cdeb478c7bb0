/** A server that is killed in the middle of a task, and what the next one says and does about it. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, vi } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { huaweiEnv, modernSession, taskOf } from "../harness/clients-harness.ts";

const urls = Array.from({ length: 60 }, (_, index) => `https://example.com/crash/${index}.mp4`);

it.concurrent("killed between two batches, leaves a task of which status tells the truth and which goes on", { timeout: 60_000 }, async ({
  expect,
  onTestFinished,
}) => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const store = join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite");
  const env = huaweiEnv(emulator, `sqlite:${store}`);

  // The first batch is accepted; the answers to the next four, which go out side by side, never come.
  emulator.inject({ method: "POST", after: 1, times: 4, fault: { kind: "delay", ms: 60_000 } });
  const first = await modernSession({ env });
  const sent = taskOf(await first.call("prefetch_urls", { urls }));
  expect(sent).toMatchObject({ state: "running", batches: 6, counts: { total: 60, processing: 10, queued: 50 } });
  process.kill(first.pid ?? 0, "SIGKILL");
  emulator.clearFaults();

  const second = await modernSession({ env });
  onTestFinished(() => second.close());
  const early = taskOf(await second.call("get_prefetch_status", { task_id: sent.task_id }));
  expect(early.counts).toMatchObject({ total: 60, succeeded: 10, unknown: 0 });

  // Instead of waiting for the dead process's leases to run out, they are ended by hand.
  const db = new DatabaseSync(store);
  db.exec("PRAGMA busy_timeout = 5000; UPDATE batches SET lease_until = 1 WHERE lease_until IS NOT NULL");
  db.close();

  const ended = taskOf(await second.call("get_prefetch_status", { task_id: sent.task_id, wait_seconds: 30 }));
  // Four batches were on the wire: nobody knows, so nobody says and nobody sends again. The sixth was never sent, and is now.
  expect(ended.counts).toMatchObject({ total: 60, succeeded: 20, unknown: 40, queued: 0, processing: 0 });
  expect(ended.state).toBe("partial");
  expect(ended.next_step).toMatch(/40 URL\(s\) may or may not have reached the vendor/);
  expect(ended.quota).toMatchObject({ used: 60 });
  const received = emulator.log.flatMap((entry) => entry.accepted);
  expect(new Set(received).size).toBe(received.length);
});

it.concurrent("sends by itself what a dead server had not sent yet", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const env = huaweiEnv(emulator, `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`);
  emulator.inject({ method: "POST", times: 4, fault: { kind: "delay", ms: 60_000 } });
  const first = await modernSession({ env });
  taskOf(await first.call("prefetch_urls", { urls }));
  process.kill(first.pid ?? 0, "SIGKILL");
  emulator.clearFaults();
  expect(emulator.log).toEqual([]);

  // Nobody calls the next server; it only has to live.
  const next = await modernSession({ env });
  onTestFinished(() => next.close());
  await vi.waitFor(() => expect(emulator.log).toHaveLength(2), { timeout: 40_000, interval: 100 });
  expect(emulator.log.flatMap((entry) => entry.accepted)).toHaveLength(20);
});

it.concurrent("shares its tasks, quota and recent sends with every other server on the same store", { timeout: 60_000 }, async ({
  expect,
  onTestFinished,
}) => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`;
  const env = { ...huaweiEnv(emulator, store), PREFETCH_DAILY_BUDGET: "25" };
  const [one, two] = await Promise.all([modernSession({ env }), modernSession({ env })]);
  onTestFinished(() => Promise.all([one.close(), two.close()]).then(() => undefined));

  // Together they ask for 40 of 25.
  const asked = [one, two].map((session, which) =>
    session.call("prefetch_urls", {
      urls: Array.from({ length: 20 }, (_, index) => `https://example.com/${which}/${index}.mp4`),
      on_quota_exceeded: "partial",
      wait_seconds: 30,
    }),
  );
  const tasks = (await Promise.all(asked)).map(taskOf);
  expect(tasks.map((task) => task.counts.succeeded).reduce((a, b) => a + b)).toBe(25);
  expect(tasks.map((task) => task.counts.rejected).reduce((a, b) => a + b)).toBe(15);
  expect(emulator.spentToday).toBe(25);

  const seenByTwo = taskOf(await two.call("get_prefetch_status", { task_id: tasks[0]?.task_id }));
  expect(seenByTwo.counts).toEqual(tasks[0]?.counts);
  const repeated = taskOf(await two.call("prefetch_urls", { urls: ["https://example.com/0/0.mp4"] }));
  expect(repeated.task_id).toBe(tasks[0]?.task_id);
});
