/** The state of a vendor's own task: nothing is stored of it, so the answer is just what the vendor says. */

import { PrefetchError } from "../../base/errors.ts";
import { chooseProvider } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { StatusRow } from "../model/provider.ts";
import { countItems, settledOf, taskState, totalOf } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import { nextStep } from "./next-step.ts";
import { type ItemRow, PAGE_ROWS, rowsOf, type StatusRequest, SUMMARY_ROWS, type TaskView } from "./view.ts";

/** Between two questions of a call that waits; how often the vendor is asked is for the look-ups to decide. */
const TICK_MS = 500;

export async function vendorStatus(deps: Deps, request: StatusRequest, call: CallContext): Promise<TaskView> {
  const { directory, lookups, clock } = deps;
  if (request.provider === undefined) {
    throw new PrefetchError("invalid_argument", `task_id: "${request.taskId.slice(0, 60)}" is not an id of this server (pf_…)`, {
      hint: `If it is a vendor's own task id, pass provider too: ${directory.known.join(", ")}.`,
    });
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(request.taskId)) {
    throw new PrefetchError("invalid_argument", "task_id: not an id that a vendor gives", {
      hint: "Pass it as the vendor's answer spelt it.",
    });
  }
  // Vendors do not know our tenants, so their own ids are no proof of whose the task is.
  if (!call.caller.seesAll) {
    throw new PrefetchError("not_found", `task_id: "${request.taskId.slice(0, 60)}" is not one of your tasks (pf_…)`, {
      hint: "On this server only prefetch:admin may ask by a vendor's own task id. Pass the id that the prefetch tool returned.",
    });
  }
  const provider = await chooseProvider(directory, request.provider);
  const deadline = clock.now() + request.waitSeconds * 1_000;
  for (;;) {
    const rows = await lookups.status(provider, { vendorTaskIds: [request.taskId] }, call.signal);
    const counts = countItems(rows);
    const open = rows.length === 0 || counts.processing > 0;
    call.onProgress?.(settledOf(counts), totalOf(counts));
    const left = deadline - clock.now();
    if (open && left > 0 && !deps.draining.aborted) {
      await clock.sleep(Math.min(TICK_MS, left), call.signal);
      continue;
    }
    const state = rows.length === 0 ? "running" : taskState(counts);
    return {
      taskId: request.taskId,
      provider: provider.id,
      state,
      counts,
      batches: 1,
      duplicatesRemoved: 0,
      skippedRecent: 0,
      problems: rows
        .filter((row) => row.state === "failed")
        .slice(0, SUMMARY_ROWS)
        .map(vendorRow),
      ...(request.detail !== "summary" && {
        items: rows
          .filter((row) => request.detail === "all" || row.state === "failed")
          .slice(0, PAGE_ROWS)
          .map(vendorRow),
      }),
      quota: await deps.allowances.quota(provider, call),
      nextStep:
        rows.length === 0
          ? "The vendor lists nothing for this id (yet): ask again in a minute, and check the id if that does not change."
          : nextStep({
              taskId: request.taskId,
              state,
              counts,
              reach: [provider.reach],
              sending: 0,
              orphaned: [],
              rejections: new Map(),
              delay: undefined,
              later: undefined,
              now: 0,
              durable: true,
              resetsAt: undefined,
              stale: undefined,
            }),
    };
  }
}

function vendorRow(row: StatusRow): ItemRow {
  const item = { index: 0, batch: undefined, kind: "url", target: row.url, code: undefined, parts: undefined } as const;
  return rowsOf({ ...item, state: row.state, reason: row.reason })[0] ?? { state: row.state };
}
