/** Waits for an asset that its vendor does not show as published yet. */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";

/** Between two look-ups. Longer: the asset is warmed later. Shorter: more of the vendor's look-ups, which cost no quota but have a rate. */
const PUBLISHED_POLL_MS = 5_000;

export interface PublishWait {
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** Aborted when waiting calls must answer at once. */
  readonly draining: AbortSignal;
  readonly ms: number;
  /** The call's own `wait_seconds`, a part of which earlier work may have used up. */
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

/** Repeats the look-up while it fails with a `not_published` that time may cure, at most for `ms`. Then that error is thrown. */
export async function whenPublished<Result>(lookUp: () => Promise<Result>, wait: PublishWait): Promise<Result> {
  try {
    return await repeated(lookUp, wait);
  } catch (error) {
    throw isUnpublishedYet(error) ? advised(error, wait) : error;
  }
}

async function repeated<Result>(lookUp: () => Promise<Result>, { clock, draining, ms, signal }: PublishWait): Promise<Result> {
  const deadline = clock.monotonic() + ms;
  for (;;) {
    try {
      return await lookUp();
    } catch (error) {
      const leftMs = deadline - clock.monotonic();
      if (!isUnpublishedYet(error) || leftMs <= 0 || draining.aborted) throw error;
      await clock.sleep(Math.min(PUBLISHED_POLL_MS, leftMs), AbortSignal.any([signal, draining])).catch((reason: unknown) => {
        if (draining.aborted && !signal.aborted) throw error;
        throw reason;
      });
    }
  }
}

/** A call that has waited in vain is not advised to wait in the same way again. */
function advised(error: PrefetchError, { waitSeconds }: PublishWait): PrefetchError {
  const advice =
    waitSeconds > 0
      ? `This call waited ${waitSeconds} s for it: see at the vendor whether the asset is published, then call again.`
      : "Call again in a minute, or with wait_seconds 50, which asks every 5 seconds.";
  return new PrefetchError(error.code, error.message, {
    ...error,
    hint: [error.hint, advice].filter(Boolean).join(" "),
    cause: error.cause,
  });
}

function isUnpublishedYet(error: unknown): error is PrefetchError {
  return error instanceof PrefetchError && error.code === "not_published" && error.retryable;
}
