/** Keeps an account's requests under the vendor's rate, together with every process that shares the store. */

import type { Clock } from "./clock.ts";
import type { Provider } from "./provider.ts";
import type { Storage } from "./storage.ts";

const MINUTE_MS = 60_000;
/** Share of a minute's requests that may go at once after a quiet time. */
const BURST_SHARE = 10;

export type Pacer = (provider: Provider, signal: AbortSignal) => Promise<void>;

/** Waits for the account's next slot. In no window of a minute do more than `requestsPerMinute` requests pass. */
export function createPacer(storage: Pick<Storage, "reserveSlot">, clock: Clock): Pacer {
  return async (provider, signal) => {
    const { requestsPerMinute } = provider.limits;
    const burst = Math.max(1, Math.floor(requestsPerMinute / BURST_SHARE));
    const intervalMs = MINUTE_MS / Math.max(1, requestsPerMinute - burst);
    const wait = await storage.reserveSlot(provider.account, intervalMs, burst, clock.now());
    if (wait > 0) await clock.sleep(wait, signal);
    signal.throwIfAborted();
  };
}
