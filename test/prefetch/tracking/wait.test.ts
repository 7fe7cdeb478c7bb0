import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { type CallContext, localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Notice } from "../../../src/prefetch/model/notices.ts";
import type { TaskSnapshot } from "../../../src/prefetch/model/storage.ts";
import { type Counts, noCounts, settledOf, totalOf } from "../../../src/prefetch/model/task.ts";
import { createTaskWaiter, type TaskWaiterOptions, type Until } from "../../../src/prefetch/tracking/wait.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { newTask } from "../../fakes/task.ts";

const call: CallContext = { caller: localCaller, signal: neverAborted };
const down = new PrefetchError("vendor_unavailable", "Down", { retryable: true });
const isSettled: Until["done"] = ({ counts }) => settledOf(counts) === totalOf(counts);
const refreshing: Until = { refreshing: true, done: isSettled };
const reading: Until = { refreshing: false, done: isSettled };

function snapshotOf(counts: Partial<Counts>, bytes = 0): TaskSnapshot {
  const nothing = {
    batches: 1,
    openBatches: 1,
    sending: 0,
    held: [],
    accounts: [],
    waitingAccounts: [],
    rejections: new Map(),
    later: undefined,
    deferred: undefined,
    failedAgain: 0,
    byProvider: [],
    delay: undefined,
  };
  return { task: newTask({ id: "pf_1" }).task, counts: { ...noCounts(), ...counts }, bytes, ...nothing };
}

/** A waiter on a task of two items whose store and vendors are scripted. `moments` are the times of refreshes since the start. */
function setUp(script: Partial<Pick<TaskWaiterOptions, "read" | "refresh">> = {}) {
  const clock = fakeClock();
  const drain = new AbortController();
  const stored = { current: snapshotOf({ processing: 2 }) };
  const moments: number[] = [];
  let reads = 0;
  const hearers = new Set<(notice: Notice) => void>();
  const tell = (taskId: string): void => {
    for (const hear of hearers) hear({ kind: "task", taskId });
  };
  const listen = (hear: (notice: Notice) => void) => {
    hearers.add(hear);
    return () => void hearers.delete(hear);
  };
  const wait = createTaskWaiter({
    clock,
    notices: { listen },
    draining: drain.signal,
    read: async (taskId, caller) => {
      reads += 1;
      return script.read ? script.read(taskId, caller) : stored.current;
    },
    refresh: async (taskId, signal) => {
      moments.push(clock.now() - NOON);
      return script.refresh?.(taskId, signal);
    },
  });
  const waitFor = (ms: number, until: Until = refreshing, context: Partial<CallContext> = {}) =>
    wait("pf_1", NOON + ms, { ...call, ...context }, until);
  return { clock, drain, stored, moments, reads: () => reads, waitFor, tell, hearers };
}

