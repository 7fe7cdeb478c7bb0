/** Deletes old tasks in small steps in the background, so that the store does not grow for ever. */

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";

/** A shorter time deletes tasks that callers still ask about, and batches deferred by 14 days; a longer time lets the file grow. */
const KEPT_MS = 30 * 86_400_000;
/** A shorter pause makes the processes clean that hosts start only to probe the server; with a longer one, short sessions never clean. */
const FIRST_PAUSE_MS = 60_000;
/** A shorter pause searches a clean store for nothing; a longer pause keeps tasks beyond KEPT_MS for up to that time. */
const IDLE_PAUSE_MS = 6 * 3_600_000;
/** Deleting a task of 10,000 URLs blocks the store for tens of milliseconds. More tasks a step block it longer; 1 is the least. */
const TASKS_PER_STEP = 1;
/** A shorter pause makes calls wait behind deletions; after a longer pause, a busy server has made more tasks than one step deletes. */
const STEP_PAUSE_MS = 1_000;

export interface RetentionOptions {
  readonly storage: Pick<Storage, "clean">;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/** Resolves when `stopped` aborts. */
export async function keepClean({ storage, clock, stopped, report }: RetentionOptions): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!stopped.aborted) {
    try {
      await clock.sleep(pause, stopped);
      const cleaned = await storage.clean(clock.now() - KEPT_MS, TASKS_PER_STEP);
      pause = cleaned > 0 ? STEP_PAUSE_MS : IDLE_PAUSE_MS;
    } catch (error) {
      if (stopped.aborted) return;
      report(error, "deleting old tasks");
      pause = IDLE_PAUSE_MS;
    }
  }
}
