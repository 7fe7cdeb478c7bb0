/** The quota ledger: the units that each account, and each tenant of it, has spent or reserved on each vendor day. */

import type { LedgerEntry } from "../prefetch/model/quota.ts";
import type { Batch } from "../prefetch/model/task.ts";
import { UNANSWERED } from "./conditions.ts";
import type { Sql } from "./sql.ts";

type Spender = Pick<Batch, "taskId" | "account">;

export interface Ledger {
  of(account: string, day: string): LedgerEntry;
  /** Units that unanswered batches reserve, on all days together. */
  waiting(account: string): number;
  /** Units of an account's day that a tenant has spent or reserved. */
  spentBy(tenant: string, account: string, day: string): number;
  /** The same for the tenant of a batch's task; `undefined` for a task without a tenant. */
  spentByTask(batch: Spender, day: string): number | undefined;
  reserve(batch: Spender, day: string, units: number): void;
  /** Gives units back. The day's `used` never falls below 0. */
  release(batch: Spender, day: string, units: number): void;
  /** Notes that the vendor calls the day's quota used up. Nothing takes the note back. */
  markExhausted(account: string, day: string): void;
}

export function createLedger({ get, run }: Sql): Ledger {
  const add = ({ taskId, account }: Spender, day: string, units: number): void => {
    if (units === 0) return;
    run(
      `INSERT INTO tenant_ledger (tenant, account, day, used) SELECT tenant, ?, ?, max(0, ?) FROM tasks WHERE id = ? AND tenant <> ''
       ON CONFLICT (tenant, account, day) DO UPDATE SET used = max(0, used + ?)`,
      account,
      day,
      units,
      taskId,
      units,
    );
    run(
      `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, max(0, ?), 0)
       ON CONFLICT (account, day) DO UPDATE SET used = max(0, used + ?)`,
      account,
      day,
      units,
      units,
    );
  };

  return {
    of: (account, day) => {
      const row = get("SELECT used, exhausted FROM ledger WHERE account = ? AND day = ?", account, day);
      const reserved = get(`SELECT sum(cost) AS units FROM batches WHERE account = ? AND day = ? AND ${UNANSWERED}`, account, day);
      return { used: Number(row?.used ?? 0), pending: Number(reserved?.units ?? 0), exhausted: row?.exhausted === 1 };
    },
    waiting: (account) => {
      const row = get(`SELECT sum(cost) AS units FROM batches WHERE account = ? AND ${UNANSWERED}`, account);
      return Number(row?.units ?? 0);
    },
    spentBy: (tenant, account, day) => {
      const row = get("SELECT used FROM tenant_ledger WHERE tenant = ? AND account = ? AND day = ?", tenant, account, day);
      return Number(row?.used ?? 0);
    },
    spentByTask: ({ taskId, account }, day) => {
      const row = get(
        `SELECT (SELECT used FROM tenant_ledger AS own WHERE own.tenant = tasks.tenant AND account = ? AND day = ?) AS used
           FROM tasks WHERE id = ? AND tenant <> ''`,
        account,
        day,
        taskId,
      );
      return row && Number(row.used ?? 0);
    },
    reserve: add,
    release: (batch, day, units) => add(batch, day, -units),
    markExhausted: (account, day) =>
      run(
        `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, 0, 1)
         ON CONFLICT (account, day) DO UPDATE SET exhausted = 1`,
        account,
        day,
      ),
  };
}
