/** The table `census`: the number of items in each state over all tasks. */

import { type Counts, noCounts } from "../prefetch/model/task.ts";
import { stateFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export interface ItemCounts {
  all(): Counts;
  ofTask(taskId: string): Counts;
  /** Runs `work`, which changes items of one batch or, without `batch`, of the whole task, and adds the difference. */
  track(taskId: string, batch: number | undefined, work: () => void): void;
}

export function createItemCounts({ all, run }: Sql): ItemCounts {
  const ofTask = (taskId: string): Counts => {
    const counts = noCounts();
    for (const row of all("SELECT state, count(*) AS n FROM items WHERE task_id = ? GROUP BY state", taskId)) {
      counts[stateFrom(row.state)] = Number(row.n);
    }
    return counts;
  };

  /** Keeps states that it does not know: a damaged item must not stop the change of another item. */
  const countStates = (taskId: string, batch: number | undefined): Map<string, number> => {
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

  const add = (state: string, difference: number): void => {
    if (difference === 0) return;
    run(
      "INSERT INTO census VALUES (?, max(0, ?)) ON CONFLICT (state) DO UPDATE SET items = max(0, items + ?)",
      state,
      difference,
      difference,
    );
  };

  return {
    all: () => {
      const counts = noCounts();
      for (const row of all("SELECT state, items FROM census")) counts[stateFrom(row.state)] = Number(row.items);
      return counts;
    },
    ofTask,
    track: (taskId, batch, work) => {
      const before = countStates(taskId, batch);
      work();
      const after = countStates(taskId, batch);
      for (const state of new Set([...before.keys(), ...after.keys()])) add(state, (after.get(state) ?? 0) - (before.get(state) ?? 0));
    },
  };
}
