/** Errors for targets that the rules forbid. Nothing has been sent, and a retry would change nothing. */

import { PrefetchError } from "../../../base/errors.ts";

export const LISTED_ONLY = "Use a listed host, or add this one to PREFETCH_ALLOWED_DOMAINS.";
export const PUBLIC_ONLY = "The server connects to public addresses only. Check the host, and its DNS record if it is yours.";

export function refuse(message: string, hint: string): PrefetchError {
  return new PrefetchError("forbidden_domain", message, { hint });
}