describe("createTaskWaiter", () => {
  it("resolves at once when the task is done", async () => {
    const { clock, stored, waitFor } = setUp();
    stored.current = snapshotOf({ succeeded: 2 });
    expect(await clock.drive(waitFor(50_000))).toBeUndefined();
    expect(clock.now()).toBeLessThanOrEqual(NOON + 25);
    expect(clock.alarms()).toEqual([]);
  });

  it("resolves at the deadline when the task is not done", async () => {
    const { clock, waitFor } = setUp();
    expect(await clock.drive(waitFor(50_000))).toBeUndefined();
    expect(clock.now()).toBe(NOON + 50_000);
  });

  it.each([3_600_000, -3_600_000])("resolves after the time that the caller waits when the clock is set by %d ms", async (stepMs) => {
    const { clock, waitFor } = setUp();
    const waiting = waitFor(50_000);
    await clock.advance(10_000);
    clock.step(stepMs);
    await clock.advance(39_000);
    let isOver = false;
    void waiting.then(() => {
      isOver = true;
    });
    await clock.settle();
    expect(isOver).toBe(false);
    await clock.advance(1_000);
    expect(isOver).toBe(true);
  });

  it("resolves within half a second of the end of the task", async () => {
    const { clock, stored, waitFor } = setUp();
    const waiting = waitFor(50_000, reading);
    await clock.advance(20_000);
    stored.current = snapshotOf({ succeeded: 2 });
    await clock.drive(waiting);
    expect(clock.now()).toBeLessThanOrEqual(NOON + 20_500);
  });

  it.each([refreshing, reading])("resolves at once when another process tells that it has ended the task, with %o", async (until) => {
    const { clock, stored, waitFor, tell, hearers } = setUp();
    const waiting = waitFor(50_000, until);
    await clock.advance(20_010);
    stored.current = snapshotOf({ succeeded: 2 });
    tell("pf_1");
    await clock.drive(waiting);
    expect(clock.now()).toBe(NOON + 20_010);
    expect(hearers.size).toBe(0);
  });

  it("reads a task that other processes change all the time no more often than its reading allows, and none for notices of other tasks", async () => {
    const { clock, reads, waitFor, tell } = setUp({
      read: async () => {
        clock.stall(10);
        return snapshotOf({ processing: 2 });
      },
    });
    const waiting = waitFor(10_000, reading);
    for (const taskId of ["pf_2", "pf_1"]) {
      const before = reads();
      for (let time = 0; time < 400; time += 1) {
        tell(taskId);
        await clock.advance(10);
      }
      const most = taskId === "pf_1" ? 4_000 / 200 : 4_000 / 500;
      expect(reads() - before).toBeLessThanOrEqual(most + 5);
    }
    await clock.drive(waiting);
  });

  it("looks at once, and then at intervals that double from 25 ms to half a second", async () => {
    const looks: number[] = [];
    const { clock, waitFor } = setUp();
    const done: Until["done"] = () => {
      looks.push(clock.now() - NOON);
      return false;
    };
    await clock.drive(waitFor(2_000, { refreshing: false, done }));
    expect(looks).toEqual([0, 25, 75, 175, 375, 775, 1_275, 1_775, 2_000]);
  });

  it("rejects when the caller has left before the first look", async () => {
    const { stored, waitFor } = setUp();
    stored.current = snapshotOf({ succeeded: 2 });
    await expect(waitFor(50_000, reading, { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
  });

  it("asks no vendor when it waits without refreshing", async () => {
    const { clock, moments, waitFor } = setUp();
    await clock.drive(waitFor(5_000, reading));
    expect(moments).toEqual([]);
  });

  it("rejects, and asks no vendor, when the caller may not see the task", async () => {
    const missing = new PrefetchError("not_found", "There is no task pf_1");
    const { moments, waitFor } = setUp({ read: () => Promise.reject(missing) });
    await expect(waitFor(50_000)).rejects.toBe(missing);
    expect(moments).toEqual([]);
  });

  it("shares one refresh between the calls that wait for one task", async () => {
    const { clock, stored, moments, waitFor } = setUp({
      refresh: async () => {
        await clock.sleep(1_000);
        stored.current = snapshotOf({ succeeded: 2 });
        return undefined;
      },
    });
    const waiting = Promise.all(Array.from({ length: 20 }, () => waitFor(50_000)));
    expect(await clock.drive(waiting)).toEqual(Array(20).fill(undefined));
    expect(moments).toEqual([0]);
  });

  it("reuses a snapshot for twenty times the length of its read", async () => {
    const { clock, reads, waitFor } = setUp({
      read: async () => {
        await clock.sleep(10);
        return snapshotOf({ processing: 2 });
      },
    });
    await clock.drive(waitFor(100, reading));
    // The first read proves that the caller may see the task; the looks after 0, 25 and 75 ms share the second one.
    expect(reads()).toBe(2);
  });

  it("rests for four times the length of a refresh, at most two seconds", async () => {
    let lengthMs = 100;
    const { clock, moments, waitFor } = setUp({
      refresh: async () => {
        await clock.sleep(lengthMs);
        return undefined;
      },
    });
    const waiting = waitFor(50_000);
    await clock.advance(5_000);
    lengthMs = 3_000;
    await clock.drive(waiting);
    const gaps = moments.slice(1).map((moment, nth) => moment - (moments[nth] ?? 0));
    // A refresh of 100 ms and a rest of 400 ms, then of 3 s and 2 s; ticks add half a second at most.
    expect(gaps[0]).toBeGreaterThanOrEqual(500);
    expect(gaps[0]).toBeLessThanOrEqual(1_000);
    const long = gaps.filter((gap) => gap >= 3_000);
    expect(long.length).toBeGreaterThan(5);
    for (const gap of long.slice(0, -1)) {
      expect(gap).toBeGreaterThanOrEqual(5_000);
      expect(gap).toBeLessThanOrEqual(5_500);
    }
  });

  it("asks again after five seconds, and resolves with the problem, when a vendor cannot be asked", async () => {
    const { clock, moments, waitFor } = setUp({ refresh: async () => down });
    expect(await clock.drive(waitFor(12_000))).toBe(down);
    const gaps = moments.slice(1).map((moment, nth) => moment - (moments[nth] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(2);
    for (const gap of gaps.slice(0, -1)) expect(gap).toBeGreaterThanOrEqual(5_000);
  });

  it("passes the problem to `done`, which may end the wait", async () => {
    const { clock, waitFor } = setUp({ refresh: async () => down });
    expect(await clock.drive(waitFor(50_000, { refreshing: true, done: (_, problem) => problem === down }))).toBe(down);
    expect(clock.now()).toBeLessThanOrEqual(NOON + 25);
  });

  it("rejects when a refresh fails unforeseen", async () => {
    const bug = new TypeError("answer.data is undefined");
    const { clock, waitFor } = setUp({ refresh: () => Promise.reject(bug) });
    await expect(clock.drive(waitFor(50_000))).rejects.toBe(bug);
    expect(clock.alarms()).toEqual([]);
  });

  it("reports rising numbers of settled items only", async () => {
    const { clock, stored, waitFor } = setUp();
    const progress: (readonly [number, number, number | undefined])[] = [];
    const onProgress: CallContext["onProgress"] = (...report) => progress.push([report[0], report[1], report[2]]);
    const waiting = waitFor(50_000, reading, { onProgress });
    await clock.advance(5_000);
    stored.current = snapshotOf({ processing: 1, succeeded: 1 }, 70);
    await clock.advance(5_000);
    stored.current = snapshotOf({ processing: 2 });
    await clock.advance(5_000);
    stored.current = snapshotOf({ succeeded: 2 }, 90);
    await clock.drive(waiting);
    expect(progress).toEqual([
      [0, 2, 0],
      [1, 2, 70],
      [2, 2, 90],
    ]);
  });

  /** A refresh that ends only when it is aborted. */
  const endless = () => {
    const signals: AbortSignal[] = [];
    const refresh = (_: string, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
    };
    return { signals, refresh };
  };

  it("aborts the refresh when the last caller leaves, and not before", async () => {
    const { signals, refresh } = endless();
    const { clock, waitFor } = setUp({ refresh });
    const stops = [new AbortController(), new AbortController()];
    const calls = stops.map(({ signal }) => expect(waitFor(50_000, refreshing, { signal })).rejects.toThrow("gone"));
    await clock.advance(1_000);
    stops[0]?.abort(new Error("gone"));
    await calls[0];
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    stops[1]?.abort(new Error("gone"));
    await calls[1];
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(clock.alarms()).toEqual([]);
  });

  it("resolves at once with the last snapshot when the server drains", async () => {
    const { signals, refresh } = endless();
    const { clock, drain, waitFor } = setUp({ refresh });
    const waiting = waitFor(50_000);
    await clock.advance(1_000);
    drain.abort();
    expect(await waiting).toBeUndefined();
    expect(clock.now()).toBe(NOON + 1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("forgets the problem of a task when its last caller has left", async () => {
    let problem: PrefetchError | undefined = down;
    const { clock, moments, waitFor } = setUp({ refresh: async () => problem });
    expect(await clock.drive(waitFor(1_000))).toBe(down);
    problem = undefined;
    const before = moments.length;
    expect(await clock.drive(waitFor(1_500))).toBeUndefined();
    expect(moments.length).toBeGreaterThan(before);
  });

  it("sleeps between its looks when it does not refresh and another call's refresh is in flight", async () => {
    const { refresh } = endless();
    let reads = 0;
    const { clock, drain, waitFor } = setUp({
      refresh,
      read: async () => {
        reads += 1;
        if (reads > 50) throw new Error("The wait spins");
        return snapshotOf({ processing: 2 });
      },
    });
    const other = waitFor(50_000);
    await clock.settle();
    expect(await clock.drive(waitFor(3_000, reading))).toBeUndefined();
    expect(clock.now()).toBe(NOON + 3_000);
    drain.abort();
    await other;
  });
});
