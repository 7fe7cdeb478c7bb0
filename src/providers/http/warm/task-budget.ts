/** The budget of one task: bytes, working time, and failures of a host before the task skips it. */

import type { Clock } from "../../../base/clock.ts";
import { type ErrorCode, PrefetchError } from "../../../base/errors.ts";
import type { Settled } from "../../../prefetch/model/provider.ts";
import type { WarmLimits } from "../limits.ts";

export interface TaskBudget {
  /** Counts bytes that this process received for the task. */
  addBytes(count: number): void;
  /** Raises the count to the stored total of the task, which includes bytes that other processes received. */
  raiseBytesTo(total: number): void;
  /** The error for a limit that the task has reached. */
  limitReached(): PrefetchError | undefined;
  /** Counts a URL's outcome at an endpoint: a host, or a host through one route. */
  record(endpoint: string, outcome: Pick<Settled, "code"> & { readonly state: string }): void;
  /** Why the task must not send further requests to the endpoint. */
  stopReason(endpoint: string): PrefetchError | undefined;
}

type BudgetLimits = Pick<WarmLimits, "maxTaskBytes" | "maxTaskMs" | "maxFailureShare" | "minFailureSample">;

/** Failures of the host. Other codes, such as `not_found`, are about the URL alone. */
const hostFailures: readonly string[] = [
  ...(["vendor_unavailable", "timeout", "rate_limited"] satisfies ErrorCode[]),
  // A bot protection refuses all URLs alike.
  "challenge",
];

/**
 * A longer gap between two checks is idle time or a suspended machine, and only this much of it counts as working time.
 * A larger value lets a suspended machine use up the task's time; a smaller one stops counting long waits of the task itself.
 */
const MAX_WORK_STEP_MS = 60_000;

export function createTaskBudget(limits: BudgetLimits, clock: Pick<Clock, "now">): TaskBudget {
  let bytes = 0;
  let checkedAt = clock.now();
  let workedMs = 0;
  const endpoints = new Map<string, { tried: number; failed: number }>();

  const limitReached = (): PrefetchError | undefined => {
    if (bytes > limits.maxTaskBytes) return overLimit(`${limits.maxTaskBytes.toLocaleString("en")} bytes`, "PREFETCH_HTTP_MAX_BYTES");
    const now = clock.now();
    workedMs += Math.min(Math.max(0, now - checkedAt), MAX_WORK_STEP_MS);
    checkedAt = now;
    return workedMs > limits.maxTaskMs ? overLimit(`${limits.maxTaskMs / 1_000} seconds`, "PREFETCH_HTTP_MAX_SECONDS") : undefined;
  };

  return {
    addBytes: (count) => {
      bytes += count;
    },
    raiseBytesTo: (total) => {
      bytes = Math.max(bytes, total);
    },
    limitReached,
    record: (endpoint, { state, code }) => {
      const counts = endpoints.get(endpoint) ?? { tried: 0, failed: 0 };
      endpoints.set(endpoint, counts);
      counts.tried += 1;
      if (state === "failed" && code !== undefined && hostFailures.includes(code)) counts.failed += 1;
    },
    stopReason: (endpoint) => {
      const { tried, failed } = endpoints.get(endpoint) ?? { tried: 0, failed: 0 };
      if (tried < limits.minFailureSample || failed / tried <= limits.maxFailureShare) return limitReached();
      return new PrefetchError(
        "vendor_unavailable",
        `${failed} of ${tried} URLs at ${endpoint} failed, so the task skips the rest of them`,
        {
          retryable: true,
          hint: "Check the CDN and the origin, then call again with the missing URLs.",
        },
      );
    },
  };
}

function overLimit(limit: string, setting: string): PrefetchError {
  return new PrefetchError("limit_reached", `The task has reached its limit of ${limit}`, {
    hint: `Raise ${setting}, or call again with the missing URLs.`,
  });
}
