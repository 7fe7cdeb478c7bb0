/** Waits for a task's milestones. */

import type { PrefetchError } from "../../base/errors.ts";
import type { CallContext } from "../model/caller.ts";
import type { TaskSnapshot } from "../model/storage.ts";
import { isEnded, taskState } from "../model/task.ts";
import { createTaskWaiter } from "../tracking/wait.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";
import type { Refresh } from "./refresh.ts";

export interface AwaitTask {
  /** Waits until every vendor has accepted or refused every batch that is due, at most `ms`. */
  answered(taskId: string, ms: number, call: CallContext): Promise<void>;
  /** Waits until no item can change before the deadline, at most `ms`; resolves with the problem in asking vendors. */
  ended(taskId: string, ms: number, call: CallContext): Promise<PrefetchError | undefined>;
}

export function createAwaitTask(
  { storage, clock, draining, notices }: Pick<Deps, "storage" | "clock" | "draining" | "notices">,
  refresh: Refresh,
): AwaitTask {
  const wait = createTaskWaiter({
    clock,
    draining,
    notices,
    read: (taskId, caller) => findTask(storage, taskId, caller),
    refresh: refresh.task,
  });
  return {
    answered: async (taskId, ms, call) => {
      const done = ({ counts, later }: TaskSnapshot) => counts.queued === (later?.items ?? 0);
      await wait(taskId, clock.monotonic() + ms, call, { refreshing: false, done });
    },
    ended: async (taskId, ms, call) => {
      const deadline = clock.monotonic() + ms;
      const done = (snapshot: TaskSnapshot, problem: PrefetchError | undefined) =>
        isEnded(taskState(snapshot.counts)) ||
        isHopeless(snapshot, problem) ||
        onlyWaits(snapshot, clock.now() + deadline - clock.monotonic());
      return wait(taskId, deadline, call, { refreshing: true, done });
    },
  };
}

/** The only vendor of the task cannot be asked, and asking again will not help. */
function isHopeless({ task }: TaskSnapshot, problem: PrefetchError | undefined): boolean {
  return problem?.retryable === false && problem.code !== "not_found" && task.providers.length === 1;
}

/** Every open item waits beyond the deadline. */
function onlyWaits({ counts, later }: TaskSnapshot, deadline: number): boolean {
  return later !== undefined && later.items === counts.queued && counts.processing === 0 && later.from > deadline;
}
