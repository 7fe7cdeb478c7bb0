/** Collects the reports of a direct provider and stores them about once a second. */

import type { Clock } from "../../base/clock.ts";
import type { BatchChange, ItemChange } from "../model/batch-change.ts";
import type { Settled } from "../model/provider.ts";
import type { Item } from "../model/task.ts";

/** A crash loses the reports of this long; writing more often would keep the store busy. */
const WRITE_EVERY_MS = 1_000;
/** Even without reports the lease is renewed this often, and a cancelled task noticed. It must stay well below the lease. */
const LONGEST_SILENCE_MS = 5_000;

/** Reported and not stored yet. */
export interface PendingProgress {
  readonly items: readonly ItemChange[];
  readonly bytes: number;
}

export const noProgress: PendingProgress = { items: [], bytes: 0 };

export interface ProgressBufferOptions {
  readonly items: readonly Item[];
  readonly clock: Clock;
  readonly write: (pending: PendingProgress) => Promise<void>;
  /** Told of a failed write; the next write carries its content. */
  readonly report: (error: unknown) => void;
}

export interface ProgressBuffer {
  /** Starts writing. Reports from before wait for the first write, or for `end`. */
  begin(): void;
  settled(outcome: Settled): void;
  moved(bytes: number): void;
  /** Waits for a write in progress; resolves with the unwritten reports and the items without a report. */
  end(): Promise<PendingProgress & { readonly open: readonly Item[] }>;
}

export function createProgressBuffer({ items, clock, write, report }: ProgressBufferOptions): ProgressBuffer {
  const open = new Map(items.map((item) => [item.target, item]));
  const ended = new AbortController();
  let pending: ItemChange[] = [];
  let bytes = 0;
  let writtenAt = 0;
  let writing: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    const flushed = { items: pending, bytes };
    pending = [];
    bytes = 0;
    try {
      await write(flushed);
    } catch (error) {
      report(error);
      pending = [...flushed.items, ...pending];
      bytes += flushed.bytes;
      return;
    }
    writtenAt = clock.monotonic();
  };

  const isDue = (): boolean => pending.length > 0 || bytes > 0 || clock.monotonic() - writtenAt >= LONGEST_SILENCE_MS;

  const writeUntilEnded = async (): Promise<void> => {
    writtenAt = clock.monotonic();
    while (!ended.signal.aborted) {
      await clock.sleep(WRITE_EVERY_MS, ended.signal).catch(() => undefined); // `end` wakes it.
      if (!ended.signal.aborted && isDue()) await flush();
    }
  };

  return {
    begin: () => {
      writing ??= writeUntilEnded();
    },
    settled: ({ url, state, code, reason }) => {
      const item = open.get(url);
      if (!item) return;
      open.delete(url);
      pending.push({ index: item.index, state, reason, ...(code !== undefined && { code }) });
    },
    moved: (count) => {
      bytes += count;
    },
    end: async () => {
      ended.abort();
      await writing;
      return { items: pending, bytes, open: [...open.values()] };
    },
  };
}

/** The change together with progress that is not stored yet. A URL that was rejected unasked gives its unit back. */
export function withProgress<Change extends BatchChange>(change: Change, { items, bytes }: PendingProgress): Change {
  const unspent = items.filter(({ state }) => state === "rejected").length;
  const sum = { ...change, items: [...change.items, ...items], refund: change.refund + unspent, bytes };
  return sum.kind === "defer" ? { ...sum, otherwise: withProgress(sum.otherwise, { items, bytes }) } : sum;
}
