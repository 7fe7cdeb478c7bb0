/** What keeps refused credentials from being tried until the vendor locks them. */

import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";

/** More than five failures in a row lock a key for five minutes, during which correct signatures fail too. */
const LOCKOUT_MS = 300_000;

export interface LoginBreaker {
  /** Throws `auth_failed` while it is open. */
  check(): void;
  open(reason: PrefetchError): void;
}

/** `what` names the credentials for the person who must correct them. */
export function createLoginBreaker(clock: Clock, what: string): LoginBreaker {
  let opened: { readonly until: number; readonly reason: PrefetchError } | undefined;
  return {
    check: () => {
      if (!opened) return;
      if (clock.now() >= opened.until) {
        opened = undefined;
        return;
      }
      const { reason, until } = opened;
      throw new PrefetchError("auth_failed", `Not sent: ${reason.message}`, {
        provider: reason.provider,
        vendorCode: reason.vendorCode,
        requestId: reason.requestId,
        hint: `Correct ${what} (or this machine's clock) and restart the server. They are tried again at ${new Date(until).toISOString()} at the earliest, because Huawei Cloud locks credentials that fail repeatedly.`,
      });
    },
    open: (reason) => {
      opened ??= { until: clock.now() + LOCKOUT_MS, reason };
    },
  };
}

/** Lets one in at a time. */
export function createDoor() {
  let inside: Promise<void> | undefined;
  return {
    /** Waits until nobody is inside, or until `unlocked`; resolves with the way out. */
    enter: async (signal: AbortSignal, unlocked: () => boolean): Promise<(() => void) | undefined> => {
      while (inside) await abortable(inside, signal);
      if (unlocked()) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      inside = promise;
      return () => {
        inside = undefined;
        resolve();
      };
    },
  };
}
