/** What one task has used and met so far, and whether it may go on. */

import { type ErrorCode, PrefetchError } from "../../errors.ts";
import type { Clock } from "../../prefetch/clock.ts";
import type { Settled } from "../../prefetch/provider.ts";
import type { WarmLimits } from "./limits.ts";

export interface Run {
  moved(bytes: number): void;
  /** What has been moved for the task so far, as far as it is stored: other processes may have a share in it. */
  movedBefore(bytes: number): void;
  /** Which of the task's limits is reached. */
  over(): PrefetchError | undefined;
  note(host: string, outcome: Settled): void;
  /** Why nothing more is to be asked of the host. */
  enough(host: string): PrefetchError | undefined;
}

/** Codes that say something about the host rather than the URL. */
const comesToNothing: readonly string[] = ["vendor_unavailable", "timeout", "rate_limited"] satisfies ErrorCode[];

export function createRun(limits: WarmLimits, clock: Pick<Clock, "now">): Run {
  const begun = clock.now();
  const hosts = new Map<string, { done: number; lost: number }>();
  let moved = 0;
  const over = (): PrefetchError | undefined => {
    if (moved > limits.mostBytes) return overLimit(`${limits.mostBytes.toLocaleString("en")} bytes`, "PREFETCH_HTTP_MAX_BYTES");
    return clock.now() - begun > limits.mostMs ? overLimit(`${limits.mostMs / 1_000} seconds`, "PREFETCH_HTTP_MAX_SECONDS") : undefined;
  };
  return {
    moved: (count) => {
      moved += count;
    },
    movedBefore: (count) => {
      moved = Math.max(moved, count);
    },
    over,
    note: (host, { state, code }) => {
      const tally = hosts.get(host) ?? { done: 0, lost: 0 };
      hosts.set(host, tally);
      tally.done += 1;
      if (state === "failed" && code !== undefined && comesToNothing.includes(code)) tally.lost += 1;
    },
    enough: (host) => {
      const { done, lost } = hosts.get(host) ?? { done: 0, lost: 0 };
      if (done < limits.judgedAfter || lost / done <= limits.errorShare) return over();
      return new PrefetchError("vendor_unavailable", `${lost} of ${done} URLs of ${host} have come to nothing`, {
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
