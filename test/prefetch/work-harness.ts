/** A claimed batch with its items, and a retry policy, for tests of pure functions. */

import type { RetryPolicy } from "../../src/prefetch/delivery/retry.ts";
import type { Claim } from "../../src/prefetch/model/storage.ts";
import type { Item, ItemState } from "../../src/prefetch/model/task.ts";
import { NOON } from "../fakes/clock.ts";
import { newTask, type TaskSketch } from "../fakes/task.ts";

function claimOf(sketch: Omit<TaskSketch, "id">, states: readonly ItemState[]): Claim {
  const { batches, items } = newTask({ id: "pf_1", ...sketch });
  const [batch] = batches;
  if (!batch) throw new Error("The task has no batch.");
  return {
    batch,
    items: items.map((item, index): Item => ({ ...item, state: states[index] ?? "processing" })),
    divisions: 0,
    task: { createdAt: NOON, batches: 1, bytes: 0, retries: 0, traceparent: undefined },
  };
}

/** One batch of URLs. */
export function workOf(urls: readonly string[], states: readonly ItemState[] = []): Claim {
  return claimOf({ urls, perBatch: urls.length }, states);
}

export function assetWork(cost: number): Claim {
  return claimOf({ assetId: "asset1", costPerBatch: cost }, []);
}

/** A policy for a vendor without records of lost submits; each retry waits for half of its ceiling. */
export function retryPolicy(more: Partial<RetryPolicy> = {}): RetryPolicy {
  return { random: () => 0.5, reconcilable: false, early: false, laterDays: () => [], ...more };
}
