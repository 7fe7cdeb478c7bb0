/** The items of each task by state, which triggers count, and the table `census`: the items of all tasks by state. */

import { type Counts, noCounts } from "../prefetch/model/task.ts";
import type { Row } from "./columns.ts";
import { stateFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export interface ItemCounts {
  all(): Counts;
  ofTask(taskId: string): Counts;
  /** Runs `work`, which adds, changes or deletes items of the task, and adds the difference to the census. */
  track<Result>(taskId: string, work: () => Result): Result;
}

export function createItemCounts({ all, run }: Sql): ItemCounts {
  const rowsOf = (taskId: string): Row[] => all("SELECT state, items FROM task_counts WHERE task_id = ?", taskId);

  /** Keeps states that it does not know: a damaged item must not stop the change of another item. */
  const countStates = (taskId: string): Map<string, number> => new Map(rowsOf(taskId).map((row) => [String(row.state), Number(row.items)]));

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
    all: () => countsFrom(all("SELECT state, items FROM census")),
    ofTask: (taskId) => countsFrom(rowsOf(taskId)),
    track: (taskId, work) => {
      const before = countStates(taskId);
      const result = work();
      const after = countStates(taskId);
      for (const state of new Set([...before.keys(), ...after.keys()])) add(state, (after.get(state) ?? 0) - (before.get(state) ?? 0));
      return result;
    },
  };
}

function countsFrom(rows: readonly Row[]): Counts {
  const counts = noCounts();
  for (const row of rows) counts[stateFrom(row.state)] = Number(row.items);
  return counts;
}
