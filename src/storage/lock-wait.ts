/**
 * Waits for a lock that another process holds. SQLite's own waiting would block the thread, and with it every read, so the
 * busy timeout is 0 and an attempt that finds the file locked is repeated after a pause.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { isBusy } from "./storage-error.ts";

/**
 * How long a call waits for another process's lock. Larger: callers wait for longer before they learn of it. Smaller: calls fail
 * while another process deletes a large task.
 */
export const LOCK_WAIT_MS = 5_000;
/** Longer pauses: other processes can take the lock again and again in between. Shorter ones use up the processor. */
const PAUSES_MS = [1, 2, 5];
const LAST_PAUSE_MS = 10;

/** The time in which locks pass. It is real time, whatever clock the callers of the store live by. */
export type LockTime = Pick<Clock, "monotonic" | "sleep">;

export const realTime: LockTime = {
  monotonic: () => performance.now(),
  // A call waits for it, and the storage thread does not keep the process alive.
  sleep: (ms) => sleep(ms),
};

export interface Patience {
  /** When the caller asked. The time before the lock was found held does not count. Default: now. */
  readonly askedAt?: number;
  readonly waitMs?: number;
}

export interface LockWait {
  /** Repeats `attempt` while it finds the file locked. Throws the last attempt's error when the patience is at its end. */
  until<Result>(attempt: () => Promise<Result>, patience?: Patience): Promise<Result>;
  /** How long every attempt has found the file locked; `undefined` when the last one did not. */
  lockedMs(): number | undefined;
}

export function createLockWait(time: LockTime): LockWait {
  let locked: { readonly since: number; readonly seenAt: number } | undefined;

  const noteLocked = (): number => {
    const now = time.monotonic();
    // After a time in which nothing was tried, it may be another lock.
    const since = locked && now - locked.seenAt < LOCK_WAIT_MS ? locked.since : now;
    locked = { since, seenAt: now };
    return since;
  };

  /** False when the caller has waited for long enough. Throws any other failure than a lock. */
  const mayWait = (error: unknown, askedAt: number, waitMs: number): boolean => {
    if (isBusy(error)) return time.monotonic() - Math.max(askedAt, noteLocked()) < waitMs;
    locked = undefined;
    throw error;
  };

  return {
    until: async (attempt, { askedAt = time.monotonic(), waitMs = LOCK_WAIT_MS } = {}) => {
      for (let nth = 0; ; nth += 1) {
        try {
          const result = await attempt();
          locked = undefined;
          return result;
        } catch (error) {
          if (!mayWait(error, askedAt, waitMs)) throw error;
        }
        await time.sleep(PAUSES_MS[nth] ?? LAST_PAUSE_MS);
      }
    },
    lockedMs: () => locked && time.monotonic() - locked.since,
  };
}
