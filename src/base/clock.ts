/** The time source of all code that waits or compares times. Tests pass a clock that they move by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on a clock that is never set, for measuring. It says nothing about the time of day. */
  monotonic(): number;
  /** Names the zero of `monotonic`: readings under the same name can be compared, also between processes. */
  readonly boot: string;
  /** Resolves after `ms`, or rejects with the signal's reason when the signal aborts first. Must not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
