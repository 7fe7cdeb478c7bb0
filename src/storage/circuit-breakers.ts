/** The circuits' table; an account that is not in it has a closed one. */

import {
  afterSignal,
  type BreakerSignal,
  type CircuitBreaker,
  closedBreaker,
  letThrough,
  reopensAt,
} from "../prefetch/model/circuit-breaker.ts";
import type { Sql } from "./sql.ts";

export interface CircuitBreakers {
  /** Whether a batch may pass; if so, it has. */
  pass(account: string, now: number): boolean;
  note(account: string, reach: BreakerSignal, now: number): CircuitBreaker;
  /** When the next batch may pass. */
  reopensAt(account: string, now: number): number;
}

export function createCircuitBreakers({ get, run }: Sql): CircuitBreakers {
  const of = (account: string): CircuitBreaker => {
    const row = get("SELECT failures, open_until, probing FROM circuits WHERE account = ?", account);
    if (!row) return closedBreaker;
    return { failures: Number(row.failures), openUntil: Number(row.open_until), probing: row.probing === 1 };
  };
  const write = (account: string, { failures, openUntil, probing }: CircuitBreaker): void => {
    run(
      "INSERT OR REPLACE INTO circuits (account, failures, open_until, probing) VALUES (?, ?, ?, ?)",
      account,
      failures,
      openUntil,
      probing ? 1 : 0,
    );
  };

  return {
    pass: (account, now) => {
      const known = of(account);
      const passed = letThrough(known, now);
      if (passed && passed !== known) write(account, passed);
      return passed !== undefined;
    },
    note: (account, reach, now) => {
      const known = of(account);
      const next = afterSignal(known, reach, now);
      if (next !== known) write(account, next);
      return known;
    },
    reopensAt: (account, now) => reopensAt(of(account), now),
  };
}
