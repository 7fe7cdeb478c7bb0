/** The quota ledger: the units that each account, and each tenant of it, has spent or reserved on each vendor day. */

import type { LedgerEntry } from "../prefetch/model/quota.ts";
import type { Batch } from "../prefetch/model/task.ts";
import { REFRESHING, UNANSWERED } from "./conditions.ts";
import type { Sql } from "./sql.ts";

export type Spender = Pick<Batch, "taskId" | "account">;

/** The names to hold while the batches of these accounts, or their ledgers, are changed by what they hold. */
export function accountLocks(accounts: Iterable<string>): string[] {
  return [...accounts].map((account) => `account ${account}`);
}

/** The accounts in which a batch reserves units. */
export function accountsOf({ account, nextAccount }: Batch): string[] {
  return nextAccount === undefined ? [account] : [account, nextAccount];
}

/** The account that prefetches the batch after its refresh, which has the batch's units reserved, too. */
export function nextSpender({ taskId, nextAccount }: Batch): Spender | undefined {
  return nextAccount === undefined ? undefined : { taskId, account: nextAccount };
}

export interface Ledger {
  of(account: string, day: string): Promise<LedgerEntry>;
  /** Units that unanswered batches reserve, on all days together. */
  waiting(account: string): Promise<number>;
  /** Units of an account's day that a tenant has spent or reserved. */
  spentBy(tenant: string, account: string, day: string): Promise<number>;
  /** The same for the tenant of a batch's task; `undefined` for a task without a tenant. */
  spentByTask(batch: Spender, day: string): Promise<number | undefined>;
  reserve(batch: Spender, day: string, units: number): Promise<void>;
  /** Gives units back. The day's `used` never falls below 0. */
  release(batch: Spender, day: string, units: number): Promise<void>;
  /** Notes that the vendor calls the day's quota used up. Nothing takes the note back. */
  markExhausted(account: string, day: string): Promise<void>;
}

export function createLedger({ get, run }: Sql): Ledger {
  /** Units that unanswered batches reserve in an account, as its own or for the prefetch after a refresh. `more`: SQL. */
  const reserved = async (account: string, more = "", ...values: string[]): Promise<number> => {
    const row = await get(
      `SELECT coalesce((SELECT sum(cost) FROM batches WHERE account = ? AND ${UNANSWERED} AND NOT ${REFRESHING} ${more}), 0)
            + coalesce((SELECT sum(cost) FROM batches WHERE next_account = ? AND ${UNANSWERED} ${more}), 0) AS units`,
      account,
      ...values,
      account,
      ...values,
    );
    return Number(row?.units);
  };

  const add = async ({ taskId, account }: Spender, day: string, units: number): Promise<void> => {
    if (units === 0) return;
    await run(
      `INSERT INTO tenant_ledger (tenant, account, day, used) SELECT tenant, ?, ?, max(0, ?) FROM tasks WHERE id = ? AND tenant <> ''
       ON CONFLICT (tenant, account, day) DO UPDATE SET used = max(0, tenant_ledger.used + ?)`,
      account,
      day,
      units,
      taskId,
      units,
    );
    await run(
      `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, max(0, ?), 0)
       ON CONFLICT (account, day) DO UPDATE SET used = max(0, ledger.used + ?)`,
      account,
      day,
      units,
      units,
    );
  };

  return {
    of: async (account, day) => {
      const row = await get("SELECT used, exhausted FROM ledger WHERE account = ? AND day = ?", account, day);
      return { used: Number(row?.used ?? 0), pending: await reserved(account, "AND day = ?", day), exhausted: row?.exhausted === 1 };
    },
    waiting: (account) => reserved(account),
    spentBy: async (tenant, account, day) => {
      const row = await get("SELECT used FROM tenant_ledger WHERE tenant = ? AND account = ? AND day = ?", tenant, account, day);
      return Number(row?.used ?? 0);
    },
    spentByTask: async ({ taskId, account }, day) => {
      const row = await get(
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
    markExhausted: async (account, day) => {
      await run(
        `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, 0, 1)
         ON CONFLICT (account, day) DO UPDATE SET exhausted = 1`,
        account,
        day,
      );
    },
  };
}
