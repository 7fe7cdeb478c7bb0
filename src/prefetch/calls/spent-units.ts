/** The units that a call has cost once the vendors have answered. */

import type { Admission } from "../admission/admit.ts";
import { isMetered } from "../model/provider.ts";
import type { NewTask } from "../model/storage.ts";
import { countItems } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import type { TaskView } from "./view.ts";

/** The admission's cost without the units that refusals have given back. */
export async function spentUnits(
  { storage, guards }: Pick<Deps, "storage" | "guards">,
  { task, items }: NewTask,
  { send, deferred, cost }: Admission,
  { counts }: Pick<TaskView, "counts">,
): Promise<number> {
  if (cost === 0 || counts.rejected <= countItems(items).rejected) return cost;
  const sent = [...send, ...deferred.map(({ candidate }) => candidate)].filter(({ provider }) => isMetered(provider));
  const costs = new Map(sent.map((candidate) => [candidate.target, candidate.cost]));
  const rejected = await storage.items(task.id, { states: ["rejected"], limit: guards.maxUrlsPerCall });
  const refused = rejected.filter(({ batch }) => batch !== undefined);
  return cost - refused.reduce((sum, { target }) => sum + (costs.get(target) ?? 0), 0);
}
