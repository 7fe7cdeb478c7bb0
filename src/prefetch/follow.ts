/** Brings a task up to date with what the vendor says of its accepted batches. */

import { asPrefetchError, type PrefetchError } from "../errors.ts";
import type { Lookups } from "./lookups.ts";
import { reported } from "./outcome.ts";
import type { Provider } from "./provider.ts";
import type { Storage, WorkItem } from "./storage.ts";
import { contentOf } from "./task.ts";

const CONCURRENCY = 4;
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

export function createFollow(storage: Pick<Storage, "following" | "change">, lookups: Lookups): Follow {
  const followBatch = async (provider: Provider, work: WorkItem, signal: AbortSignal): Promise<void> => {
    const query = { vendorTaskIds: work.batch.vendorTaskIds, content: contentOf(work.batch, work.items) };
    const change = reported(work, await lookups.status(provider, query, signal));
    if (change.items.length > 0 || change.batch.state !== undefined) await storage.change(work.batch, change);
  };

  return async (taskId, providerOf, signal, whileSending) => {
    const open = (await storage.following(taskId)).values();
    let problem: PrefetchError | undefined;
    const lane = async (): Promise<void> => {
      for (const work of open) {
        if (problem || signal.aborted) return;
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
