/** The table of how many items there are in each state, kept up to date by those who change items. */

import { type Counts, noCounts } from "../prefetch/model/task.ts";
import { stateFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export interface Census {
  all(): Counts;
  /** Does `work`, which changes items of one batch, or of a whole task, and counts them before and after. */
  across(taskId: string, batch: number | undefined, work: () => void): void;
}

export function createCensus({ all, run }: Sql): Census {
  const countsOf = (taskId: string, batch: number | undefined): Map<string, number> => {
    const rows =
      batch === undefined
        ? all("SELECT state, count(*) AS n FROM items WHERE task_id = ? GROUP BY state", taskId)
        : all(
            "SELECT state, count(*) AS n FROM items INDEXED BY items_by_batch WHERE task_id = ? AND batch = ? GROUP BY state",
            taskId,
            batch,
          );
    return new Map(rows.map((row) => [String(row.state), Number(row.n)]));
  };

  return {
    all: () => {
      const counts = noCounts();
      for (const row of all("SELECT state, items FROM census")) counts[stateFrom(row.state)] = Number(row.items);
      return counts;
    },
    across: (taskId, batch, work) => {
      const before = countsOf(taskId, batch);
      work();
      const after = countsOf(taskId, batch);
      for (const state of new Set([...before.keys(), ...after.keys()])) {
        const more = (after.get(state) ?? 0) - (before.get(state) ?? 0);
        if (more === 0) continue;
        run("INSERT INTO census VALUES (?, max(0, ?)) ON CONFLICT (state) DO UPDATE SET items = max(0, items + ?)", state, more, more);
      }
    },
  };
}
