/** Status: refreshes a task, waits for it where asked to, and shows it within bounds. */

import { PrefetchError } from "../../base/errors.ts";
import type { CallContext } from "../model/caller.ts";
import type { ItemQuery, Storage } from "../model/storage.ts";
import { problemStates } from "../model/task.ts";
import type { CallParts } from "./call-parts.ts";
import { readWholeItemCursor, writeItemCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";
import { vendorStatus } from "./vendor-status.ts";
import { type ItemRow, PAGE_ROWS, problemRowsOf, rowsOf, type StatusRequest, type TaskView } from "./view.ts";

/** Characters of one page of rows. Hosts cut or refuse larger tool results. */
const PAGE_CHARACTERS = 30_000;

/** Throws `not_found`, and `invalid_argument` for a cursor that does not fit. */
export async function taskStatus(
  deps: Deps,
  { refresh, awaitTask, views }: CallParts,
  request: StatusRequest,
  call: CallContext,
): Promise<TaskView> {
  const taskId = request.taskId.trim();
  if (!taskId.startsWith("pf_")) return vendorStatus(deps, { ...request, taskId }, call);
  if (readWholeItemCursor(request.cursor) >= 0 && request.detail === "summary") {
    throw new PrefetchError("invalid_argument", "cursor: a summary has no pages", { hint: 'Pass detail "problems" or "all" with it.' });
  }
  const update = async (): Promise<PrefetchError | undefined> => {
    if (request.waitSeconds > 0) return awaitTask.ended(taskId, request.waitSeconds * 1_000, call);
    return request.unhurried ? refresh.unhurriedly(taskId, call) : refresh.briefly(taskId, call);
  };
  const summary = await views.of(taskId, await update(), call);
  if (request.detail === "summary") return summary;
  const pages = { storage: deps.storage, namesProvider: summary.byProvider !== undefined };
  return { ...summary, ...(await page(pages, taskId, request)) };
}

/** At most `PAGE_ROWS` items and about `PAGE_CHARACTERS`, but always at least one item. */
async function page(
  { storage, namesProvider }: { readonly storage: Pick<Storage, "items">; readonly namesProvider: boolean },
  taskId: string,
  request: StatusRequest,
): Promise<Pick<TaskView, "items" | "nextCursor">> {
  const onlyProblems = request.detail === "problems";
  const query: ItemQuery = {
    after: readWholeItemCursor(request.cursor),
    limit: PAGE_ROWS + 1,
    ...(onlyProblems && { states: problemStates }),
  };
  const found = await storage.items(taskId, query);
  const rows: ItemRow[] = [];
  let characters = 0;
  for (const [position, item] of found.entries()) {
    const own = (onlyProblems ? problemRowsOf : rowsOf)(item, namesProvider);
    characters += JSON.stringify(own).length;
    if (position > 0 && (position === PAGE_ROWS || characters > PAGE_CHARACTERS)) {
      return { items: rows, nextCursor: writeItemCursor({ index: found[position - 1]?.index ?? 0 }) };
    }
    rows.push(...own);
  }
  return { items: rows };
}
