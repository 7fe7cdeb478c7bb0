/** Tells how long ago a batch was sent, by this process or another one, even if clocks were set since. */

import type { Clock } from "../../base/clock.ts";
import type { Sent } from "../model/provider.ts";
import type { Batch } from "../model/task.ts";

export interface SentTimes {
  of(batch: Batch): Sent;
  /** The batch is in flight no more. */
  forget(batch: Batch): void;
}

/**
 * A batch that was sent since this machine's boot carries a reading of the same monotonic clock. Any other batch was sent
 * before this process saw it first, which is all that is certain.
 */
export function createSentTimes(clock: Clock): SentTimes {
  /** Monotonic time at which this process saw a batch of another boot first. */
  const firstSeen = new Map<string, number>();
  const keyOf = ({ taskId, number, sentAt }: Batch): string => `${taskId} ${number} ${sentAt}`;

  const sentOrSeen = (batch: Batch): number => {
    const { sentBoot, sentMonotonic } = batch;
    if (sentBoot === clock.boot && sentMonotonic !== undefined) return sentMonotonic;
    const seen = firstSeen.get(keyOf(batch)) ?? clock.monotonic();
    firstSeen.set(keyOf(batch), seen);
    return seen;
  };

  return {
    of: (batch) => {
      const elapsedMs = Math.max(0, clock.monotonic() - sentOrSeen(batch));
      const now = clock.now();
      // The stored time is too late when the clock was set back since, and the measured one when the machine slept.
      return { elapsedMs, notBefore: Math.min(batch.sentAt ?? now, now - elapsedMs) };
    },
    forget: (batch) => void firstSeen.delete(keyOf(batch)),
  };
}
