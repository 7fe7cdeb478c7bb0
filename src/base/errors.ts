/**
 * The one error class. Every foreseen failure is a `PrefetchError`.
 * Any other error that reaches the MCP boundary is a bug, and the caller gets it as `internal`.
 */

export const errorCodes = [
  "invalid_argument",
  "not_configured",
  "auth_failed",
  "forbidden_domain",
  "not_found",
  "not_published",
  "quota_exhausted",
  "rate_limited",
  "queue_full",
  "limit_reached",
  "refresh_failed",
  "unsupported",
  "confirmation_required",
  "declined",
  "vendor_unavailable",
  "store_unavailable",
  "timeout",
  "cancelled",
  "internal",
] as const;

/** Ends the hints of errors that only the operator of the server can correct. */
export const DOCTOR_HINT = "The command cdn-prefetch-mcp doctor checks the setup.";

export type ErrorCode = (typeof errorCodes)[number];

/**
 * How far the failed request got; it decides whether sending it again can spend twice.
 * `not_sent`: it never reached the vendor. `refused`: the vendor answered with an error.
 * `unknown`: the answer was lost, so the vendor may have carried it out.
 */
export type Delivery = "not_sent" | "refused" | "unknown";

export interface ErrorFacts {
  /** One sentence that tells the user or model what to do next. */
  readonly hint?: string;
  readonly retryable?: boolean;
  /** The wait before another attempt that the vendor asked for. */
  readonly retryAfterMs?: number;
  readonly delivery?: Delivery;
  /** The vendor refused the request for some of its URLs and did not name them: a part of the request may succeed. */
  readonly divisible?: boolean;
  readonly provider?: string;
  readonly vendorCode?: string;
  readonly requestId?: string;
  readonly cause?: unknown;
}

export class PrefetchError extends Error {
  override readonly name = "PrefetchError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly delivery: Delivery;
  readonly divisible: boolean;
  readonly provider: string | undefined;
  readonly vendorCode: string | undefined;
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs;
    this.delivery = facts.delivery ?? "not_sent";
    this.divisible = facts.divisible ?? false;
    this.provider = facts.provider;
    this.vendorCode = facts.vendorCode;
    this.requestId = facts.requestId;
  }
}

/** Turns anything thrown into a `PrefetchError`. The text of an unforeseen error stays in the log: it may hold secrets. */
export function asPrefetchError(error: unknown): PrefetchError {
  if (error instanceof PrefetchError) return error;
  return new PrefetchError("internal", "An unexpected error inside the server.", {
    hint: "This is a bug in cdn-prefetch-mcp; its log on stderr has the details.",
    cause: error,
  });
}

/** The message with the vendor's code and request id, such as "The quota is used up (QuotaFull, request id 7)." */
export function describe({ message, vendorCode, requestId }: PrefetchError): string {
  const vendor = [vendorCode, requestId && `request id ${requestId}`].filter(Boolean).join(", ");
  return `${message.replace(/[.\s]+$/, "")}${vendor && ` (${vendor})`}.`;
}

/** As `describe`, followed by the hint. */
export function explain(error: PrefetchError): string {
  return [describe(error), error.hint].filter(Boolean).join(" ");
}
