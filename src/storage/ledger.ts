/** The quota ledger's tables: what was spent of each account's days, and by which tenant. */

import type { LedgerEntry } from "../prefetch/model/quota.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Sql } from "./sql.ts";

export interface Ledger {
  of(account: string, day: string): LedgerEntry;
  /** Units that are reserved on any day for what is not sent yet. */
  waiting(account: string): number;
  /** Units of an account's day that a tenant has spent or reserved. */
  spentBy(tenant: string, account: string, day: string): number;
  /** Units of an account's day that the tenant of the batch's task has spent or reserved; `undefined` without a tenant. */
  spentByTask(batch: Pick<Batch, "taskId" | "account">, day: string): number | undefined;
  /** Adds units of a batch, or gives them back where they are negative. `exhausted` is never unsaid. */
  spend(batch: Pick<Batch, "taskId" | "account">, day: string, units: number, exhausted: boolean): void;
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
    spend: ({ taskId, account }, day, units, exhausted) => {
      if (units === 0 && !exhausted) return;
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
