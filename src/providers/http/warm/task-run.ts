/** What one task has used and met so far, and whether it may go on. */

import type { Clock } from "../../../base/clock.ts";
import { type ErrorCode, PrefetchError } from "../../../base/errors.ts";
import type { Settled } from "../../../prefetch/model/provider.ts";
import type { WarmLimits } from "../limits.ts";

export interface Run {
  moved(bytes: number): void;
  /** What has been moved for the task so far, as far as it is stored: other processes may have a share in it. */
  movedBefore(bytes: number): void;
  /** Which of the task's limits is reached. */
  over(): PrefetchError | undefined;
  /** What came of a URL at a place: at a host, or through one of its PoPs. */
  note(place: string, outcome: Pick<Settled, "code"> & { readonly state: string }): void;
  /** Why nothing more is to be asked there. */
  enough(place: string): PrefetchError | undefined;
}

/** Codes that say something about the host rather than the URL. */
const comesToNothing: readonly string[] = ["vendor_unavailable", "timeout", "rate_limited"] satisfies ErrorCode[];

/** A longer silence is none of the task's: it had nothing under way, or the machine was asleep. */
const LONGEST_STEP_MS = 60_000;

export function createRun(limits: WarmLimits, clock: Pick<Clock, "now">): Run {
  let seenAt = clock.now();
  let workedMs = 0;
  const places = new Map<string, { done: number; lost: number }>();
  let moved = 0;
  const over = (): PrefetchError | undefined => {
    if (moved > limits.mostBytes) return overLimit(`${limits.mostBytes.toLocaleString("en")} bytes`, "PREFETCH_HTTP_MAX_BYTES");
    const now = clock.now();
    workedMs += Math.min(Math.max(0, now - seenAt), LONGEST_STEP_MS);
    seenAt = now;
    return workedMs > limits.mostMs ? overLimit(`${limits.mostMs / 1_000} seconds`, "PREFETCH_HTTP_MAX_SECONDS") : undefined;
  };
  return {
    moved: (count) => {
      moved += count;
    },
    movedBefore: (count) => {
      moved = Math.max(moved, count);
    },
    over,
    note: (place, { state, code }) => {
      const tally = places.get(place) ?? { done: 0, lost: 0 };
      places.set(place, tally);
      tally.done += 1;
      if (state === "failed" && code !== undefined && comesToNothing.includes(code)) tally.lost += 1;
    },
    enough: (place) => {
      const { done, lost } = places.get(place) ?? { done: 0, lost: 0 };
      if (done < limits.judgedAfter || lost / done <= limits.errorShare) return over();
      return new PrefetchError("vendor_unavailable", `${lost} of ${done} URLs of ${place} have come to nothing`, {
        retryable: true,
        hint: "Look at the CDN and the origin, then call again with what is missing.",
      });
    },
  };
}

function overLimit(limit: string, setting: string): PrefetchError {
  return new PrefetchError("limit_reached", `The task's limit of ${limit} is reached`, {
    hint: `Have ${setting} raised, or call again with what is missing.`,
  });
}
