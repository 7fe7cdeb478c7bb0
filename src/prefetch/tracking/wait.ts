/**
 * Waits for a task. Calls that wait for the same task share one snapshot of it and one refresh from its vendors
 * (single-flight), so that many waiting calls cost little more than one.
 */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { CallContext, Caller } from "../model/caller.ts";
import { type Notices, noNotices } from "../model/notices.ts";
import type { TaskSnapshot } from "../model/storage.ts";
import { settledOf, totalOf } from "../model/task.ts";

/** A waiting call looks at the task after 25 ms, then at doubling intervals. Longer delays answers, shorter costs reads. */
const FIRST_TICK_MS = 25;
const LONGEST_TICK_MS = 500;
/** Rest 4 x the last refresh time, at most 2 s: refreshing a large task takes CPU that other calls need. */
const REST_FACTOR = 4;
const LONGEST_REST_MS = 2_000;
/** Reuse a snapshot for 20 x its read time, at most one tick: reading a large task takes tens of milliseconds. */
const REUSE_FACTOR = 20;
/** Pause after a vendor could not answer. Shorter would ask a vendor in trouble at every tick. */
export const TROUBLE_REST_MS = 5_000;

export interface TaskWaiterOptions {
  readonly clock: Clock;
  readonly notices?: Notices | undefined;
  /** Aborted when waiting calls are to be answered at once. */
  readonly draining: AbortSignal;
  /** Reads the stored task; throws `not_found` when this caller has no such task. */
  readonly read: (taskId: string, caller: Caller) => Promise<TaskSnapshot>;
  /** Asks the vendors about the task; resolves with the problem that kept it from being brought up to date. */
  readonly refresh: (taskId: string, signal: AbortSignal) => Promise<PrefetchError | undefined>;
}

export interface Until {
  /** Asks the vendors while it waits. */
  readonly refreshing: boolean;
  readonly done: (snapshot: TaskSnapshot, problem: PrefetchError | undefined) => boolean;
}

/** Waits until `until.done` or the deadline; resolves with the problem of the last refresh. */
export type WaitForTask = (taskId: string, deadline: number, call: CallContext, until: Until) => Promise<PrefetchError | undefined>;

/** Shared by the calls that wait for one task. */
interface Watch {
  callers: number;
  /** Aborted when the last caller leaves. */
  readonly abandoned: AbortController;
  /** Aborted when another process has changed the task. The next tick has another one. */
  changed: AbortController;
  readonly stopListening: () => void;
  refreshing: Promise<void> | undefined;
  /** No refresh starts before. */
  restUntil: number;
  problem: PrefetchError | undefined;
  failure: { readonly error: unknown } | undefined;
  seen: { readonly snapshot: TaskSnapshot; readonly freshUntil: number } | undefined;
}

/** One waiting call. */
interface Wait {
  readonly taskId: string;
  readonly watch: Watch;
  readonly deadline: number;
  readonly call: CallContext;
  readonly until: Until;
  readonly tick: (ms: number) => Promise<void>;
  readonly tell: (snapshot: TaskSnapshot) => void;
}

