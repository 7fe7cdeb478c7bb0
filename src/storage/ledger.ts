/** The quota ledger's table: what was spent of each account's days. */

import type { LedgerEntry } from "../prefetch/quota.ts";
import type { Sql } from "./sql.ts";

export interface Ledger {
  of(account: string, day: string): LedgerEntry;
  /** Units that are reserved on any day for what is not sent yet. */
  waiting(account: string): number;
  /** Adds units, or gives them back where they are negative. `exhausted` is never unsaid. */
  spend(account: string, day: string, units: number, exhausted: boolean): void;
}

export function createLedger({ get, run }: Sql): Ledger {
  return {
    of: (account, day) => {
      const row = get("SELECT used, exhausted FROM ledger WHERE account = ? AND day = ?", account, day);
      const reserved = get(
        "SELECT sum(cost) AS units FROM batches WHERE account = ? AND day = ? AND state IN ('queued', 'claimed', 'sending')",
        account,
        day,
      );
      return { used: Number(row?.used ?? 0), pending: Number(reserved?.units ?? 0), exhausted: row?.exhausted === 1 };
    },
    waiting: (account) => {
      const row = get("SELECT sum(cost) AS units FROM batches WHERE account = ? AND state IN ('queued', 'claimed', 'sending')", account);
      return Number(row?.units ?? 0);
    },
    spend: (account, day, units, exhausted) => {
      if (units === 0 && !exhausted) return;
      run(
        `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, max(0, ?), ?)
         ON CONFLICT (account, day) DO UPDATE SET
           used = max(0, used + ?), exhausted = max(exhausted, excluded.exhausted)`,
        account,
        day,
        units,
        exhausted ? 1 : 0,
        units,
      );
    },
  };
}
