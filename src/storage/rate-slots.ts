/** The table `pace`: the next request slot of each rate-limited key, an account or one of its hosts. All processes share it. */

import type { Sql } from "./sql.ts";

/**
 * A slot further ahead than both bounds comes from a clock that was wrong, and the next request goes at once. With
 * smaller bounds a busy account exceeds its vendor's rate; with larger ones it stands still for longer after a clock jump.
 */
const LONGEST_QUEUE_MS = 600_000;
const LONGEST_QUEUE_SLOTS = 100;

export interface RateSlots {
  /** Returns the milliseconds until the slot begins. */
  reserve(key: string, intervalMs: number, burst: number, now: number): Promise<number>;
  /** As `Storage.isReservedBeyond`. */
  isReservedBeyond(key: string, at: number): Promise<boolean>;
  /** Lets no slot begin before `until`. */
  pause(key: string, until: number): Promise<void>;
}

export function createRateSlots({ get, run, hold }: Sql): RateSlots {
  return {
    reserve: async (key, intervalMs, burst, now) => {
      await hold(`slots ${key}`);
      // Unused slots add up to `burst`: a next slot this far in the past lets `burst` requests go at once.
      const earliest = now - (burst - 1) * intervalMs;
      const row = await get("SELECT next_slot FROM pace WHERE account = ?", key);
      const next = Number(row?.next_slot ?? earliest);
      const isFromWrongClock = next > now + Math.max(LONGEST_QUEUE_MS, LONGEST_QUEUE_SLOTS * intervalMs);
      const slot = isFromWrongClock ? now : Math.max(next, earliest);
      await run(
        "INSERT INTO pace (account, next_slot) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next_slot = excluded.next_slot",
        key,
        slot + intervalMs,
      );
      return Math.max(0, slot - now);
    },
    isReservedBeyond: async (key, at) => (await get("SELECT 1 FROM pace WHERE account = ? AND next_slot > ?", key, at)) !== undefined,
    pause: async (key, until) => {
      await run(
        `INSERT INTO pace (account, next_slot) VALUES (?, ?)
         ON CONFLICT (account) DO UPDATE SET next_slot = excluded.next_slot WHERE pace.next_slot < excluded.next_slot`,
        key,
        until,
      );
    },
  };
}
