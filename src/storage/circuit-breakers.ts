/** The circuits' table; an account that is not in it has a closed one. */

import { afterReach, type Circuit, closedCircuit, letThrough, type Reach, reopensAt } from "../prefetch/model/circuit-breaker.ts";
import type { Sql } from "./sql.ts";

export interface Circuits {
  /** Whether a batch may pass; if so, it has. */
  pass(account: string, now: number): boolean;
  note(account: string, reach: Reach, now: number): Circuit;
  /** When the next batch may pass. */
  reopensAt(account: string, now: number): number;
}

export function createCircuits({ get, run }: Sql): Circuits {
  const of = (account: string): Circuit => {
    const row = get("SELECT failures, open_until, probing FROM circuits WHERE account = ?", account);
    if (!row) return closedCircuit;
    return { failures: Number(row.failures), openUntil: Number(row.open_until), probing: row.probing === 1 };
  };
  const write = (account: string, { failures, openUntil, probing }: Circuit): void => {
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
      const next = afterReach(known, reach, now);
      if (next !== known) write(account, next);
      return known;
    },
    reopensAt: (account, now) => reopensAt(of(account), now),
  };
}
