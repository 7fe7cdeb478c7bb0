/** Recovers a batch that was in flight when its answer, or the process that sent it, was lost. */

import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import { breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Provider } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import { batchKeyOf, contentOf } from "../model/task.ts";
import { interrupted, type Verdict } from "./interpret.ts";
import { awaitReconciliation, failed, lost } from "./outcome.ts";
import type { Pause, RateLimiter } from "./rate-limit.ts";
import { reconciled, unreconciled } from "./reconcile.ts";
import type { RetryPolicy } from "./retry.ts";
import { createSentTimes } from "./sent-times.ts";

const STOPPED = "The server stopped while this was being sent";

export interface RecoveryOptions {
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly report: (error: unknown, about: string) => void;
  readonly pause: Pause;
  readonly policyFor: (provider: Provider) => RetryPolicy;
  /** Aborted when nothing new may be asked. */
  readonly stopping: AbortSignal;
}

/**
 * A direct provider's open URLs are fetched again. A vendor that keeps records is asked for the submit. Without either, the
 * outcome stays unknown.
 */
export function createRecovery(options: RecoveryOptions): (provider: Provider, work: Claim) => Promise<Verdict> {
  const { clock, limiter, report, pause, policyFor, stopping } = options;

  const sentTimes = createSentTimes(clock);

  /** The work with the time of its sending as the clock is set at `now`, from which the verdict takes the age of the batch. */
  const aged = (work: Claim, now: number): Claim => ({
    ...work,
    batch: { ...work.batch, sentAt: now - sentTimes.of(work.batch).elapsedMs },
  });

  const ask = async (provider: Provider, work: Claim, find: NonNullable<Provider["findSubmitted"]>): Promise<Verdict> => {
    const { batch, items } = work;
    try {
      const turn = () => limiter(provider, stopping, "look-up");
      const call = { signal: stopping, turn, batchKey: batchKeyOf(batch, items) };
      const found = await find(contentOf(batch, items), sentTimes.of(batch), call);
      const now = clock.now();
      return { change: reconciled(aged(work, now), found, now, policyFor(provider)), signal: "answered" };
    } catch (error) {
      const now = clock.now();
      // Stopping says nothing about the records: the next process asks when the pause of `awaitReconciliation` is over.
      if (stopping.aborted) return { change: awaitReconciliation(aged(work, now), "The answer was lost.", now), signal: "unasked" };
      if (error instanceof PrefetchError && error.code === "rate_limited") await pause(provider, error, "look-up");
      report(error, `asking ${provider.id} for a batch whose answer was lost`);
      return { change: unreconciled(aged(work, now), error, now), signal: breakerSignalOf(asPrefetchError(error)) };
    }
  };

  const lookUp: typeof ask = async (provider, work, find) => {
    const verdict = await ask(provider, work, find);
    if (verdict.change?.kind !== "await-reconciliation") sentTimes.forget(work.batch);
    return verdict;
  };

  return async (provider, work) => {
    if (provider.tracking === "direct") {
      return { change: failed(work, interrupted(STOPPED), clock.now(), policyFor(provider)), signal: "unasked" };
    }
    const find = provider.findSubmitted?.bind(provider);
    if (find) return lookUp(provider, work, find);
    return { change: lost(work, `${STOPPED}, so its outcome is not known.`), signal: "unasked" };
  };
}
