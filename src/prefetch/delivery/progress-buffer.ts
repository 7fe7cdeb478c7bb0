/** What a provider that does the work itself has told of a batch while it is at it, written down now and then. */

import type { Clock } from "../../base/clock.ts";
import type { ItemChange } from "../model/batch-change.ts";
import type { Settled } from "../model/provider.ts";
import type { Item } from "../model/task.ts";

/** A crash loses what was told for that long. */
const WRITE_EVERY_MS = 1_000;
/** Written at least so often, news or not: it says that the work goes on, and finds out whether it is still wanted. */
const LONGEST_QUIET_MS = 5_000;

/** Told and not written yet. */
export interface PendingProgress {
  readonly items: readonly ItemChange[];
  readonly bytes: number;
}

export interface ProgressBufferOptions {
  readonly items: readonly Item[];
  readonly clock: Clock;
  readonly write: (news: PendingProgress) => Promise<void>;
  /** Told of a write that failed; what it held is written with the next. */
  readonly report: (error: unknown) => void;
}

export interface ProgressBuffer {
  /** From now on it writes; what is told before waits for that, or for the end. */
  begin(): void;
  settled(outcome: Settled): void;
  moved(bytes: number): void;
  /** Resolves when nothing is being written any more, with what is left to write and the items of which nothing was told. */
  end(): Promise<PendingProgress & { readonly open: readonly Item[] }>;
}

export function createProgressBuffer({ items, clock, write, report }: ProgressBufferOptions): ProgressBuffer {
  const open = new Map(items.map((item) => [item.target, item]));
  const over = new AbortController();
  let told: ItemChange[] = [];
  let bytes = 0;
  let writing: Promise<void> | undefined;

  const writeOn = async (): Promise<void> => {
    let writtenAt = clock.now();
    while (!over.signal.aborted) {
      await clock.sleep(WRITE_EVERY_MS, over.signal).catch(() => undefined); // Woken by the end.
      const quiet = told.length === 0 && bytes === 0 && clock.now() - writtenAt < LONGEST_QUIET_MS;
      if (over.signal.aborted || quiet) continue;
      const news = { items: told, bytes };
      told = [];
      bytes = 0;
      try {
        await write(news);
        writtenAt = clock.now();
      } catch (error) {
        report(error);
        told = [...news.items, ...told];
        bytes += news.bytes;
      }
    }
  };

  return {
    begin: () => {
      writing ??= writeOn();
    },
    settled: ({ url, state, code, reason }) => {
      const item = open.get(url);
      if (!item) return;
      open.delete(url);
      told.push({ index: item.index, state, reason, ...(code !== undefined && { code }) });
    },
    moved: (count) => {
      bytes += count;
    },
    end: async () => {
      over.abort();
      await writing;
      return { items: told, bytes, open: [...open.values()] };
    },
  };
}
