import type { ErrorCode } from "../../base/errors.ts";

/** Codes of refusals that usually pass, so that the same call may succeed in a few minutes. */
export const passingCodes: readonly ErrorCode[] = ["rate_limited", "queue_full", "vendor_unavailable", "timeout"];
