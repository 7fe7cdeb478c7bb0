/** The items of each task by state, which triggers count, and the table `census`: the items of all tasks by state. */

import { type Counts, noCounts } from "../prefetch/model/task.ts";
import type { Row } from "./columns.ts";
import { stateFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export interface ItemCounts {
  all(): Promise<Counts>;
  ofTask(taskId: string): Promise<Counts>;
  /** Runs `work`, which adds, changes or deletes items of the task, and adds the difference to the census. */
  track<Result>(taskId: string, work: () => Promise<Result>): Promise<Result>;
}

export function createItemCounts({ all, run, keepsCensus }: Sql): ItemCounts {
  const rowsOf = (taskId: string): Promise<Row[]> => all("SELECT state, items FROM task_counts WHERE task_id = ?", taskId);

  /** Keeps states that it does not know: a damaged item must not stop the change of another item. */
  const countStates = async (taskId: string): Promise<Map<string, number>> =>
    new Map((await rowsOf(taskId)).map((row) => [String(row.state), Number(row.items)]));

  const add = async (state: string, difference: number): Promise<void> => {
    if (difference === 0) return;
    await run(
      "INSERT INTO census VALUES (?, max(0, ?)) ON CONFLICT (state) DO UPDATE SET items = max(0, items + ?)",
      state,
      difference,
      difference,
    );
  };

  return {
    all: async () => countsFrom(await all("SELECT state, items FROM census")),
    ofTask: async (taskId) => countsFrom(await rowsOf(taskId)),
    track: async (taskId, work) => {
      if (!keepsCensus) return work();
      const before = await countStates(taskId);
      const result = await work();
      const after = await countStates(taskId);
      for (const state of new Set([...before.keys(), ...after.keys()]))
        await add(state, (after.get(state) ?? 0) - (before.get(state) ?? 0));
      return result;
    },
  };
}

function countsFrom(rows: readonly Row[]): Counts {
  const counts = noCounts();
  for (const row of rows) counts[stateFrom(row.state)] = Number(row.items);
  return counts;
}
