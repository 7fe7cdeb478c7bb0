/** Keeps an account's requests under the vendor's rate, together with every process that shares the store. */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import { type Provider, rateAccountOf } from "../model/provider.ts";
import type { Storage } from "../model/storage.ts";

const MINUTE_MS = 60_000;
/** A tenth of a minute's requests may go at once after a pause. More would risk the vendor's own burst limit. */
const BURST_SHARE = 10;

/**
 * A longer wait looks this often whether its slot still stands. Looks further apart let a request wait for longer after the clock
 * was set back; closer ones cost reads.
 */
const LOOK_MS = 2_000;
/** A slot is reserved up to this long before its reservation is known here. A smaller bound reserves slots twice on a busy machine. */
const RESERVATION_MS = 1_000;

/** The kind of a request that takes a turn. */
export type Action = "submit" | "look-up";

/** Waits for the account's next slot and, for a submit to a `host` that wants its requests apart, for that host's slot. */
export type RateLimiter = (provider: Provider, signal: AbortSignal, action: Action, host?: string) => Promise<void>;

/** Keeps requests of one kind from going out for as long as a throttling answer to one of them asks (`Retry-After`). */
export type Pause = (provider: Provider, error: PrefetchError, action: Action) => Promise<void>;

/**
 * In no window of a minute do more than `requestsPerMinute` requests pass, except for a request that goes later than its
 * account's slot because its host's slot is later still.
 */
export function createRateLimiter(storage: Pick<Storage, "reserveSlot" | "isReservedBeyond">, clock: Clock): RateLimiter {
  /** False as soon as the slot has ended because the clock that planned it was set back. */
  const reach = async (sequence: string, waitMs: number, signal: AbortSignal): Promise<boolean> => {
    const begins = clock.now() + waitMs;
    for (let leftMs = waitMs; leftMs > 0; leftMs -= LOOK_MS) {
      await clock.sleep(Math.min(leftMs, LOOK_MS), signal);
      if (leftMs > LOOK_MS && !(await storage.isReservedBeyond(sequence, begins - RESERVATION_MS))) return false;
    }
    return true;
  };

  const slot = async (signal: AbortSignal, sequence: string, intervalMs: number, burst: number): Promise<void> => {
    while (!(await reach(sequence, await storage.reserveSlot(sequence, intervalMs, burst, clock.now()), signal)));
    signal.throwIfAborted();
  };
  return async (provider, signal, action, host) => {
    const { requestsPerMinute, hostIntervalMs } = provider.limits;
    if (requestsPerMinute !== undefined) {
      const burst = Math.max(1, Math.floor(requestsPerMinute / BURST_SHARE));
      await slot(signal, sequenceOf(provider, action), MINUTE_MS / Math.max(1, requestsPerMinute - burst), burst);
    }
    // The host's slot comes last: any wait after it would bring two submits together again.
    if (host !== undefined && hostIntervalMs !== undefined) await slot(signal, `${provider.account} ${host}`, hostIntervalMs, 1);
  };
}

/** Where look-ups have a rate of their own, they have a sequence of their own. A host name holds no parentheses. */
function sequenceOf(provider: Provider, action: Action): string {
  const account = rateAccountOf(provider);
  return provider.limits.rateByAction && action === "look-up" ? `${account} (look-ups)` : account;
}

/** A vendor may ask for a longer pause; a batch that has to wait longer carries its own `notBefore`. */
const LONGEST_PAUSE_MS = 300_000;

export function createPause(storage: Pick<Storage, "pauseSlots">, clock: Clock, report: (error: unknown, about: string) => void): Pause {
  return async (provider, error, action) => {
    if (error.retryAfterMs === undefined) return;
    try {
      await storage.pauseSlots(sequenceOf(provider, action), clock.now() + Math.min(error.retryAfterMs, LONGEST_PAUSE_MS));
    } catch (failure) {
      // The pause is a courtesy to the vendor; the answer itself matters more and must still be stored.
      report(failure, `pausing requests to ${provider.id}`);
    }
  };
}
