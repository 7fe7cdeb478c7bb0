/** The slots of each pace, shared by every process on the store. */

import type { Sql } from "./sql.ts";

const LONGEST_BACKLOG_MS = 600_000;
const LONGEST_BACKLOG_SLOTS = 100;

export interface RateSlots {
  reserve(pace: string, intervalMs: number, burst: number, now: number): number;
  hold(pace: string, until: number): void;
}

export function createRateSlots({ get, run }: Sql): RateSlots {
  return {
    reserve: (pace, intervalMs, burst, now) => {
      // Unused slots pile up to `burst`; the floor in the past is what lets that many go at once.
      const floor = now - (burst - 1) * intervalMs;
      const row = get("SELECT next_slot FROM pace WHERE account = ?", pace);
      const next = Number(row?.next_slot ?? floor);
      // Slots further ahead than that were written by a clock that was wrong; they are not waited for.
      const jumped = next > now + Math.max(LONGEST_BACKLOG_MS, LONGEST_BACKLOG_SLOTS * intervalMs);
      const slot = jumped ? now : Math.max(next, floor);
      run(
        "INSERT INTO pace (account, next_slot) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next_slot = excluded.next_slot",
        pace,
        slot + intervalMs,
      );
      return Math.max(0, slot - now);
    },
    hold: (pace, until) => {
      run(
        "INSERT INTO pace (account, next_slot) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next_slot = max(next_slot, excluded.next_slot)",
        pace,
        until,
      );
    },
  };
}
