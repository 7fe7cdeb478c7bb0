/** Warms batches of URLs by fetching each URL through every route. All batches share the hosts and the limits. */

import QuickLRU from "quick-lru";
import { explain } from "../../../base/errors.ts";
import { forEachConcurrently } from "../../../base/for-each-concurrently.ts";
import { withPermit } from "../../../base/semaphore.ts";
import type { Progress } from "../../../prefetch/model/provider.ts";
import type { FetchContext, FetchRoute } from "./fetch-context.ts";
import { createFetcher, type FetcherOptions } from "./fetcher.ts";
import { createHosts } from "./hosts.ts";
import { type RouteOutcome, settleUrl } from "./settle.ts";
import { createTaskBudget, type TaskBudget } from "./task-budget.ts";

interface WarmerOptions extends FetcherOptions {
  readonly routes: readonly FetchRoute[];
}

interface Warmer {
  /**
   * Reports the outcome of each URL to `progress.settled` as soon as it is known. Rejects with the signal's reason only;
   * a URL that was not reported by then is not done.
   */
  warm(urls: readonly string[], progress: Progress, signal: AbortSignal): Promise<void>;
}

/** More budgets cost memory for finished tasks; with fewer, a task loses its budget between two of its batches. */
const TASKS_KEPT = 1_000;

export function createWarmer(options: WarmerOptions): Warmer {
  const { routes, clock, limits } = options;
  const fetchUrl = createFetcher(options);
  const withHost = createHosts(limits, clock);
  const budgets = new QuickLRU<string, TaskBudget>({ maxSize: TASKS_KEPT });

  const budgetOf = ({ taskId, taskBytes }: Progress): TaskBudget => {
    const budget = budgets.get(taskId) ?? createTaskBudget(limits, clock);
    budgets.set(taskId, budget);
    budget.raiseBytesTo(taskBytes);
    return budget;
  };

  const tryRoute = async (url: string, hostName: string, route: FetchRoute, context: FetchContext): Promise<RouteOutcome> => {
    const routeName = route.name;
    const endpoint = routeName === "" ? hostName : `${hostName} (${routeName})`;
    const stop = context.budget.stopReason(endpoint);
    if (stop)
      return { routeName, attempted: false, outcome: { state: "failed", code: stop.code, reason: `Not fetched. ${explain(stop)}` } };
    const outcome = await fetchUrl(url, route, context);
    context.budget.record(endpoint, outcome);
    return { routeName, attempted: true, outcome };
  };

  /** Tries every route, even after a failure: one broken PoP must not leave the other PoPs cold. */
  const warmUrl = async (url: string, hostName: string, context: FetchContext): Promise<void> => {
    const outcomes: RouteOutcome[] = [];
    for (const route of routes) outcomes.push(await tryRoute(url, hostName, route, context));
    context.progress.settled(settleUrl(url, outcomes));
  };

  return {
    warm: async (urls, progress, signal) => {
      const budget = budgetOf(progress);
      const byHost = Map.groupBy(urls, (url) => new URL(url).host);
      await forEachConcurrently(byHost, { concurrency: byHost.size }, ([hostName, hostUrls]) =>
        withHost(hostName, async (host) => {
          const context = { host, budget, progress, signal };
          // A bug that one URL meets fails the run only after the other URLs have had their turn.
          const bugs: unknown[] = [];
          await forEachConcurrently(hostUrls, { concurrency: limits.requestsPerHost }, (url) =>
            withPermit(host.semaphore, signal, () => warmUrl(url, hostName, context)).catch((error: unknown) => {
              signal.throwIfAborted();
              bugs.push(error);
            }),
          );
          if (bugs.length > 0) throw bugs[0];
        }),
      );
    },
  };
}
