/**
 * Waiting for a task. All calls that wait for the same one share what they see of it and one conversation with its vendors,
 * so that many cost little more than one.
 */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { CallContext, Caller } from "../model/caller.ts";
import type { TaskSnapshot } from "../model/storage.ts";
import { settledOf, totalOf } from "../model/task.ts";

const FIRST_TICK_MS = 25;
const LONGEST_TICK_MS = 500;
/** After each look at the whole task, so many times as long as it took is rested, but not longer than this. */
const RESTS = 4;
const LONGEST_REST_MS = 2_000;
/** Likewise for how long a look is good enough for others who wait for the same task. */
const SHARES = 20;
/** A vendor that could not answer just now is left alone for so long. */
export const TROUBLE_REST_MS = 5_000;

export interface VigilOptions {
  readonly clock: Clock;
  /** Aborted when those who wait are to be answered at once. */
  readonly draining: AbortSignal;
  /** The stored task; throws `not_found` where there is none for this caller. */
  readonly read: (taskId: string, caller: Caller) => Promise<TaskSnapshot>;
  /** Asks the vendors about the task, and returns what kept it from being brought up to date. */
  readonly update: (taskId: string, signal: AbortSignal) => Promise<PrefetchError | undefined>;
}

export interface Wish {
  /** Whether vendors are asked meanwhile. */
  readonly asking: boolean;
  readonly done: (snapshot: TaskSnapshot, problem: PrefetchError | undefined) => boolean;
}

export interface Vigils {
  /** Looks at the task again and again until the wish is done or the time is up; returns the last problem in asking. */
  keep(taskId: string, deadline: number, call: CallContext, wish: Wish): Promise<PrefetchError | undefined>;
}

/** What all who wait for one task have in common. */
interface Vigil {
  waiting: number;
  /** Aborted when nobody waits any more. */
  readonly over: AbortController;
  asking: Promise<void> | undefined;
  restUntil: number;
  problem: PrefetchError | undefined;
  failure: { readonly error: unknown } | undefined;
  seen: { readonly snapshot: TaskSnapshot; readonly until: number } | undefined;
}

export function createVigils({ clock, draining, read, update }: VigilOptions): Vigils {
  const vigils = new Map<string, Vigil>();

  const join = (taskId: string): Vigil => {
    let vigil = vigils.get(taskId);
    if (!vigil) {
      const nothing = { asking: undefined, problem: undefined, failure: undefined, seen: undefined };
      vigil = { waiting: 0, over: new AbortController(), restUntil: 0, ...nothing };
      vigils.set(taskId, vigil);
    }
    vigil.waiting += 1;
    return vigil;
  };

  const leave = (taskId: string, vigil: Vigil): void => {
    vigil.waiting -= 1;
    if (vigil.waiting > 0) return;
    vigils.delete(taskId);
    vigil.over.abort();
  };

  /** A server that is stopping wakes its callers so that they answer. */
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(Math.max(ms, 1), signal);
    } catch (error) {
      if (!draining.aborted) throw error;
    }
  };

  const ask = async (taskId: string, vigil: Vigil, deadline: number): Promise<void> => {
    const begun = clock.now();
    try {
      vigil.problem = await update(taskId, AbortSignal.any([vigil.over.signal, draining]));
      // Looking a large task over takes work; resting longer than that leaves the processor to others.
      const took = clock.now() - begun;
      // There has to be room for a last look before the time is up.
      const spare = Math.max(0, deadline - clock.now() - took);
      const rest = Math.max(vigil.problem ? TROUBLE_REST_MS : 0, Math.min(LONGEST_REST_MS, RESTS * took));
      vigil.restUntil = clock.now() + Math.min(rest, spare);
    } catch (error) {
      vigil.failure = { error };
    } finally {
      vigil.asking = undefined;
    }
  };

  const look = async (taskId: string, vigil: Vigil, caller: Caller): Promise<TaskSnapshot> => {
    const begun = clock.now();
    if (vigil.seen && begun < vigil.seen.until) return vigil.seen.snapshot;
    const snapshot = await read(taskId, caller);
    const now = clock.now();
    vigil.seen = { snapshot, until: now + Math.min(LONGEST_TICK_MS, SHARES * (now - begun)) };
    return snapshot;
  };

  return {
    keep: async (taskId, deadline, call, { asking, done }) => {
      // What others see of the task is only for those who may see it.
      await read(taskId, call.caller);
      const vigil = join(taskId);
      const signal = AbortSignal.any([call.signal, vigil.over.signal, draining]);
      let told = -1;
      try {
        for (let tick = FIRST_TICK_MS; ; tick = Math.min(tick * 2, LONGEST_TICK_MS)) {
          if (asking && !vigil.asking && clock.now() >= vigil.restUntil) vigil.asking = ask(taskId, vigil, deadline);
          await Promise.race([asking ? vigil.asking : undefined, pause(Math.min(tick, deadline - clock.now()), signal)]);
          call.signal.throwIfAborted();
          if (vigil.failure && !draining.aborted) throw vigil.failure.error;
          const snapshot = await look(taskId, vigil, call.caller);
          const settled = settledOf(snapshot.counts);
          if (settled > told) call.onProgress?.(settled, totalOf(snapshot.counts), snapshot.bytes);
          told = Math.max(told, settled);
          if (done(snapshot, vigil.problem) || clock.now() >= deadline || draining.aborted) return vigil.problem;
          if (!vigil.asking) await pause(Math.min(tick, deadline - clock.now()), signal);
        }
      } finally {
        leave(taskId, vigil);
      }
    },
  };
}
