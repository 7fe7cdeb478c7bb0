/** The memory that the longest task takes beyond a short one. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { newFolder } from "../../storage/file-harness.ts";
import { alibabaEnv, taskOf } from "../harness/clients-harness.ts";
import { fastClock } from "../harness/fast-clock-harness.ts";
import { startStoreServer } from "./server-harness.ts";

/**
 * A garbage collector with room keeps garbage, so the process's size says little. With a bounded heap, a server that
 * needs too much memory ends.
 */
const HEAP = { NODE_OPTIONS: "--max-old-space-size=96" };
const MOST_MB_MORE = 100;
/** The server paces each host separately, so several hosts take less time. */
const HOSTS = ["a", "b", "c", "d", "e"].map((name) => `${name}.example.net`);

/** Short URLs, a hundred to a request: more requests take more time, not more memory. */
const urlsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `https://${HOSTS[index % HOSTS.length]}/${index % 100 === 99 ? "fail" : "part"}${index}.ts`);

/** The most that the process ever had in memory, in MB. */
function peakOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

/** Takes a task through its whole life in a server of its own, asks for some of its rows, and tells the server's peak. */
async function peakFor(count: number): Promise<number> {
  const time = { since: Date.now(), speed: 15 };
  const { now } = fastClock(time);
  const emulator = await startAlibabaVod({ now, firstMs: 0, eachMs: 0, dailyLimit: 20_000, domains: HOSTS });
  onTestFinished(() => emulator.close());
  const store = `sqlite:${join(newFolder(), "store.sqlite")}`;
  const server = await startStoreServer({ ...alibabaEnv(emulator, store), ...HEAP }, time);
  const sent = taskOf(await server.call("prefetch_urls", { urls: urlsOf(count) }));
  // Status calls meanwhile would take as long as the task itself.
  await vi.waitFor(() => expect(emulator.rows).toHaveLength(count), { timeout: 60_000, interval: 100 });
  const ask = () => server.call("get_prefetch_status", { task_id: sent.task_id, wait_seconds: 50, detail: "all" });
  let task = taskOf(await ask());
  while (task.state === "queued" || task.state === "running") task = taskOf(await ask());
  const failed = Math.floor(count / 100);
  expect(task.counts).toMatchObject({ total: count, succeeded: count - failed, failed });
  expect(task.items).toHaveLength(Math.min(count, 100));
  const peak = peakOf(server.pid);
  await server.close();
  return peak;
}

it("takes little more for 10,000 URLs than for 10", { timeout: 120_000 }, async ({ skip, annotate }) => {
  if (!existsSync("/proc/self/status")) skip("there is no /proc here to tell a process's memory");
  const [small, large] = await Promise.all([peakFor(10), peakFor(10_000)]);
  await annotate(`peak memory: ${large} MB for 10,000 URLs, ${small} MB for 10`);
  expect(large - small).toBeLessThan(MOST_MB_MORE);
});
