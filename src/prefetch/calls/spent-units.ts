/** The units that a call has cost once the vendors have answered. */

import type { Admission } from "../admission/admit.ts";
import { isMetered } from "../model/provider.ts";
import type { NewTask } from "../model/storage.ts";
import { countItems } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import type { TaskView } from "./view.ts";

/** By provider id: the admission's costs without the units that refusals have given back. */
async function spentUnits(
  { storage, guards }: Pick<Deps, "storage" | "guards">,
  { task, items }: NewTask,
  { send, deferred, costs }: Admission,
  { counts }: Pick<TaskView, "counts">,
): Promise<ReadonlyMap<string, number>> {
  if (costs.size === 0 || counts.rejected <= countItems(items).rejected) return costs;
  const sent = [...send, ...deferred.map(({ candidate }) => candidate)].filter(({ provider }) => isMetered(provider));
  const candidates = new Map(sent.map((candidate) => [candidate.target, candidate]));
  const rejected = await storage.items(task.id, { states: ["rejected"], limit: guards.maxUrlsPerCall });
  const spent = new Map(costs);
  for (const { batch, target } of rejected) {
    const candidate = batch === undefined ? undefined : candidates.get(target);
    if (candidate) spent.set(candidate.provider.id, (spent.get(candidate.provider.id) ?? 0) - candidate.cost);
  }
  return spent;
}

/** The view with its cost, and in a task with several providers with the cost at each. */
export async function withCost(
  deps: Pick<Deps, "storage" | "guards">,
  { task, admission, view }: { readonly task: NewTask; readonly admission: Admission; readonly view: TaskView },
): Promise<TaskView> {
  const spent = await spentUnits(deps, task, admission, view);
  const cost = [...spent.values()].reduce((sum, units) => sum + units, 0);
  const byProvider = view.byProvider?.map((each) => ({ ...each, cost: spent.get(each.provider) ?? 0 }));
  const { refreshCost } = admission;
  return { ...view, cost, ...(refreshCost > 0 && { refreshCost }), ...(byProvider && { byProvider }) };
}
