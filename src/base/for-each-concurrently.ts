/** A concurrent `for … of` loop: several lanes take items from one list, each lane one item at a time. */

export interface ConcurrencyOptions {
  /** Number of lanes: the most items in flight at the same time. */
  readonly concurrency: number;
  /**
   * The loop calls it before it starts an item, never after the last item. `true` ends the loop once the items in flight finish.
   * The loop starts the first `concurrency` items synchronously, before any of them can finish.
   */
  readonly shouldStop?: () => boolean;
}

/**
 * Starts the items in their order. Resolves with `false` when `shouldStop` ended the loop early, else with `true`.
 *
 * When `work` rejects, the loop starts no further item, waits for the items in flight, and rejects with the first error.
 * p-map does not wait: after a rejection its mappers run on unobserved (https://github.com/sindresorhus/p-map#stoponerror).
 *
 * To abort the loop, let `work` reject with the signal's reason, or let `shouldStop` return `signal.aborted`.
 */
export async function forEachConcurrently<Item>(
  items: Iterable<Item>,
  { concurrency, shouldStop = () => false }: ConcurrencyOptions,
  work: (item: Item) => Promise<void>,
): Promise<boolean> {
  let completed = true;
  function* untilStopped(): Generator<Item> {
    for (const item of items) {
      completed &&= !shouldStop();
      if (!completed) return;
      yield item;
    }
  }
  const open = untilStopped();
  const lane = async (): Promise<void> => {
    // A rejection leaves this loop, which closes the shared generator and so ends the other lanes.
    for (const item of open) await work(item);
  };
  const lanes = Array.from({ length: concurrency }, lane);
  await Promise.all(lanes).finally(() => Promise.allSettled(lanes));
  return completed;
}
