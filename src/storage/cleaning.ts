/**
 * Deletes old tasks in small steps, and the days and rate slots that nothing needs any more.
 *
 * | step | in one transaction                                                              | a crash afterwards leaves               |
 * | ---- | ------------------------------------------------------------------------------- | --------------------------------------- |
 * | hide | gives back the quota, ends the batches, moves the task's id to `deleted_tasks`  | rows that no call shows and no process sends |
 * | part | deletes some of the hidden task's items, then of its batches                    | the rest of them, for the next step     |
 * | end  | deletes the id, once no item and no batch is left                               | nothing                                 |
 */

import type { CleanResult, Storage } from "../prefetch/model/storage.ts";
import type { Cancelling } from "./cancelling.ts";
import { REFRESHING, UNSPENT_COST } from "./conditions.ts";
import type { Items } from "./items.ts";
import { accountLocks, type Ledger } from "./ledger.ts";
import type { Owners } from "./owners.ts";
import type { Sql } from "./sql.ts";

interface Parts {
  readonly items: Items;
  readonly owners: Owners;
  readonly ledger: Ledger;
  readonly cancelling: Pick<Cancelling, "accountsOfTask">;
}

export function createCleaning(
  { run, get, all, hold, tryHold }: Sql,
  { items, owners, ledger, cancelling }: Parts,
): Pick<Storage, "clean"> {
  /** Only the first task of a transaction may wait: a later one would wait while the transaction holds other accounts. */
  const holdAccounts = async (taskId: string, mayWait: boolean): Promise<boolean> => {
    const names = accountLocks(await cancelling.accountsOfTask(taskId));
    if (!mayWait) return tryHold(...names);
    await hold(...names);
    return true;
  };

  const hide = async (taskId: string): Promise<void> => {
    const unsent = `FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed')`;
    const reserved = await all(
      `SELECT account, day, sum(${UNSPENT_COST}) AS cost ${unsent} AND NOT ${REFRESHING} GROUP BY account, day
        UNION ALL SELECT next_account, day, sum(${UNSPENT_COST}) ${unsent} AND next_account IS NOT NULL GROUP BY next_account, day`,
      taskId,
      taskId,
    );
    for (const row of reserved) await ledger.release({ taskId, account: String(row.account) }, String(row.day), Number(row.cost));
    await run("INSERT INTO deleted_tasks VALUES (?)", taskId);
    await run("UPDATE batches SET state = 'ended', owner = NULL, lease_until = NULL WHERE task_id = ? AND state <> 'ended'", taskId);
    await run("DELETE FROM tasks WHERE id = ?", taskId);
  };

  /** Deletes at most `most` rows of a hidden task. Returns their number, which is smaller once nothing is left. */
  const deletePart = async (taskId: string, most: number): Promise<number> => {
    const deleted = await items.delete(taskId, most);
    if (deleted === most) return deleted;
    const batches = await run(
      "DELETE FROM batches WHERE task_id = ? AND number IN (SELECT number FROM batches WHERE task_id = ? ORDER BY number LIMIT ?)",
      taskId,
      taskId,
      most - deleted,
    );
    return deleted + batches;
  };

  const deletePast = async (before: number, most: number): Promise<void> => {
    // Days such as 2026-11-21 sort by time.
    const day = new Date(before).toISOString().slice(0, 10);
    await run("DELETE FROM ledger WHERE day < ?", day);
    await run(
      `DELETE FROM tenant_ledger WHERE (tenant, account, day) IN
         (SELECT tenant, account, day FROM tenant_ledger WHERE day < ? ORDER BY day LIMIT ?)`,
      day,
      most,
    );
    await run("DELETE FROM pace WHERE next_slot < ?", before);
    await owners.clean();
  };

  /** Hides the oldest task, unless another transaction holds its accounts and this one may not wait. */
  const hideNext = async (before: number, mayWait: boolean): Promise<"hidden" | "held elsewhere" | "none"> => {
    const next = await get("SELECT id FROM tasks WHERE created_at < ? ORDER BY created_at LIMIT 1", before);
    if (!next) return "none";
    if (!(await holdAccounts(String(next.id), mayWait))) return "held elsewhere";
    await hide(String(next.id));
    return "hidden";
  };

  /** Deletes at most `most` rows of a task that was hidden. Returns how many it counts for; `undefined` without such a task. */
  const deleteHidden = async (most: number): Promise<number | undefined> => {
    const hidden = await get("SELECT id FROM deleted_tasks LIMIT 1");
    if (!hidden) return undefined;
    const taskId = String(hidden.id);
    const deleted = await deletePart(taskId, most);
    if (deleted < most) await run("DELETE FROM deleted_tasks WHERE id = ?", taskId);
    // The task itself counts as a row, so that tasks without items use up the room as well.
    return deleted + 1;
  };

  const clean = async (before: number, most: number): Promise<CleanResult> => {
    // Two processes would hide the same task.
    await hold("cleaning");
    let room = most;
    let tasks = 0;
    while (room > 0) {
      const deleted = await deleteHidden(room);
      room -= deleted ?? 0;
      if (deleted !== undefined) continue;
      const next = await hideNext(before, tasks === 0);
      if (next === "none") await deletePast(before, room);
      if (next !== "hidden") return { tasks, isDone: next === "none" };
      tasks += 1;
    }
    return { tasks, isDone: false };
  };

  return { clean };
}
