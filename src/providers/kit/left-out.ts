/**
 * Which URLs a vendor left out of a task, where its answer only counts those that it took: Volcengine's `CommitNum`, JD Cloud's
 * `errorCount`.
 */

import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Refusal } from "../../prefetch/model/provider.ts";
import type { TaskRows } from "./task-rows.ts";
import type { Vendor } from "./vendor-failure.ts";

export interface CountedAcceptance {
  readonly vendor: Pick<Vendor, "name">;
  readonly urls: readonly string[];
  /** How many of them the vendor took. `undefined` where it does not tell. */
  readonly taken: number | undefined;
  /** Why the vendor leaves URLs out, as a sentence, where it documents that. */
  readonly why?: string;
  /** The rows of the new task. It takes no turn: the submit has had its own, and a second turn would say that it was refused. */
  readonly list: () => Promise<TaskRows>;
}

/**
 * The URLs without a row, if the task has exactly as many rows as the vendor took URLs. Empty in any other case, in which the
 * status shows later what became of them.
 */
export async function leftOutOf({ vendor, urls, taken, why = "It gives no reason.", list }: CountedAcceptance): Promise<Refusal[]> {
  if (taken === undefined || taken >= urls.length) return [];
  // The vendor has accepted the task, so a look-up that fails, or is stopped, must not fail the submit.
  const listed = await list().catch(() => undefined);
  if (!listed?.complete || listed.rows.length !== taken) return [];
  const rows = Map.groupBy(listed.rows, ({ url }) => echoKey(url));
  const missing = urls.filter((url) => !rows.has(echoKey(url)));
  // Fewer or more: the vendor spells URLs in a way that cannot be matched.
  if (missing.length !== urls.length - taken) return [];
  const reason = `${vendor.name} took ${taken} of the ${urls.length} URLs in this request and lists no task for this one. ${why}`;
  return missing.map((url) => ({ url, code: "invalid_argument", reason }));
}
