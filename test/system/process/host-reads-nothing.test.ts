/** A host over stdio that sends requests and reads no answers, or sends a very long line. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { baseEnv, bin } from "../harness/clients-harness.ts";

const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const listTools = (id: number) => ({ jsonrpc: "2.0", id, method: "tools/list", params: {} });
const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;
const withId = z.looseObject({ id: z.number() });
/** Answers to all of them take about 60 MB. Fewer fit into the pipes, so that a host could hand over all of them. */
const REQUESTS = 6_000;

function startServer() {
  const child = spawn(process.execPath, [bin, "--sandbox"], {
    env: { ...baseEnv, NODE_OPTIONS: "--max-old-space-size=160 --max-semi-space-size=8" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Memory of the process in MB: now (VmRSS), or the most that it ever had (VmHWM). */
function memoryOf(pid: number | undefined, figure: "VmRSS" | "VmHWM"): number {
  const [, kilobytes] = new RegExp(`^${figure}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1_024;
}

it("a host that reads nothing is read from no further, takes no more memory, and gets every answer when it reads", async ({ skip }) => {
  if (!existsSync("/proc/self/status")) skip("there is no /proc here to tell a process's memory");
  const child = startServer();
  let isTaken = false;
  child.stdin.write(lineOf(initialize));
  child.stdin.write(Array.from({ length: REQUESTS }, (_, nth) => lineOf(listTools(nth + 1))).join(""), () => {
    isTaken = true;
  });
  // The server has stopped when its memory no longer changes: without a bound it grows by 100 MB a second here.
  let before = 0;
  await expect
    .poll(
      () => {
        const now = memoryOf(child.pid, "VmRSS");
        const isStill = before > 0 && Math.abs(now - before) < 1;
        before = now;
        return isStill;
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(true);
  expect(isTaken).toBe(false);

  const ids = new Set<number>();
  for await (const line of createInterface({ input: child.stdout })) {
    ids.add(withId.parse(JSON.parse(line)).id);
    if (ids.size === REQUESTS + 1) break;
  }
  expect(memoryOf(child.pid, "VmHWM")).toBeLessThan(250);
  expect([ids.size, isTaken]).toEqual([REQUESTS + 1, true]);
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
}, 60_000);

it("a call of 10,000 URLs of 4,000 characters is answered", async () => {
  const child = startServer();
  const urls = Array.from({ length: 10_000 }, (_, nth) => `https://example.com/${nth}/`.padEnd(4_000, "x"));
  const params = { name: "prefetch_urls", arguments: { urls, provider: "huawei-vod", on_quota_exceeded: "partial", dry_run: true } };
  child.stdin.write(lineOf(initialize));
  child.stdin.write(lineOf({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));
  for await (const line of createInterface({ input: child.stdout })) {
    if (withId.parse(JSON.parse(line)).id !== 1) continue;
    expect(line).toMatch(/"total":10000,"planned":1000/);
    break;
  }
}, 60_000);
