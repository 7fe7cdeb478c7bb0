/** The table `circuits`: the circuit breaker of each account. An account without a row has a closed breaker. */

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
  /** Lets a batch through unless the breaker is open. A half-open breaker lets one batch through. */
  tryPass(account: string, now: number): Promise<boolean>;
  /** Returns true when the signal ends a series of failures. */
  record(account: string, signal: BreakerSignal, now: number): Promise<boolean>;
  /** The time at which the next batch may pass: `now` or later. */
  reopensAt(account: string, now: number): Promise<number>;
}

export function createCircuitBreakers({ get, run, hold }: Sql): CircuitBreakers {
  const of = async (account: string): Promise<CircuitBreaker> => {
    const row = await get("SELECT failures, open_until, probing FROM circuits WHERE account = ?", account);
    if (!row) return closedBreaker;
    return { failures: Number(row.failures), openUntil: Number(row.open_until), probing: row.probing === 1 };
  };
  const write = async (account: string, { failures, openUntil, probing }: CircuitBreaker): Promise<void> => {
    await run(
      `INSERT INTO circuits (account, failures, open_until, probing) VALUES (?, ?, ?, ?)
       ON CONFLICT (account) DO UPDATE SET failures = excluded.failures, open_until = excluded.open_until, probing = excluded.probing`,
      account,
      failures,
      openUntil,
      probing ? 1 : 0,
    );
  };

  return {
    tryPass: async (account, now) => {
      if ((await of(account)) === closedBreaker) return true;
      await hold(`circuit ${account}`);
      const before = await of(account);
      const after = letThrough(before, now);
      if (after && after !== before) await write(account, after);
      return after !== undefined;
    },
    record: async (account, signal, now) => {
      await hold(`circuit ${account}`);
      const before = await of(account);
      const after = afterSignal(before, signal, now);
      if (after !== before) await write(account, after);
      return signal === "answered" && before.failures > 0;
    },
    reopensAt: async (account, now) => reopensAt(await of(account), now),
  };
}
