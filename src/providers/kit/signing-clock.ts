/** The time that signatures carry. */

import type { Clock } from "../../base/clock.ts";
import { dateOf, type Exchange } from "./signed-call.ts";

export interface SigningClock {
  /** Milliseconds since the epoch: by this machine's clock, or by the adopted one. */
  now(): number;
  /** Adopts the vendor's clock from an answer that refuses the request's date. From then on, setting this machine's clock changes nothing. */
  adopt(refused: Exchange): void;
}

export function createSigningClock(clock: Clock): SigningClock {
  /** The vendor's time less the monotonic clock's reading. */
  let adopted: number | undefined;
  return {
    now: () => (adopted === undefined ? clock.now() : clock.monotonic() + adopted),
    adopt: ({ response, receivedMonotonic }) => {
      const vendorTime = dateOf(response);
      if (vendorTime !== undefined) adopted = vendorTime - receivedMonotonic;
    },
  };
}
