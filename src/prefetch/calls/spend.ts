/** Spends quota: plans, stores the task, starts the worker, and waits for the vendors' first answers. */

import type { PrefetchError } from "../../base/errors.ts";
import type { Admission } from "../admission/admit.ts";
import type { ParsedUrls } from "../admission/parse-urls.ts";
import { createPlanner, type Planner, type PlanOptions } from "../admission/plan.ts";
import type { CallContext } from "../model/caller.ts";
import { isMetered } from "../model/provider.ts";
import type { CallParts } from "./call-parts.ts";
import { answerFor, type ConfirmOptions, reasonToAsk } from "./confirm.ts";
import type { Deps } from "./deps.ts";
import { dryRunView } from "./dry-run.ts";
import { knownQueries, withKnown } from "./known-urls.ts";
import { withCost } from "./spent-units.ts";
import { allRefused, knownListView, withDuplicate, withSkipped } from "./submit-answer.ts";
import type { TaskView } from "./view.ts";

/** A call without `wait_seconds` still waits this long, so that immediate rejections appear in its answer. */
const FIRST_ANSWERS_MS = 3_000;

/** Older tasks whose state a repeated call asks the vendors about. More questions make the call slow; the remaining tasks show their stored state. */
const REFRESHED_TASKS = 4;

export interface SpendOptions extends PlanOptions, ConfirmOptions {
  /** The provider that the call names. */
  readonly provider?: string | undefined;
  readonly dryRun: boolean;
  readonly waitSeconds: number;
}

export type Spend = (parsed: ParsedUrls, options: SpendOptions, call: CallContext) => Promise<TaskView>;

export function createSpend(deps: Deps, { refresh, awaitTask, views }: CallParts): Spend {
  const { storage, worker, breathe } = deps;

  const answers = async (taskId: string, waitSeconds: number, call: CallContext): Promise<PrefetchError | undefined> => {
    if (waitSeconds > 0) return awaitTask.ended(taskId, waitSeconds * 1_000, call);
    await awaitTask.answered(taskId, FIRST_ANSWERS_MS, call);
    return undefined;
  };

  /** Every URL is in flight, or was sent a moment ago: the answer is about the list, and names the tasks that hold it. */
  const earlierTasks = async ({ skipped }: Admission, parsed: ParsedUrls, { waitSeconds }: SpendOptions, call: CallContext) => {
    const queries = knownQueries(skipped);
    const [newest = "", ...older] = queries.map(({ taskId }) => taskId);
    const problem = waitSeconds > 0 ? await awaitTask.ended(newest, waitSeconds * 1_000, call) : await refresh.briefly(newest, call);
    await Promise.all(older.slice(0, REFRESHED_TASKS).map((taskId) => refresh.briefly(taskId, call)));
    await breathe();
    const known = await storage.known(queries);
    return knownListView(await views.of(newest, problem, call), {
      known,
      targets: skipped,
      rejected: parsed.rejected,
      problem,
      metered: parsed.candidates.some(({ provider }) => isMetered(provider)),
    });
  };

  const planOnly = async ({ spenders, queries, plan }: Planner, parsed: ParsedUrls, options: SpendOptions, call: CallContext) => {
    const facts = await storage.facts(queries);
    await breathe();
    const planning = plan(facts);
    const { admission, buildTask } = planning;
    await breathe();
    const known = await storage.known(knownQueries(admission.skipped));
    const planned = {
      admission,
      policy: options.onQuotaExceeded,
      quotas: await views.quotas(spenders, call),
      durable: deps.durable,
      reasonToAsk: reasonToAsk(planning, deps.guards, options, call),
      asksUser: call.asksUser ?? false,
    };
    return withDuplicate(withKnown(dryRunView(buildTask(), planned), known), parsed);
  };

  return async (parsed, options, call) => {
    const planner = await createPlanner(deps, parsed, options, call);
    await breathe();
    if (options.dryRun) return planOnly(planner, parsed, options, call);
    const { providers, queries, plan } = planner;
    call.signal.throwIfAborted();
    const { task, admission } = await storage.admit(queries, async (facts) => {
      const planning = plan(facts);
      const answer = await answerFor(deps, planning, options, call);
      const { admission, sends, buildTask } = planning;
      await breathe();
      return { admission, task: sends ? buildTask(answer) : undefined };
    });
    if (!task) return withDuplicate(await earlierTasks(admission, parsed, options, call), parsed);
    for (const provider of providers) worker.kick(provider);
    const { id } = task.task;
    const problem = await answers(id, options.waitSeconds, call);
    // The earlier task holds a part of the list, so the answer reports that part instead of a refusal of the whole list.
    const refusal = admission.skipped.length === 0 ? await allRefused(deps, id, options.provider) : undefined;
    if (refusal) throw refusal;
    const known = await storage.known(knownQueries(admission.skipped));
    const own = await withCost(deps, { task, admission, view: await views.of(id, problem, call) });
    return withDuplicate(withSkipped(own, known), parsed);
  };
}
