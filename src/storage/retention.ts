/** Deletes old tasks in small steps in the background, so that the store does not grow for ever. */

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import { KEPT_MS } from "../prefetch/model/task.ts";

/** A shorter pause makes the processes clean that hosts start only to probe the server; with a longer one, short sessions never clean. */
const FIRST_PAUSE_MS = 60_000;
/** A shorter pause searches a clean store for nothing; a longer pause keeps tasks beyond KEPT_MS for up to that time. */
const IDLE_PAUSE_MS = 6 * 3_600_000;
/** How long a step should block the store. With a longer time, calls wait noticeably; with a shorter one, the commit is most of it. */
const STEP_MS = 20;
/** Fewer rows a step fall behind a million items a day on a slow disk; more may take long there before the first step is measured. */
const FEWEST_ROWS = 50;
/** More rows a step fill the write-ahead log, and the next checkpoint blocks longer; fewer waste a fast disk. */
const MOST_ROWS = 5_000;
/** The store rests this many times as long as a step took. A lower number slows calls down; a higher one catches up later. */
const RESTS_PER_STEP = 4;
/** A shorter pause leaves the disk no time between commits; a longer one deletes fewer rows a second on a fast disk. */
const SHORTEST_PAUSE_MS = 20;

export interface RetentionOptions {
  readonly storage: Pick<Storage, "clean">;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/** Resolves when `stopped` aborts. Each step is as large as the last one was fast, so that it blocks the store for `STEP_MS`. */
export async function keepClean({ storage, clock, stopped, report }: RetentionOptions): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  let rows = FEWEST_ROWS;
  while (!stopped.aborted) {
    try {
      await clock.sleep(pause, stopped);
      const begun = clock.monotonic();
      const { isDone } = await storage.clean(clock.now() - KEPT_MS, rows);
      const took = clock.monotonic() - begun;
      rows = rowsAfter(rows, took);
      pause = isDone ? IDLE_PAUSE_MS : Math.max(SHORTEST_PAUSE_MS, RESTS_PER_STEP * took);
    } catch (error) {
      if (stopped.aborted) return;
      report(error, "deleting old tasks");
      pause = IDLE_PAUSE_MS;
    }
  }
}

function rowsAfter(rows: number, tookMs: number): number {
  if (tookMs > STEP_MS) return Math.max(FEWEST_ROWS, Math.floor(rows / 2));
  return tookMs < STEP_MS / 2 ? Math.min(MOST_ROWS, rows * 2) : rows;
}
