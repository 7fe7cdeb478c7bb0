/** Refreshes a task: asks its vendors about open batches, as far as their limits allow. Sending is the worker's business. */

import type { PrefetchError } from "../../base/errors.ts";
import type { CallContext } from "../model/caller.ts";
import { TROUBLE_REST_MS } from "../tracking/wait.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";

/** How long a call that does not wait may spend asking vendors. Longer makes every status call slow. */
const BRIEF_MS = 2_000;
/** Tasks whose vendors' troubles are remembered. More only costs memory. */
const MOST_TROUBLES = 1_000;

export interface Refresh {
  /** Asks until every batch is done, an error stops it, or the signal aborts; resolves with the problem that stopped it. */
  task(taskId: string, signal: AbortSignal): Promise<PrefetchError | undefined>;
  /** The same within `BRIEF_MS`. Throws `not_found` for a task that the caller may not see. */
  briefly(taskId: string, call: CallContext): Promise<PrefetchError | undefined>;
  /** The same for background looks: a vendor that could not answer is not asked again for 5 s. */
  unhurriedly(taskId: string, call: CallContext): Promise<PrefetchError | undefined>;
}

type RefreshDeps = Pick<Deps, "storage" | "clock" | "directory" | "follow" | "report">;

export function createRefresh({ storage, clock, directory, follow, report }: RefreshDeps): Refresh {
  const troubles = new Map<string, { readonly until: number; readonly problem: PrefetchError }>();

  const task: Refresh["task"] = async (taskId, signal) => {
    const snapshot = await storage.task(taskId);
    if (!snapshot || snapshot.openBatches === 0) return undefined;
    const sending = new Set((await storage.dueAccounts(clock.now())).map(({ account }) => account));
    const problem = await follow(taskId, (id) => directory.get(id), signal, sending);
    if (problem) report(problem, `asking about ${taskId}`);
    return problem;
  };

  const briefly: Refresh["briefly"] = async (taskId, { caller, signal }) => {
    await findTask(storage, taskId, caller);
    return task(taskId, AbortSignal.any([signal, AbortSignal.timeout(BRIEF_MS)]));
  };

  return {
    task,
    briefly,
    unhurriedly: async (taskId, call) => {
      const known = troubles.get(taskId);
      if (known && clock.monotonic() < known.until) return known.problem;
      troubles.delete(taskId);
      const problem = await briefly(taskId, call);
      if (troubles.size >= MOST_TROUBLES) troubles.clear();
      if (problem) troubles.set(taskId, { until: clock.monotonic() + TROUBLE_REST_MS, problem });
      return problem;
    },
  };
}
