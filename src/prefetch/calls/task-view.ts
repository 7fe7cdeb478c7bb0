/** Builds the stored task as callers see it: counts, problems, the tightest quota, and the next step. */

import { explain, type PrefetchError } from "../../base/errors.ts";
import { configuredAmong } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import { isMetered, type Provider, payingFrom, paysFrom } from "../model/provider.ts";
import type { Quota } from "../model/quota.ts";
import { noCounts, problemStates, shownState } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";
import { holdingOf } from "./holding.ts";
import { nextStep } from "./next-step.ts";
import { PAGE_ROWS, problemRowsOf, summaryOf, type TaskView } from "./view.ts";

export interface TaskViews {
  /** `problem`: the problem that kept the stored state from being up to date. Throws `not_found`. */
  of(taskId: string, problem: PrefetchError | undefined, call: CallContext): Promise<TaskView>;
  /** The quotas of several providers, the one with least left first. */
  quotas(providers: readonly Provider[], call: CallContext): Promise<readonly Quota[]>;
}

type TaskViewDeps = Pick<Deps, "storage" | "clock" | "directory" | "allowances" | "presence" | "durable">;

export function createTaskViews({ storage, clock, directory, allowances, presence, durable }: TaskViewDeps): TaskViews {
  const quotas: TaskViews["quotas"] = async (providers, call) => {
    const all = await Promise.all(providers.map((provider) => allowances.quota(provider, call)));
    const left = ({ remaining = Number.POSITIVE_INFINITY }: Quota) => remaining;
    return all.sort((a, b) => left(a) - left(b));
  };

  return {
    quotas,
    of: async (taskId, problem, call) => {
      const { task, counts, batches, bytes, accounts, waitingAccounts, ...rest } = await findTask(storage, taskId, call.caller);
      const providers = await configuredAmong(directory, task.providers);
      const spenders = providers.flatMap((provider) => (provider.zone ? zonesAmong(provider, accounts) : [provider]));
      const all = await quotas(spenders, call);
      const [tightest] = all;
      const isShared = task.providers.length > 1;
      const ofProvider = (id: string) =>
        (isShared ? rest.byProvider.find(({ provider }) => provider === id)?.counts : counts) ?? noCounts();
      const problems = await storage.items(taskId, { states: problemStates, limit: PAGE_ROWS });
      const state = shownState(counts, rest.deferred);
      return {
        taskId,
        createdAt: task.createdAt,
        providers: task.providers,
        state,
        counts,
        deferred: rest.deferred,
        batches,
        duplicatesRemoved: task.duplicatesRemoved,
        skippedRecent: task.skippedRecent,
        ...(bytes > 0 && { bytes }),
        problems: summaryOf(problems.flatMap((item) => problemRowsOf(item, isShared))),
        ...(isShared && {
          byProvider: rest.byProvider.map((each) => ({ ...each, quota: all.find(({ provider }) => provider === each.provider) })),
        }),
        quota: tightest,
        nextStep: nextStep({
          taskId,
          state,
          counts,
          reach: providers.filter(({ id }) => ofProvider(id).succeeded > 0).map((provider) => provider.reach),
          holding: holdingOf(rest.held, presence.takesUpAt),
          orphaned: waitingAccounts.filter((account) => !providers.some((provider) => paysFrom(provider, account))),
          rejections: rest.rejections,
          delay: rest.delay,
          deferred: rest.deferred,
          failedAgain: rest.failedAgain,
          failedAtCost: providers.filter(isMetered).reduce((sum, { id }) => sum + ofProvider(id).failed, 0),
          now: clock.now(),
          durable,
          resetsAt: tightest?.resetsAt,
          stale: problem && explain(problem),
        }),
      };
    },
  };
}

/** The zones of the provider that pay for a task. */
function zonesAmong(provider: Provider, accounts: readonly string[]): Provider[] {
  return accounts.flatMap((account) => payingFrom(provider, account) ?? []);
}
