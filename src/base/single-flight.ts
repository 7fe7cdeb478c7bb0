/** Single-flight with a cache: concurrent calls with one key share one request, later calls get its cached answer. */

import { abortable } from "./abortable.ts";
import type { Cache } from "./cache.ts";

export interface Answer<Value> {
  readonly value: Value;
  /** Milliseconds to cache it; 0 for not at all. */
  readonly ttlMs: number;
}

/** An abort ends the caller's own wait only. The shared request goes on, because other callers may wait for it. */
export type SingleFlight<Value> = (key: string, signal: AbortSignal, request: () => Promise<Answer<Value>>) => Promise<Value>;

export function createSingleFlight<Value>(cache: Cache<Value>): SingleFlight<Value> {
  const inFlight = new Map<string, Promise<Value>>();
  return async (key, signal, request) => {
    const cached = await cache.get(key);
    if (cached !== undefined) return cached;
    let answer = inFlight.get(key);
    if (!answer) {
      answer = request()
        .then(async ({ value, ttlMs }) => {
          if (ttlMs > 0) await cache.set(key, value, ttlMs);
          return value;
        })
        .finally(() => inFlight.delete(key));
      inFlight.set(key, answer);
    }
    return abortable(answer, signal);
  };
}
