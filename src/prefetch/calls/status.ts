/** Reading: how a task is doing, asked of the vendor as often as it allows and told within bounds. */

import { type ErrorCode, errorCodes, explain, PrefetchError } from "../../base/errors.ts";
import type { CallContext, Caller } from "../model/caller.ts";
import { passingCodes } from "../model/passing-codes.ts";
import type { Provider } from "../model/provider.ts";
import type { Quota } from "../model/quota.ts";
import type { ItemQuery, TaskSnapshot } from "../model/storage.ts";
import { type Item, isEnded, taskState, totalOf } from "../model/task.ts";
import { createVigils, TROUBLE_REST_MS } from "../tracking/wait.ts";
import { readCursor, writeCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";
import { nextStep } from "./next-step.ts";
import { vendorStatus } from "./vendor-status.ts";
import { type ItemRow, PAGE_ROWS, problemRowsOf, problemStates, rowsOf, type StatusRequest, SUMMARY_ROWS, type TaskView } from "./view.ts";

/** Characters of one page of rows, well below what hosts accept of a tool result. */
const PAGE_CHARACTERS = 30_000;
/** How long a call that does not wait may spend asking the vendor. */
const REFRESH_MS = 2_000;
/** Tasks whose vendors' troubles are remembered. */
const MOST_TROUBLES = 1_000;

export interface Status {
  status(request: StatusRequest, call: CallContext): Promise<TaskView>;
  /** The stored task as callers see it. `problem` is what kept it from being up to date. */
  view(taskId: string, problem: PrefetchError | undefined, call: CallContext): Promise<TaskView>;
  /** Of several providers, the quota of which least is left. */
  quota(providers: readonly Provider[], call: CallContext): Promise<Quota | undefined>;
  /** Asks the vendor about open batches, as far as its limits allow that in a moment. */
  refresh(taskId: string, call: CallContext): Promise<PrefetchError | undefined>;
  /** Waits until the vendor has taken or refused every batch, or the time is up. */
  untilAnswered(taskId: string, ms: number, call: CallContext): Promise<void>;
  /** Waits until no item can change any more, or the time is up. */
  untilEnded(taskId: string, ms: number, call: CallContext): Promise<PrefetchError | undefined>;
  /** Cancels what was not sent yet. */
  cancel(taskId: string, call: CallContext): Promise<TaskView>;
  /** The error that an item's refusal was. */
  refusalOf(item: Item, provider: string | undefined, note: string): PrefetchError;
}

export function createStatus(deps: Deps): Status {
  const { storage, clock, worker, follow, directory, allowances, report } = deps;

  const snapshotOf = (taskId: string, caller: Caller): Promise<TaskSnapshot> => findTask(storage, taskId, caller);

  const update = async (taskId: string, signal: AbortSignal): Promise<PrefetchError | undefined> => {
    const snapshot = await storage.task(taskId);
    if (!snapshot || snapshot.openBatches === 0) return undefined;
    const sending = new Set<string>();
    for (const provider of await configuredOf(snapshot.task.providers)) {
      // Another process may have died in the middle of this task.
      await worker.recover(provider);
      worker.kick(provider);
      const due = await storage.nextDue(provider.account, clock.now());
      if (due !== undefined && due <= clock.now()) sending.add(provider.account);
    }
    const problem = await follow(taskId, (id) => directory.get(id), signal, sending);
    if (problem) report(problem, `asking about ${taskId}`);
    return problem;
  };

  const refreshBriefly = async (taskId: string, { caller, signal }: CallContext): Promise<PrefetchError | undefined> => {
    await snapshotOf(taskId, caller);
    return update(taskId, AbortSignal.any([signal, AbortSignal.timeout(REFRESH_MS)]));
  };

  const troubles = new Map<string, { readonly until: number; readonly problem: PrefetchError }>();
  /** For those who ask again and again: a vendor that could not answer is left alone for a while. */
  const refreshUnhurriedly = async (taskId: string, call: CallContext): Promise<PrefetchError | undefined> => {
    const known = troubles.get(taskId);
    if (known && clock.now() < known.until) return known.problem;
    troubles.delete(taskId);
    const problem = await refreshBriefly(taskId, call);
    if (troubles.size >= MOST_TROUBLES) troubles.clear();
    if (problem) troubles.set(taskId, { until: clock.now() + TROUBLE_REST_MS, problem });
    return problem;
  };

  const vigils = createVigils({ clock, draining: deps.draining, read: snapshotOf, update });

  const configuredOf = (ids: readonly string[]): Promise<Provider[]> =>
    Promise.all(ids.filter((id) => directory.configured.includes(id)).map((id) => directory.get(id)));

  const quota: Status["quota"] = async (providers, call) => {
    const quotas = await Promise.all(providers.map((provider) => allowances.quota(provider, call)));
    const left = ({ remaining = Number.POSITIVE_INFINITY }: Quota) => remaining;
    return quotas.sort((a, b) => left(a) - left(b))[0];
  };

  const view: Status["view"] = async (taskId, problem, call) => {
    const { task, counts, batches, bytes, sending, waitingAccounts, rejections, later, delay } = await snapshotOf(taskId, call.caller);
    const providers = await configuredOf(task.providers);
    const tightest = await quota(providers, call);
    const problems = await storage.items(taskId, { states: problemStates, limit: SUMMARY_ROWS });
    const state = taskState(counts);
    return {
      taskId,
      provider: task.providers.join(", "),
      state,
      counts,
      batches,
      duplicatesRemoved: task.duplicatesRemoved,
      skippedRecent: task.skippedRecent,
      ...(bytes > 0 && { bytes }),
      problems: problems.flatMap(problemRowsOf).slice(0, SUMMARY_ROWS),
      quota: tightest,
      nextStep: nextStep({
        taskId,
        state,
        counts,
        reach: providers.map((provider) => provider.reach),
        sending,
        orphaned: waitingAccounts.filter((account) => !providers.some((provider) => provider.account === account)),
        rejections,
        delay,
        later,
        now: clock.now(),
        durable: deps.durable,
        resetsAt: tightest?.resetsAt,
        stale: problem && explain(problem),
      }),
    };
  };

  const page = async (taskId: string, request: StatusRequest): Promise<Pick<TaskView, "items" | "nextCursor">> => {
    const onlyProblems = request.detail === "problems";
    const query: ItemQuery = { after: readCursor(request.cursor), limit: PAGE_ROWS + 1, ...(onlyProblems && { states: problemStates }) };
    const found = await storage.items(taskId, query);
    const rows: ItemRow[] = [];
    let characters = 0;
    for (const [position, item] of found.entries()) {
      const own = onlyProblems ? problemRowsOf(item) : rowsOf(item);
      characters += JSON.stringify(own).length;
      if (position > 0 && (position === PAGE_ROWS || characters > PAGE_CHARACTERS)) {
        return { items: rows, nextCursor: writeCursor(found[position - 1]?.index ?? 0) };
      }
      rows.push(...own);
    }
    return { items: rows };
  };

  const untilEnded: Status["untilEnded"] = async (taskId, ms, call) => {
    const deadline = clock.now() + ms;
    return vigils.keep(taskId, deadline, call, {
      asking: true,
      done: ({ task, counts, later }, problem) => {
        // Another vendor of the task may still be asked.
        const hopeless = problem?.retryable === false && problem.code !== "not_found" && task.providers.length === 1;
        const waits = later !== undefined && later.items === counts.queued && counts.processing === 0 && later.from > deadline;
        return isEnded(taskState(counts)) || hopeless || waits;
      },
    });
  };

  return {
    view,
    quota,
    refresh: refreshBriefly,
    untilEnded,
    untilAnswered: async (taskId, ms, call) => {
      const done = ({ counts, later }: TaskSnapshot) => counts.queued === (later?.items ?? 0);
      await vigils.keep(taskId, clock.now() + ms, call, { asking: false, done });
    },

    status: async (request, call) => {
      const taskId = request.taskId.trim();
      if (!taskId.startsWith("pf_")) return vendorStatus(deps, { ...request, taskId }, call);
      if (readCursor(request.cursor) >= 0 && request.detail === "summary") {
        throw new PrefetchError("invalid_argument", "cursor: a summary has no pages", { hint: 'Pass detail "problems" or "all" with it.' });
      }
      const refresh = request.unhurried ? refreshUnhurriedly : refreshBriefly;
      const problem = request.waitSeconds > 0 ? await untilEnded(taskId, request.waitSeconds * 1_000, call) : await refresh(taskId, call);
      const summary = await view(taskId, problem, call);
      return request.detail === "summary" ? summary : { ...summary, ...(await page(taskId, request)) };
    },

    cancel: async (taskId, call) => {
      const id = taskId.trim();
      const before = (await snapshotOf(id, call.caller)).counts.cancelled;
      await storage.cancel(id);
      const after = await view(id, undefined, call);
      const cancelled = after.counts.cancelled - before;
      const { queued: sending } = after.counts;
      const sent = totalOf(after.counts) - after.counts.cancelled - after.counts.rejected - sending;
      const said = cancelled > 0 ? `${cancelled} cancelled, their quota is free again.` : "Nothing was waiting for its turn.";
      const rest = sent > 0 ? ` ${sent} had been sent before, which no vendor takes back.` : "";
      const under = sending > 0 ? ` ${sending} are under way at this moment: what can still be stopped of them is, within seconds.` : "";
      return { ...after, nextStep: `${said}${rest}${under} ${after.nextStep}` };
    },

    refusalOf: (item, provider, note) => {
      const code = errorCodes.find((known): known is ErrorCode => known === item.code) ?? "internal";
      return new PrefetchError(code, item.reason ?? "The vendor refused it", {
        ...(provider !== undefined && { provider }),
        delivery: "refused",
        retryable: passingCodes.includes(code),
        hint: note,
      });
    },
  };
}
