/** Deletes old tasks in small steps in the background, so that the store does not grow for ever. */

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";

/** With a shorter time, callers lose tasks that they still ask about, and batches that wait 14 days; with a longer one the file grows. */
const KEPT_MS = 30 * 86_400_000;
/** Hosts start short-lived processes to probe the server. With a shorter pause those would clean; with a longer one a server that runs for minutes never cleans. */
const FIRST_PAUSE_MS = 60_000;
/** With a shorter pause, the server searches an already clean store; with a longer one, it deletes more at once. */
const IDLE_PAUSE_MS = 6 * 3_600_000;
/** Deleting a task of 10,000 URLs blocks the store for tens of milliseconds. More tasks a step block it longer; 1 is the least. */
const TASKS_PER_STEP = 1;
/** With a shorter pause, calls wait behind the deletions; with a longer one, a busy server makes tasks faster than it deletes them. */
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
