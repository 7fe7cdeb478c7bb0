/** Deletes old tasks and the days and rate slots that nothing needs any more. */

import type { Storage } from "../prefetch/model/storage.ts";
import type { Cancelling } from "./cancelling.ts";
import type { Items } from "./items.ts";
import type { Owners } from "./owners.ts";
import type { Sql } from "./sql.ts";

interface Parts {
  readonly items: Items;
  readonly owners: Owners;
  readonly cancelling: Cancelling;
}

export function createCleaning({ run, all, atomically }: Sql, { items, owners, cancelling }: Parts): Pick<Storage, "clean"> {
  const deleteTask = (taskId: string): void => {
    // Cancelling first gives back the quota that the task still reserves.
    cancelling.cancelUnsent(taskId);
    items.delete(taskId);
    run("DELETE FROM batches WHERE task_id = ?", taskId);
    run("DELETE FROM tasks WHERE id = ?", taskId);
  };

  return {
    clean: (before, most) =>
      atomically(() => {
        const old = all("SELECT id FROM tasks WHERE created_at < ? ORDER BY created_at LIMIT ?", before, most);
        for (const row of old) deleteTask(String(row.id));
        // Days such as 2026-11-21 sort by time.
        const day = new Date(before).toISOString().slice(0, 10);
        run("DELETE FROM ledger WHERE day < ?", day);
        run("DELETE FROM tenant_ledger WHERE day < ?", day);
        run("DELETE FROM pace WHERE next_slot < ?", before);
        owners.clean();
        return old.length;
      }),
  };
}
