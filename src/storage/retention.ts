/** Keeps the store from growing for ever: what is old goes, in small steps and in the background. */

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";

/** How long a task can be asked for. */
const KEPT_MS = 30 * 86_400_000;
/** Disposable processes, which hosts start to probe a server, should not clean. */
const FIRST_MS = 60_000;
const AGAIN_MS = 6 * 3_600_000;
/** Tasks that one step deletes; one of 10,000 URLs keeps the store busy for some tens of milliseconds. */
const TASKS_A_STEP = 1;
const STEP_PAUSE_MS = 1_000;

export interface RetentionOptions {
  readonly storage: Pick<Storage, "clean">;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/** Cleans now and then, until the server stops. */
export async function keepClean({ storage, clock, stopped, report }: RetentionOptions): Promise<void> {
  let pause = FIRST_MS;
  while (!stopped.aborted) {
    try {
      await clock.sleep(pause, stopped);
      const cleaned = await storage.clean(clock.now() - KEPT_MS, TASKS_A_STEP);
      pause = cleaned > 0 ? STEP_PAUSE_MS : AGAIN_MS;
    } catch (error) {
      if (stopped.aborted) return;
      report(error, "deleting old tasks");
      pause = AGAIN_MS;
    }
  }
}
