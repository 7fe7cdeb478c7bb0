/** What the calls of a product have in common that takes lists of URLs and lists its tasks by id. */

import { PrefetchError } from "../../base/errors.ts";
import type { BatchContent, Call, Provider, StatusRow } from "../../prefetch/model/provider.ts";

/** A product in error messages. */
export interface ProductName {
  /** Provider id. */
  readonly id: string;
  readonly name: string;
}

/** The URLs of a batch. Throws `unsupported` for an asset, which the server never sends to a product without assets. */
export function urlsIn(batch: BatchContent, { id, name }: ProductName): readonly string[] {
  if (batch.kind === "urls") return batch.urls;
  throw new PrefetchError("unsupported", `${name} takes URLs only`, { provider: id });
}

/** The `status` of a provider from a list of one task's rows. `list` checks the form of the id, because callers may pass any text. */
export function statusByTask(list: (taskId: string, call: Call) => Promise<readonly StatusRow[]>): NonNullable<Provider["status"]> {
  return async ({ vendorTaskIds }, call) => {
    const rows: StatusRow[] = [];
    for (const taskId of new Set(vendorTaskIds)) rows.push(...(await list(taskId, call)));
    return rows;
  };
}
