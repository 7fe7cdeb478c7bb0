import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBreathe } from "../../../src/base/breathe.ts";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { startWorker, type WorkerLike } from "../../../src/storage/thread/thread.ts";
import { openThreadStorage, type ThreadStorageOptions } from "../../../src/storage/thread/thread-storage.ts";
import { storageContract } from "../../contract/storage.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder } from "../file-harness.ts";
import { startBeside } from "./channel-harness.ts";

const unexpected = (error: unknown): never => {
  throw error;
};
const breathe = createBreathe(() => performance.now());
const openAt = (location: string, more: Partial<ThreadStorageOptions> = {}): Storage => {
  const storage = openThreadStorage({ location, clock: fakeClock(), breathe, report: unexpected, ...more });
  onTestFinished(() => storage.close());
  return storage;
};

storageContract("by messages", () =>
  openThreadStorage({ location: ":memory:", clock: fakeClock(), breathe, report: unexpected, start: startBeside }),
);

const task = newTask({ id: "pf_1", urls: manyUrls(3) });

describe("a storage thread", () => {
  it("starts at the first use, and ends when the storage is closed", async () => {
    const started: Worker[] = [];
    const storage = openAt(join(newFolder(), "store.sqlite"), {
      start: (location) => {
        const worker = startWorker(location);
        if (worker instanceof Worker) started.push(worker);
        return worker;
      },
    });
    expect(started).toEqual([]);
    expect(await storage.admit([accountQuery()], () => ({ task }))).toEqual({ task });
    expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 3 } });
    const [worker] = started;
    expect(worker?.threadId).toBeGreaterThan(0);
    await storage.close();
    // An ended thread has the id -1.
    expect(worker?.threadId).toBe(-1);
    await expect(storage.task("pf_1")).rejects.toMatchObject({ code: "store_unavailable", hint: "Start the server again." });
  });

  it("does not start when the storage is closed before its first use", async () => {
    const storage = openAt(":memory:", { start: unexpected });
    await storage.close();
    await expect(storage.census()).rejects.toBeInstanceOf(PrefetchError);
  });

  it("keeps a process alive while a call or the closing waits, and no longer", () => {
    const module = JSON.stringify(new URL("../../../src/storage/thread/thread-storage.ts", import.meta.url));
    const run = (close: string) => {
      const code = `
        const { openThreadStorage } = await import(${module});
        const storage = openThreadStorage({ location: ":memory:", clock: Date, breathe: () => undefined, report: () => undefined });
        await storage.census();
        process.stdout.write("counted ");
        ${close}`;
      const file = join(newFolder(), "main.mjs");
      writeFileSync(file, code);
      const { status, stdout } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 20_000 });
      return { status, stdout };
    };
    expect(run("")).toEqual({ status: 0, stdout: "counted " });
    expect(run('await storage.close(); process.stdout.write("closed");')).toEqual({ status: 0, stdout: "counted closed" });
  });

  it("keeps every field of an error", async () => {
    const folder = newFolder();
    const error: unknown = await openAt(folder)
      .census()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PrefetchError);
    expect(error).toMatchObject({
      code: "store_unavailable",
      message: `The store ${folder} cannot be used: it is a folder and not a file.`,
      hint: expect.stringContaining("PREFETCH_STORE"),
      retryable: false,
      delivery: "not_sent",
    });
  });

  it("keeps name, message and stack of a mistake in the code", async () => {
    const storage = openAt(":memory:");
    const error: unknown = await Reflect.apply(storage.ledger, undefined, [1, 2]).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(PrefetchError);
    expect(error).toMatchObject({ name: "ZodError", stack: expect.stringContaining("serve") });
  });

  it("reads times by the caller's clock", async () => {
    const clock = fakeClock();
    const storage = openAt(":memory:", { clock });
    const later = newTask({ id: "pf_1", urls: manyUrls(1), now: NOON + 5_000 });
    await storage.admit([accountQuery()], () => ({ task: later }));
    expect(await storage.task("pf_1")).toMatchObject({ later: { items: 1, from: NOON + 5_000 } });
    await clock.advance(5_000);
    expect((await storage.task("pf_1"))?.later).toBeUndefined();
  });

  it("rolls back and throws the decision's own error when the decision throws", async () => {
    const storage = openAt(":memory:");
    const mistake = new TypeError("not a plan");
    const refused = storage.admit([accountQuery()], () => {
      throw mistake;
    });
    await expect(refused).rejects.toBe(mistake);
    await storage.admit([accountQuery()], () => ({ task }));
    expect(await storage.census()).toMatchObject({ queued: 3 });
  });
});

describe("a storage thread that dies", () => {
  /** Storage whose thread can be ended from outside. */
  const mortal = (location: string, report: (error: unknown) => void = unexpected) => {
    const workers: WorkerLike[] = [];
    const start = (at: string): WorkerLike => {
      const worker = startWorker(at);
      workers.push(worker);
      return worker;
    };
    /** From now on no message reaches the thread: it could answer on the other core before it dies. */
    const deafen = (): void => {
      for (const worker of workers) worker.postMessage = () => undefined;
    };
    return {
      storage: openAt(location, { report, start }),
      deafen,
      kill: () => workers.at(-1)?.terminate(),
      starts: () => workers.length,
    };
  };

  it("refuses the calls that wait for it, and the next call starts another with everything that was committed", async () => {
    const { storage, deafen, kill, starts } = mortal(join(newFolder(), "store.sqlite"));
    await storage.admit([accountQuery()], () => ({ task }));
    deafen();
    const waiting = [storage.census(), storage.admit([accountQuery()], () => ({ task: undefined }))];
    void kill();
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({
        reason: { code: "store_unavailable", retryable: true, message: expect.stringContaining("its thread ended") },
      });
    }
    expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 3 } });
    expect(starts()).toBe(2);
  });

  it("is reported when no call waits for it", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { storage, kill } = mortal(join(newFolder(), "store.sqlite"), resolve);
    await storage.census();
    void kill();
    expect(await promise).toMatchObject({ code: "store_unavailable" });
  });

  it("is not replaced when it held a store in memory, because a new one would spend the day's quota again", async () => {
    const { storage, kill, starts } = mortal(":memory:", () => undefined);
    await storage.census();
    await kill();
    await expect.poll(() => storage.census().catch(String)).toMatch(/with it all that it held/);
    expect(starts()).toBe(1);
  });
});
