/** Stops requests with refused credentials before the vendor locks those credentials. */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";

/**
 * More than five failures in a row lock a key for five minutes, and the lock refuses correct signatures, too. Smaller values risk
 * the lock; larger ones delay a corrected account. https://support.huaweicloud.com/devg-apisign/
 */
const LOCKOUT_MS = 300_000;

export interface LoginBreaker {
  /** Throws `auth_failed` while the breaker is open. */
  check(): void;
  /** Opens the breaker for five minutes. Has no effect while it is open. */
  open(reason: PrefetchError): void;
}

/** `credentialNames` completes the hint "Correct …": "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK". */
export function createLoginBreaker(clock: Clock, credentialNames: string): LoginBreaker {
  let opened: { readonly until: number; readonly reason: PrefetchError } | undefined;
  return {
    check: () => {
      if (!opened) return;
      if (clock.monotonic() >= opened.until) {
        opened = undefined;
        return;
      }
      const { reason, until } = opened;
      const triesAgainAt = clock.now() + until - clock.monotonic();
      throw new PrefetchError("auth_failed", `Not sent: ${reason.message}`, {
        provider: reason.provider,
        vendorCode: reason.vendorCode,
        requestId: reason.requestId,
        hint: `Huawei Cloud locks credentials that fail repeatedly. Correct ${credentialNames} (or this machine's clock), then restart the server. Without a restart, it tries them again after ${new Date(triesAgainAt).toISOString()}.`,
      });
    },
    open: (reason) => {
      opened ??= { until: clock.monotonic() + LOCKOUT_MS, reason };
    },
  };
}
