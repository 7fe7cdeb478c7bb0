/** How much warming by fetching may use. */

/** Batches that are warmed at a time, each of which has its host's places to itself at best. */
export const BATCHES_AT_ONCE = 16;

export interface WarmLimits {
  /** Requests under way to one host, and to all hosts. */
  readonly perHost: number;
  readonly atOnce: number;
  /** Of one host; `undefined` for no bound. */
  readonly requestsPerSecond: number | undefined;
  /** Of all hosts. */
  readonly bytesPerSecond: number | undefined;
  /** Of one task. */
  readonly mostBytes: number;
  readonly mostMs: number;
  /** A host at which this share of at least `judgedAfter` URLs of a task came to nothing is left alone. */
  readonly errorShare: number;
  readonly judgedAfter: number;
  /** Bytes a second that an answer has to keep up once it has taken `patienceMs`; less holds a place for nothing. */
  readonly slowest: number;
  readonly patienceMs: number;
}

/** Polite rather than fast: beyond some dozen connections one process gains nothing, and the origin behind a cold edge pays for each. */
export const usualLimits: WarmLimits = {
  perHost: 8,
  atOnce: 8 * BATCHES_AT_ONCE,
  requestsPerSecond: undefined,
  bytesPerSecond: undefined,
  mostBytes: 100 * 1_073_741_824,
  mostMs: 6 * 3_600_000,
  errorShare: 0.5,
  judgedAfter: 20,
  slowest: 10_240,
  patienceMs: 60_000,
};
