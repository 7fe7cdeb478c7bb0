/** A cache in memory that expires entries by a given clock. */

import type { Cache } from "../../src/base/cache.ts";
import type { Clock } from "../../src/base/clock.ts";

/** As in Keyv, a time to live of 0 keeps an entry for ever. */
export function fakeCache<Value>(clock: Clock): Cache<Value> {
  const entries = new Map<string, { value: Value; until: number }>();
  return {
    get: async (key) => {
      const entry = entries.get(key);
      return entry && entry.until > clock.now() ? entry.value : undefined;
    },
    delete: async (key) => entries.delete(key),
    set: async (key, value, ttlMs) => entries.set(key, { value, until: ttlMs > 0 ? clock.now() + ttlMs : Number.POSITIVE_INFINITY }),
  };
}
