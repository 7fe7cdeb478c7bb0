/** Brings a task up to date with what the vendor says of its accepted batches. */

import { asPrefetchError, PrefetchError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Lookups } from "./lookups.ts";
import { abandoned, reported } from "./outcome.ts";
import type { Provider } from "./provider.ts";
import type { Storage, WorkItem } from "./storage.ts";
import { type BatchChange, contentOf } from "./task.ts";

const CONCURRENCY = 4;
/** A vendor that does not know a task this long after accepting it will not come to know it. */
const GIVE_UP_MS = 600_000;
/** Sending and asking share the vendor's rate. While something waits to be sent, asking takes the smaller share. */
const CONCURRENCY_WHILE_SENDING = 1;

/**
 * Looks up every open batch until done, stopped by an error, or aborted, and stores what it learned. Returns the
 * error that kept it from learning more; what is stored then is the last known truth.
 */
export type Follow = (
  taskId: string,
  providerOf: (id: string) => Promise<Provider>,
  signal: AbortSignal,
  whileSending: boolean,
) => Promise<PrefetchError | undefined>;

export function createFollow(storage: Pick<Storage, "following" | "change">, lookups: Lookups, clock: Clock): Follow {
  const followBatch = async (provider: Provider, work: WorkItem, signal: AbortSignal): Promise<void> => {
    const query = { vendorTaskIds: work.batch.vendorTaskIds, content: contentOf(work.batch, work.items) };
    const old = clock.now() - (work.batch.sentAt ?? 0) > GIVE_UP_MS;
    let change: BatchChange;
    try {
      const rows = await lookups.status(provider, query, signal);
      change = reported(work, rows);
      const final = rows.length > 0 && rows.every((row) => row.state !== "processing");
      if (old && final && change.batch.state === undefined) {
        const settled = new Set(change.items.map((item) => item.index));
        const rest = { ...work, items: work.items.filter((item) => !settled.has(item.index)) };
        const end = abandoned(rest, "The vendor's answer does not name this URL.");
        change = { ...end, items: [...change.items, ...end.items] };
      }
    } catch (error) {
      if (!old || !isUnknownTask(error)) throw error;
      change = abandoned(work, "The vendor no longer knows the task that it gave for this.");
    }
    if (change.items.length > 0 || change.batch.state !== undefined) await storage.change(work.batch, change);
  };

  return async (taskId, providerOf, signal, whileSending) => {
    const open = (await storage.following(taskId)).values();
    let problem: PrefetchError | undefined;
    const lane = async (): Promise<void> => {
      for (const work of open) {
        if ((problem && !isUnknownTask(problem)) || signal.aborted) return;
        try {
          await followBatch(await providerOf(work.batch.provider), work, signal);
        } catch (error) {
          if (!signal.aborted) problem ??= asPrefetchError(error);
        }
      }
    };
    await Promise.all(Array.from({ length: whileSending ? CONCURRENCY_WHILE_SENDING : CONCURRENCY }, lane));
    return problem;
  };
}

/** Concerns one batch alone; the others can still be asked for. */
function isUnknownTask(error: unknown): boolean {
  return error instanceof PrefetchError && error.code === "not_found";
}
