/** Keeps an account's requests under the vendor's rate, together with every process that shares the store. */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import type { Storage } from "../model/storage.ts";

const MINUTE_MS = 60_000;
/** Share of a minute's requests that may go at once after a quiet time. */
const BURST_SHARE = 10;

/** Waits for the account's next slot and, for a submit to a `host` that wants them apart, for that host's. */
export type RateLimiter = (provider: Provider, signal: AbortSignal, host?: string) => Promise<void>;

/**
 * In no window of a minute do more than `requestsPerMinute` requests pass, but for those few that go later than their
 * slot because their host's comes later still.
 */
export function createRateLimiter(storage: Pick<Storage, "reserveSlot">, clock: Clock): RateLimiter {
  const slot = async (signal: AbortSignal, pace: string, intervalMs: number, burst: number): Promise<void> => {
    const wait = await storage.reserveSlot(pace, intervalMs, burst, clock.now());
    if (wait > 0) await clock.sleep(wait, signal);
    signal.throwIfAborted();
  };
  return async (provider, signal, host) => {
    const { requestsPerMinute, hostIntervalMs } = provider.limits;
    if (requestsPerMinute !== undefined) {
      const burst = Math.max(1, Math.floor(requestsPerMinute / BURST_SHARE));
      await slot(signal, provider.account, MINUTE_MS / Math.max(1, requestsPerMinute - burst), burst);
    }
    // Last, because any wait after it would bring two submits together again.
    if (host !== undefined && hostIntervalMs !== undefined) await slot(signal, `${provider.account} ${host}`, hostIntervalMs, 1);
  };
}

/** However long a vendor asks to wait; a batch that must wait longer has its own time. */
const LONGEST_HOLD_MS = 300_000;

/** Makes the holder of an account's pace: it keeps the whole account quiet for as long as a throttling answer asks. */
export function createPause(
  storage: Pick<Storage, "pauseSlots">,
  clock: Clock,
  report: (error: unknown, about: string) => void,
): (provider: Provider, error: PrefetchError) => Promise<void> {
  return async (provider, error) => {
    if (error.retryAfterMs === undefined) return;
    try {
      await storage.pauseSlots(provider.account, clock.now() + Math.min(error.retryAfterMs, LONGEST_HOLD_MS));
    } catch (failure) {
      // A courtesy to the vendor; what it answered is worth more and must still be recorded.
      report(failure, `holding back requests to ${provider.id}`);
    }
  };
}
