/** Servers that are killed in the middle of a task, and their successors. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { endOf, huaweiEnv, modernSession, taskOf } from "../harness/clients-harness.ts";
import { fastServer } from "../harness/fast-bundle-harness.ts";
import { fastClock, fastEnv } from "../harness/fast-clock-harness.ts";
import { batchStates } from "../harness/store-file-harness.ts";

/** Requests are paced, so time runs faster here. */
const time = { since: Date.now(), speed: 8 };
const { now } = fastClock(time);

const urls = Array.from({ length: 60 }, (_, index) => `https://example.com/crash/${index}.mp4`);

it.concurrent("a successor continues a task and reports its true state when the first server was killed between two batches", {
  timeout: 60_000,
}, async ({ expect, onTestFinished }) => {
  const emulator = await startHuaweiVod({ now, firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const store = join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite");
  const entry = await fastServer();
  const env = { ...huaweiEnv(emulator, `sqlite:${store}`), ...fastEnv(time) };

  // The first batch is accepted; the answers to the next four, which go out side by side, never come.
  emulator.inject({ method: "POST", after: 1, times: 4, fault: { kind: "delay", ms: 60_000 } });
  const first = await modernSession({ entry, env });
  const sent = taskOf(await first.call("prefetch_urls", { urls }));
  expect(sent).toMatchObject({ batches: 6, counts: { total: 60 } });
  const progress = async () => taskOf(await first.call("get_prefetch_status", { task_id: sent.task_id })).counts;
  await expect.poll(progress, { timeout: 20_000 }).toMatchObject({ queued: 50 });
  await expect.poll(() => batchStates(store).get("sending"), { timeout: 20_000 }).toBe(4);
  process.kill(first.pid ?? 0, "SIGKILL");
  emulator.clearFaults();

  const second = await modernSession({ entry, env });
  onTestFinished(() => second.close());
  const early = taskOf(await second.call("get_prefetch_status", { task_id: sent.task_id }));
  expect(early.counts).toMatchObject({ total: 60, succeeded: 10, unknown: 0 });

  // The test ends the dead process's leases by hand instead of waiting for them. The successor sends the sixth batch meanwhile.
  const db = new DatabaseSync(store);
  db.exec("PRAGMA busy_timeout = 5000; UPDATE batches SET lease_until = 1 WHERE number BETWEEN 1 AND 4");
  db.close();

  const ended = await endOf(second, sent);
  // Four batches were in flight, so their outcome is unknown and they are not sent again. The sixth is sent now.
  expect(ended.counts).toMatchObject({ total: 60, succeeded: 20, unknown: 40, queued: 0, processing: 0 });
  expect(ended.state).toBe("partial");
  expect(ended.next_step).toMatch(/40 URL\(s\) may or may not have reached the vendor/);
  expect(ended.quota).toMatchObject({ used: 60 });
  const received = emulator.log.flatMap((entry) => entry.accepted);
  expect(new Set(received).size).toBe(received.length);
});

it.concurrent("servers on the same store share tasks, quota and recent sends", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
  const emulator = await startHuaweiVod({ now, firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`;
  const entry = await fastServer();
  const env = { ...huaweiEnv(emulator, store), ...fastEnv(time), PREFETCH_DAILY_BUDGET: "25" };
  const [one, two] = await Promise.all([modernSession({ entry, env }), modernSession({ entry, env })]);
  onTestFinished(() => Promise.all([one.close(), two.close()]).then(() => undefined));

  // Together they ask for 40 of 25.
  const asked = [one, two].map((session, which) =>
    session.call("prefetch_urls", {
      urls: Array.from({ length: 20 }, (_, index) => `https://example.com/${which}/${index}.mp4`),
      on_quota_exceeded: "partial",
    }),
  );
  const started = (await Promise.all(asked)).map(taskOf);
  const tasks = await Promise.all([one, two].map((session, which) => endOf(session, started[which] ?? {})));
  expect(tasks.map((task) => task.counts.succeeded).reduce((a, b) => a + b)).toBe(25);
  expect(tasks.map((task) => task.counts.rejected).reduce((a, b) => a + b)).toBe(15);
  expect(emulator.spentToday).toBe(25);

  const seenByTwo = taskOf(await two.call("get_prefetch_status", { task_id: tasks[0]?.task_id }));
  expect(seenByTwo.counts).toEqual(tasks[0]?.counts);
  const repeated = taskOf(await two.call("prefetch_urls", { urls: ["https://example.com/0/0.mp4"] }));
  expect(repeated.task_id).toBe(tasks[0]?.task_id);
});
