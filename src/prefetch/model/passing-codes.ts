import type { ErrorCode } from "../../base/errors.ts";

/** Refusals that another call may not meet. */
export const passingCodes: readonly ErrorCode[] = ["rate_limited", "queue_full", "vendor_unavailable", "timeout"];
