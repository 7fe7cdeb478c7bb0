/** Limits on what warming by fetching may use. */

/**
 * Batches that the provider warms at the same time. Each batch can fill the connection limit of one host.
 * More batches open more connections than one process can use; fewer let slow hosts block tasks for other hosts.
 */
export const BATCHES_AT_ONCE = 16;

export interface WarmLimits {
  /** Requests in flight to one host. */
  readonly requestsPerHost: number;
  /** Requests in flight to all hosts together. */
  readonly requestsInFlight: number;
  /** Per host; `undefined` means no limit. */
  readonly requestsPerSecond: number | undefined;
  /** For all hosts together; `undefined` means no limit. */
  readonly bytesPerSecond: number | undefined;
  readonly maxTaskBytes: number;
  readonly maxTaskMs: number;
  /** A task skips the rest of a host when more than this share of its URLs failed because of the host, such as 0.5. */
  readonly maxFailureShare: number;
  /** URLs of a host that a task tries before it applies `maxFailureShare`. */
  readonly minFailureSample: number;
  /** A slower answer is cut off once it has taken `slowAnswerGraceMs`, because it occupies a connection for little. */
  readonly minBytesPerSecond: number;
  readonly slowAnswerGraceMs: number;
}

const REQUESTS_PER_HOST = 8;
const GIB = 1_073_741_824;
const HOUR_MS = 3_600_000;

/** Low on purpose: above a few dozen connections one process gains nothing, and the origin pays for each cold URL. */
export const defaultWarmLimits: WarmLimits = {
  requestsPerHost: REQUESTS_PER_HOST,
  requestsInFlight: REQUESTS_PER_HOST * BATCHES_AT_ONCE,
  requestsPerSecond: undefined,
  bytesPerSecond: undefined,
  maxTaskBytes: 100 * GIB,
  maxTaskMs: 6 * HOUR_MS,
  maxFailureShare: 0.5,
  minFailureSample: 20,
  minBytesPerSecond: 10_240,
  slowAnswerGraceMs: 60_000,
};