export function createTaskWaiter({ clock, draining, notices = noNotices, read, refresh }: TaskWaiterOptions): WaitForTask {
  const watches = new Map<string, Watch>();

  const begin = (taskId: string): Watch => {
    const nothing = { refreshing: undefined, problem: undefined, failure: undefined, seen: undefined };
    const stopListening = notices.listen((notice) => {
      if (notice.kind === "task" && notice.taskId === taskId) watch.changed.abort();
    });
    const signals = { abandoned: new AbortController(), changed: new AbortController() };
    const watch: Watch = { callers: 0, restUntil: 0, ...signals, stopListening, ...nothing };
    return watch;
  };

  const join = (taskId: string): Watch => {
    const watch = watches.get(taskId) ?? begin(taskId);
    watch.callers += 1;
    watches.set(taskId, watch);
    return watch;
  };

  const leave = (taskId: string, watch: Watch): void => {
    watch.callers -= 1;
    if (watch.callers > 0) return;
    watches.delete(taskId);
    watch.stopListening();
    watch.abandoned.abort();
  };

  /** Draining ends a sleep early; the call then answers from the last snapshot. */
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(Math.max(ms, 1), signal);
    } catch (error) {
      if (!draining.aborted) throw error;
    }
  };

  /** Ends early when another process changes the task, but not before the last snapshot may be read again. */
  const tickOf = async (ms: number, { changed, seen }: Watch, signal: AbortSignal): Promise<void> => {
    const until = clock.monotonic() + ms;
    await sleep(ms, AbortSignal.any([signal, changed.signal])).catch((error: unknown) => {
      if (signal.aborted || !changed.signal.aborted) throw error;
    });
    const restMs = Math.min(seen?.freshUntil ?? 0, until) - clock.monotonic();
    if (changed.signal.aborted && restMs > 0) await sleep(restMs, signal);
  };

  const startRefresh = async (taskId: string, watch: Watch, deadline: number): Promise<void> => {
    const begun = clock.monotonic();
    try {
      watch.problem = await refresh(taskId, AbortSignal.any([watch.abandoned.signal, draining]));
      const tookMs = clock.monotonic() - begun;
      // The rest leaves room for one more refresh before the deadline.
      const spareMs = Math.max(0, deadline - clock.monotonic() - tookMs);
      const restMs = Math.max(watch.problem ? TROUBLE_REST_MS : 0, Math.min(LONGEST_REST_MS, REST_FACTOR * tookMs));
      watch.restUntil = clock.monotonic() + Math.min(restMs, spareMs);
    } catch (error) {
      watch.failure = { error };
    } finally {
      watch.refreshing = undefined;
    }
  };

  const look = async (taskId: string, watch: Watch, caller: Caller): Promise<TaskSnapshot> => {
    const begun = clock.monotonic();
    if (watch.seen && begun < watch.seen.freshUntil) return watch.seen.snapshot;
    if (watch.changed.signal.aborted) watch.changed = new AbortController();
    const snapshot = await read(taskId, caller);
    const now = clock.monotonic();
    watch.seen = { snapshot, freshUntil: now + Math.min(LONGEST_TICK_MS, REUSE_FACTOR * (now - begun)) };
    return snapshot;
  };

  /** One look at the task, after a tick or a refresh. True when the wait is over. */
  const step = async (wait: Wait, tickMs: number): Promise<boolean> => {
    const { taskId, watch, deadline, call, until } = wait;
    if (until.refreshing && !watch.refreshing && clock.monotonic() >= watch.restUntil)
      watch.refreshing = startRefresh(taskId, watch, deadline);
    const refresh = refreshOf(wait);
    if (refresh) await Promise.race([refresh, wait.tick(tickMs)]);
    call.signal.throwIfAborted();
    if (watch.failure && !draining.aborted) throw watch.failure.error;
    const snapshot = await look(taskId, watch, call.caller);
    wait.tell(snapshot);
    return until.done(snapshot, watch.problem) || clock.monotonic() >= deadline || draining.aborted;
  };

  return async (taskId, deadline, call, until) => {
    // Snapshots are shared, so each caller first proves that it may see the task.
    await read(taskId, call.caller);
    const watch = join(taskId);
    const signal = AbortSignal.any([call.signal, watch.abandoned.signal, draining]);
    const tick = (ms: number): Promise<void> => tickOf(Math.min(ms, deadline - clock.monotonic()), watch, signal);
    const wait = { taskId, watch, deadline, call, until, tick, tell: progressOf(call) };
    try {
      for (let tickMs = FIRST_TICK_MS; !(await step(wait, tickMs)); tickMs = Math.min(tickMs * 2, LONGEST_TICK_MS)) {
        if (!refreshOf(wait)) await tick(tickMs);
      }
      return watch.problem;
    } finally {
      leave(taskId, watch);
    }
  };
}

/** The refresh that this call waits for. A call that does not refresh waits for ticks only, also while another call refreshes. */
function refreshOf({ until, watch }: Wait): Promise<void> | undefined {
  return until.refreshing ? watch.refreshing : undefined;
}

/** Reports rising numbers of settled items to the call. */
function progressOf({ onProgress }: CallContext): (snapshot: TaskSnapshot) => void {
  let told = -1;
  return ({ counts, bytes }) => {
    const settled = settledOf(counts);
    if (settled <= told) return;
    told = settled;
    onProgress?.(settled, totalOf(counts), bytes);
  };
}
