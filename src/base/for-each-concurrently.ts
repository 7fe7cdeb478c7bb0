/** A concurrent `for … of` loop: several lanes take items from one list, each lane one item at a time. */

export interface ConcurrencyOptions {
  /** Items that are worked on at the same time. */
  readonly concurrency: number;
  /**
   * Asked before each item is begun, never after the last one. `true` ends the loop; items in flight are still finished.
   * The first `concurrency` items are begun before any of them can finish.
   */
  readonly shouldStop?: () => boolean;
}

/**
 * Begins items in their order. Resolves with `false` when `shouldStop` left items out, else with `true`.
 *
 * When `work` rejects, no further item is begun, and the loop rejects with the first error.
 * Either way no work is left in flight. That is why `p-map` is not used: it rejects while work goes on.
 *
 * To abort the loop, let `work` reject with the signal's reason, or ask the signal in `shouldStop`.
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
    // An error that leaves this loop closes the generator, which ends the other lanes, too.
    for (const item of open) await work(item);
  };
  const lanes = Array.from({ length: concurrency }, lane);
  await Promise.all(lanes).finally(() => Promise.allSettled(lanes));
  return completed;
}
