/** The status of a vendor's own task id. Nothing is stored about it, so the answer holds what the vendor says. */

import { PrefetchError } from "../../base/errors.ts";
import { chooseProvider } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import { isMetered, type Provider, type StatusRow } from "../model/provider.ts";
import { countItems, settledOf, taskState, totalOf } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import { nextStep } from "./next-step.ts";
import { type ItemRow, PAGE_ROWS, rowsOf, type StatusRequest, SUMMARY_ROWS, type TaskView } from "./view.ts";

/** Pause between two looks of a waiting call. The look-ups decide how often the vendor is asked. */
const TICK_MS = 500;

type VendorStatusDeps = Pick<Deps, "directory" | "lookups" | "clock" | "allowances" | "draining">;

/** Throws `invalid_argument` for an id without its provider, and `not_found` for a caller that sees only its own tasks. */
export async function vendorStatus(deps: VendorStatusDeps, request: StatusRequest, call: CallContext): Promise<TaskView> {
  const { directory, allowances } = deps;
  refuseForeignId(request, call, directory.known);
  const provider = await chooseProvider(directory, request.provider);
  const rows = await rowsAtEnd(deps, provider, request, call);
  const counts = countItems(rows);
  const state = rows.length === 0 ? "running" : taskState(counts);
  const failed = rows.filter((row) => row.state === "failed");
  return {
    taskId: request.taskId,
    providers: [provider.id],
    state,
    counts,
    batches: 1,
    duplicatesRemoved: 0,
    skippedRecent: 0,
    problems: failed.slice(0, SUMMARY_ROWS).map(itemRowOf),
    ...(request.detail !== "summary" && { items: (request.detail === "all" ? rows : failed).slice(0, PAGE_ROWS).map(itemRowOf) }),
    // A vendor's own id does not tell whose zone pays.
    quota: provider.zone ? undefined : await allowances.quota(provider, call),
    nextStep:
      rows.length === 0
        ? "The vendor lists nothing for this id (yet): ask again in a minute, and check the id if that does not change."
        : nextStep({
            ...nothingStored,
            taskId: request.taskId,
            state,
            counts,
            reach: [provider.reach],
            failedAtCost: isMetered(provider) ? counts.failed : 0,
          }),
  };
}

function refuseForeignId({ taskId, provider }: StatusRequest, { caller }: CallContext, known: readonly string[]): void {
  const shown = taskId.slice(0, 60);
  if (provider === undefined) {
    throw new PrefetchError("invalid_argument", `task_id: "${shown}" is not an id of this server (pf_…)`, {
      hint: `If it is a vendor's own task id, pass provider too: ${known.join(", ")}.`,
    });
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(taskId)) {
    throw new PrefetchError("invalid_argument", "task_id: not an id that a vendor gives", {
      hint: "Pass it as the vendor's answer spelt it.",
    });
  }
  // Vendors do not know our tenants, so a vendor's id does not prove whose task it is.
  if (!caller.seesAll) {
    throw new PrefetchError("not_found", `task_id: "${shown}" is not one of your tasks (pf_…)`, {
      hint: "On this server only prefetch:admin may ask by a vendor's own task id. Pass the id that the prefetch tool returned.",
    });
  }
}

/** The vendor's rows once none is processing, or when the call's time is up. */
async function rowsAtEnd(
  { lookups, clock, draining }: VendorStatusDeps,
  provider: Provider,
  { taskId, waitSeconds }: StatusRequest,
  call: CallContext,
): Promise<readonly StatusRow[]> {
  const deadline = clock.monotonic() + waitSeconds * 1_000;
  for (;;) {
    const rows = await lookups.status(provider, { vendorTaskIds: [taskId] }, call.signal);
    const counts = countItems(rows);
    call.onProgress?.(settledOf(counts), totalOf(counts));
    const isOpen = rows.length === 0 || counts.processing > 0;
    const leftMs = deadline - clock.monotonic();
    if (!isOpen || leftMs <= 0 || draining.aborted) return rows;
    await clock.sleep(Math.min(TICK_MS, leftMs), call.signal);
  }
}

const nothingStored = {
  holding: { sending: 0, lost: undefined, silent: undefined },
  orphaned: [],
  rejections: new Map<string, number>(),
  delay: undefined,
  deferred: undefined,
  failedAgain: 0,
  now: 0,
  durable: true,
  resetsAt: undefined,
  stale: undefined,
};

function itemRowOf(row: StatusRow): ItemRow {
  const item = { index: 0, batch: undefined, kind: "url", target: row.url, given: undefined, code: undefined, parts: undefined } as const;
  return rowsOf({ ...item, state: row.state, reason: row.reason })[0] ?? { state: row.state };
}
