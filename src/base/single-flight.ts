/** Asking once for many: callers that ask the same at the same time share one question, and later ones its answer. */

import { abortable } from "./abortable.ts";
import type { Cache } from "./cache.ts";

export interface Answer<Value> {
  readonly value: Value;
  /** Milliseconds for which it is worth keeping; 0 for not at all. */
  readonly ttlMs: number;
}

/** The shared question belongs to none of its askers, so each may stop waiting for it. */
export type SingleFlight<Value> = (key: string, signal: AbortSignal, ask: () => Promise<Answer<Value>>) => Promise<Value>;

export function createSingleFlight<Value>(cache: Cache<Value>): SingleFlight<Value> {
  const asking = new Map<string, Promise<Value>>();
  return async (key, signal, ask) => {
    const known = await cache.get(key);
    if (known !== undefined) return known;
    let answer = asking.get(key);
    if (!answer) {
      answer = ask()
        .then(async ({ value, ttlMs }) => {
          if (ttlMs > 0) await cache.set(key, value, ttlMs);
          return value;
        })
        .finally(() => asking.delete(key));
      asking.set(key, answer);
    }
    return abortable(answer, signal);
  };
}
