/** Time as the domain sees it, so that tests can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. Must not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
