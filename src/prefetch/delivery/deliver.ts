/** Takes one claimed batch to its outcome: sends it, stores the change, and tells the account's circuit breaker. */

import type { BatchChange } from "../model/batch-change.ts";
import type { Provider } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import type { Batch } from "../model/task.ts";
import { createSender, type SenderOptions, type SenderSignals } from "./send-batch.ts";

/** Pauses before an outcome is written again. Giving up sooner would lose the vendor's task id for a busy disk. */
const WRITE_RETRIES_MS = [200, 1_000, 5_000, 15_000];

export interface DeliveryOptions extends SenderOptions {
  /** Runs `work` as a part of the trace that the task belongs to. */
  readonly withTraceparent: <Result>(traceparent: string | undefined, work: () => Result) => Result;
}

export interface Delivery {
  /**
   * True when other batches may go now: the account's circuit breaker closed, or this batch is refreshed and waits for the
   * prefetch by `next`.
   */
  deliver(provider: Provider, claim: Claim, next?: Provider): Promise<boolean>;
  /** Start or last progress of the longest-running batch, on the monotonic clock; `undefined` when idle. */
  busySince(): number | undefined;
}

export function createDelivery(options: DeliveryOptions, signals: SenderSignals): Delivery {
  const { storage, clock, withTraceparent, report } = options;
  const send = createSender(options, signals);
  const running = new Set<{ at: number }>();

  const store = async (batch: Batch, change: BatchChange): Promise<void> => {
    for (const waitMs of [...WRITE_RETRIES_MS, undefined]) {
      try {
        // False says that another process has the batch, and decides.
        await storage.change(batch, change);
        return;
      } catch (error) {
        if (waitMs === undefined || signals.stopping.aborted) throw error;
        report(error, `recording the outcome of a batch of ${batch.taskId}`);
        await clock.sleep(waitMs, signals.stopping).catch(() => undefined); // Stopping ends the pause; one last try follows.
      }
    }
  };

  return {
    deliver: async (provider, claim, next) => {
      const run = { at: clock.monotonic() };
      running.add(run);
      const onProgress = (): void => {
        run.at = clock.monotonic();
      };
      try {
        const { batch, change, signal } = await withTraceparent(claim.task.traceparent, () => send(provider, claim, { next, onProgress }));
        if (change) await store(batch, change);
        const isClosed = await storage.noteSignal(provider.account, signal);
        return isClosed || change?.kind === "advance";
      } finally {
        running.delete(run);
      }
    },
    busySince: () => (running.size === 0 ? undefined : Math.min(...[...running].map(({ at }) => at))),
  };
}
