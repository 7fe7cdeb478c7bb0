/** A full disk: the caller's error, the file's content, and no URL that is sent twice. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type HuaweiVodEmulator, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder } from "../../storage/file-harness.ts";
import { huaweiEnv, type ToolAnswer, taskOf, usedOf } from "../harness/clients-harness.ts";
import { fastClock } from "../harness/fast-clock-harness.ts";
import { contentOf, giveRoom, heldBy, isSound, leaveRoom, nothingHeld, openWithConnection } from "./files-harness.ts";
import { needsLimits, startStoreServer } from "./server-harness.ts";

const newPath = (): string => join(newFolder(), "store.sqlite");

async function emulatorFor(now?: () => number): Promise<HuaweiVodEmulator> {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0, ...(now && { now }) });
  onTestFinished(() => emulator.close());
  return emulator;
}

const sentBy = (emulator: HuaweiVodEmulator): string[] => emulator.log.flatMap((entry) => [...entry.accepted]);

function expectStoreError(answer: ToolAnswer, path: string): void {
  expect(answer.isError).toBe(true);
  // The error names the file, the fault and the remedy.
  expect(answer.text).toContain(`The store ${path} cannot be used: `);
  expect(answer.text).toMatch(/cannot be used: (disk I\/O error|database or disk is full)\. .*free disk space.*PREFETCH_STORE\./);
}

describe("a server whose disk has no room", () => {
  // Long ones, so that a task that the vendor takes in a few requests needs many pages.
  const urls = Array.from({ length: 40 }, (_, index) => `https://example.com/${index}.mp4?token=${"x".repeat(1_000)}`);

  it("says so instead of admitting, wherever in the write the room ends, and admits when there is room again", async (context) => {
    needsLimits(context);
    const emulator = await emulatorFor();
    const path = newPath();
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    // The file and its log exist, so the next write makes the log longer.
    expect(usedOf(await server.call("get_prefetch_quota"))).toEqual([0, 0]);
    const before = contentOf(path);
    for (const room of [0, 1, 5_000, 40_000, 100_000]) {
      server.limitFiles(statSync(`${path}-wal`).size + room);
      expectStoreError(await server.call("prefetch_urls", { urls }), path);
      expect(heldBy(path)).toEqual(nothingHeld);
    }
    // Calls that only read still work.
    expect((await server.call("list_prefetch_tasks")).structured).toMatchObject({ tasks: [] });
    expect(usedOf(await server.call("get_prefetch_quota"))).toEqual([0, 0]);
    expect(contentOf(path)).toEqual(before);
    expect(emulator.log).toEqual([]);

    server.freeFiles();
    const task = taskOf(await server.call("prefetch_urls", { urls, wait_seconds: 20 }));
    expect(task).toMatchObject({ state: "succeeded", counts: { total: 40, succeeded: 40 }, skipped_recent: 0, quota: { used: 40 } });
    expect(sentBy(emulator).sort()).toEqual([...urls].sort());
    await server.close();
    expect(isSound(path)).toBe(true);
  });

  it("says so when it cannot create the file, however far it comes, and creates it when there is room", async (context) => {
    needsLimits(context);
    const emulator = await emulatorFor();
    const path = join(newFolder(), "new", "store.sqlite");
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    for (const room of [0, 1, 4_096, 20_000, 36_000]) {
      server.limitFiles(room);
      for (const [tool, args] of [["list_prefetch_tasks"], ["get_prefetch_quota"], ["prefetch_urls", { urls }]] as const) {
        expectStoreError(await server.call(tool, args), path);
      }
    }
    expect(emulator.log).toEqual([]);
    server.freeFiles();
    const sent = taskOf(await server.call("prefetch_urls", { urls: urls.slice(0, 1) }));
    expect(taskOf(await server.call("get_prefetch_status", { task_id: sent.task_id }))).toMatchObject({
      state: "succeeded",
      quota: { used: 1 },
    });
    expect(isSound(path)).toBe(true);
  });
});

describe("a disk that becomes full when the vendor has accepted", () => {
  const urls = manyUrls(3, "https://example.com/");

  /**
   * A task whose answer cannot be written down: the emulator reads its clock while it carries a request out, which is
   * when the disk becomes full.
   */
  const acceptedUnwritten = async (speed: number) => {
    const time = { since: Date.now(), speed };
    const { now } = fastClock(time);
    let onRequest = (): void => undefined;
    const emulator = await emulatorFor(() => {
      onRequest();
      return now();
    });
    const path = newPath();
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`), time);
    onRequest = () => {
      onRequest = () => undefined;
      server.limitFiles(0);
    };
    const sent = taskOf(await server.call("prefetch_urls", { urls }));
    expect(sent).toMatchObject({ state: "queued", counts: { queued: 3 } });
    await vi.waitFor(() => expect(server.log()).toMatch(/recording the outcome of a batch of pf_/), { timeout: 15_000 });
    expect(sentBy(emulator)).toEqual(urls);
    return { emulator, server, path, taskId: sent.task_id };
  };

  it("gets the outcome written as soon as there is room", async (context) => {
    needsLimits(context);
    const { emulator, server, path, taskId } = await acceptedUnwritten(3);
    server.freeFiles();
    const ended = taskOf(await server.call("get_prefetch_status", { task_id: taskId, wait_seconds: 50 }));
    expect(ended).toMatchObject({ state: "succeeded", counts: { succeeded: 3 }, quota: { used: 3 } });
    expect(sentBy(emulator)).toEqual(urls);
    expect(isSound(path)).toBe(true);
  });

  it("sends nothing again when the room comes late, and reports the outcomes as unknown", async (context) => {
    needsLimits(context);
    const { emulator, server, path, taskId } = await acceptedUnwritten(100);
    // The server gives up on the answer, and the batch's lease runs out, so the batch no longer counts as being sent.
    await vi.waitFor(() => expect(server.log()).toMatch(/carrying out batches of huawei-vod[\s\S]*carrying out batches of huawei-vod/), {
      timeout: 15_000,
    });
    server.freeFiles();
    const ended = await vi.waitFor(
      async () => {
        const task = taskOf(await server.call("get_prefetch_status", { task_id: taskId }));
        expect(task.counts).toMatchObject({ queued: 0, processing: 0 });
        return task;
      },
      { timeout: 15_000, interval: 50 },
    );
    // On a slow machine the answer may just have been kept until then; `unknown` is asserted where time stands still.
    expect(ended.counts.unknown + ended.counts.succeeded).toBe(3);
    expect(ended).toMatchObject({ quota: { used: 3 } });
    expect(sentBy(emulator)).toEqual(urls);
    expect(isSound(path)).toBe(true);
  });
});

describe("a connection that may not grow its file", () => {
  it("leaves nothing of a task that it cannot write whole, whatever it could write", async () => {
    const path = newPath();
    const clock = fakeClock();
    const { storage, db } = await openWithConnection(path, clock);
    onTestFinished(() => storage.close());
    const urls = manyUrls(200, `https://media.example.com/${"x".repeat(200)}/`);
    const admit = () => storage.admit([accountQuery({ targets: urls })], () => ({ task: newTask({ id: "pf_1", urls, perBatch: 10 }) }));
    const before = contentOf(path);
    let refused = 0;
    for (let pages = 0; ; pages += 1) {
      leaveRoom(db, pages);
      const error: unknown = await admit().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) break;
      refused += 1;
      expect(error).toMatchObject({
        name: "PrefetchError",
        message: `The store ${path} cannot be used: database or disk is full.`,
        hint: expect.stringContaining("free disk space"),
      });
      expect(contentOf(path)).toEqual(before);
    }
    // Some 100 kB of it were written in vain first.
    expect(refused).toBeGreaterThan(20);
    expect(heldBy(path)).toEqual({ tasks: 1, batches: 20, items: 200, used: 200 });
    giveRoom(db);
    expect(await storage.ledger("fake-cdn:1", TODAY)).toEqual({ used: 200, pending: 200, exhausted: false });
    expect(await storage.claim("fake-cdn:1", NOON, NOON + 1_000)).toMatchObject({ batch: { taskId: "pf_1", number: 0 } });
  });
});

