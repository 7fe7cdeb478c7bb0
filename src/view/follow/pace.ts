/** How long the view waits until it asks about the task again. */

import type { TaskState } from "../answers/task.ts";

/** Shorter loads hosts and vendors; longer makes the progress jump. */
const SHORTEST_MS = 2_000;
/** The wait while nothing changes. Longer, and the view shows the end of a task late. */
const LONGEST_MS = 10_000;
/** The wait while only deferred URLs are left, or while calls fail. */
const PATIENT_MS = 60_000;

export interface Pace {
  readonly state: TaskState;
  /** Answers in a row that brought no news. */
  readonly unchanged: number;
  /** Calls in a row that failed. */
  readonly failures: number;
}

export function delayOf({ state, unchanged, failures }: Pace): number {
  if (failures > 0) return Math.min(PATIENT_MS, SHORTEST_MS * 2 ** failures);
  if (state === "scheduled") return PATIENT_MS;
  return Math.min(LONGEST_MS, SHORTEST_MS * 1.5 ** unchanged);
}
