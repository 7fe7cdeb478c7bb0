/** Keeps vendor answers for a while. A lost entry costs one more vendor call; no fact may live only here. */

import type { Clock } from "./clock.ts";

export interface Cache<Value> {
  get(key: string): Promise<Value | undefined>;
  delete(key: string): Promise<unknown>;
  set(key: string, value: Value, ttlMs: number): Promise<unknown>;
}

interface Entry<Value> {
  readonly value: Value;
  /** On the monotonic clock. */
  readonly until: number;
}

export interface EntryStore<Value> {
  get(key: string): Promise<Entry<Value> | undefined>;
  delete(key: string): Promise<unknown>;
  set(key: string, entry: Entry<Value>): Promise<unknown>;
}

/** Caches usually expire by the time of day: after the clock is set back by hours, they would answer with old entries for hours. */
export function measuredCache<Value>(store: EntryStore<Value>, clock: Pick<Clock, "monotonic">): Cache<Value> {
  return {
    get: async (key) => {
      const entry = await store.get(key);
      return entry && clock.monotonic() < entry.until ? entry.value : undefined;
    },
    delete: (key) => store.delete(key),
    set: (key, value, ttlMs) => store.set(key, { value, until: clock.monotonic() + ttlMs }),
  };
}