describe("a disk that is full for minutes", () => {
  it("lets claimed batches move within 15 seconds after it has room, without any call", async () => {
    const path = newPath();
    const clock = fakeClock();
    const { storage, db } = await openWithConnection(path, clock);
    onTestFinished(() => storage.close());
    const urls = manyUrls(40);
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls, perBatch: 2 }) }));
    // Batches are claimed, and wait for their slots.
    const provider = fakeProvider({ limits: { requestsPerMinute: 60 } });
    const reports: string[] = [];
    const { worker } = startProcess({ storage, clock, report: (_, about) => void reports.push(about) });
    worker.kick(provider);
    await clock.advance(2_500);
    const sent = provider.received.length;
    expect(sent).toBeLessThan(20);
    db.exec("PRAGMA query_only = ON");
    await expect(storage.check()).rejects.toMatchObject({ code: "store_unavailable" });
    await clock.advance(600_000);
    // Ten minutes of trying, with pauses.
    expect(reports.length).toBeLessThan(600);
    const before = provider.received.length;
    db.exec("PRAGMA query_only = OFF");
    await storage.check();
    await clock.advance(15_000);
    expect(provider.received.length).toBeGreaterThan(before);
    await clock.advance(120_000);
    const received = provider.received.flatMap(urlsOf);
    expect(new Set(received).size).toBe(received.length);
    expect([...received].sort()).toEqual([...urls].sort());
    await worker.stop(0);
  });
});
