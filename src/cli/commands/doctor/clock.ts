/** This machine's clock beside a vendor's. */

import { WRONG_CLOCK_HINT } from "../../../providers/kit/vendor-failure.ts";
import type { Finding, Rows } from "./finding.ts";

/** Both vendors accept signatures that are up to 15 minutes old. */
const SIGNATURE_LIFE_MS = 900_000;
/** Larger: a clock that drifts is noticed late. Smaller: slow answers look like a wrong clock. */
const TOLERANCE_MS = 60_000;

/** `isLoggedIn`: the vendor has accepted a signature, as it does when the provider signs by the vendor's clock. */
export function describeClock(aheadMs: number, isLoggedIn: boolean, { ok, warning, failed }: Rows): Finding {
  const off = Math.abs(aheadMs);
  const seconds = Math.round(off / 1_000);
  if (off <= TOLERANCE_MS) return ok("clock", `This machine's clock differs from the vendor's by ${seconds} s.`);
  const amount = off < 120_000 ? `${seconds} seconds` : `${Math.round(off / 60_000)} minutes`;
  const says = `This machine's clock is ${amount} ${aheadMs > 0 ? "ahead of" : "behind"} the vendor's.`;
  return (off > SIGNATURE_LIFE_MS && !isLoggedIn ? failed : warning)("clock", says, WRONG_CLOCK_HINT);
}
