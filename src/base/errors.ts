/**
 * The one error class of the house. Everything that can go wrong on purpose is a `PrefetchError`;
 * anything else that reaches the MCP boundary is a bug and is reported as `internal`.
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
  "unsupported",
  "vendor_unavailable",
  "timeout",
  "cancelled",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * What is known about the request that failed. It decides whether sending again can spend twice:
 * `not_sent` never reached the vendor, `refused` was answered with an error,
 * `unknown` may have been carried out although its answer was lost.
 */
export type Delivery = "not_sent" | "refused" | "unknown";

export interface ErrorFacts {
  /** One sentence for the person or model that must act next. */
  readonly hint?: string;
  readonly retryable?: boolean;
  /** Milliseconds to wait before another attempt, from the vendor where it says so. */
  readonly retryAfterMs?: number;
  readonly delivery?: Delivery;
  /** Refused because of some of the request's URLs, without saying which: a smaller request may be taken. */
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

/** Turns whatever was thrown into a `PrefetchError`; an unforeseen error says nothing of its text. */
export function asPrefetchError(error: unknown): PrefetchError {
  if (error instanceof PrefetchError) return error;
  return new PrefetchError("internal", "An unexpected error inside the server.", {
    hint: "This is a bug in cdn-prefetch-mcp; its log on stderr has the details.",
    cause: error,
  });
}

/** One sentence for people and models: what failed, and the vendor's code and request id. */
export function describe({ message, vendorCode, requestId }: PrefetchError): string {
  const vendor = [vendorCode, requestId && `request id ${requestId}`].filter(Boolean).join(", ");
  return `${message.replace(/[.\s]+$/, "")}${vendor && ` (${vendor})`}.`;
}

/** As `describe`, and what to do next. */
export function explain(error: PrefetchError): string {
  return [describe(error), error.hint].filter(Boolean).join(" ");
}
