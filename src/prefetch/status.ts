/** Reading: how a task is doing, asked of the vendor as often as it allows and told within bounds. */

import { type ErrorCode, errorCodes, explain, PrefetchError } from "../errors.ts";
import type { CallContext, Caller, Deps } from "./deps.ts";
import type { Provider } from "./provider.ts";
import type { Quota } from "./quota.ts";
import type { ItemQuery, TaskSnapshot } from "./storage.ts";
import { type Item, isEnded, settledOf, taskState, totalOf } from "./task.ts";
import { vendorStatus } from "./vendor-status.ts";
import {
  type ItemRow,
  nextStep,
  PAGE_ROWS,
  passingCodes,
  problemRowsOf,
  problemStates,
  rowsOf,
  type StatusRequest,
  SUMMARY_ROWS,
  type TaskView,
} from "./view.ts";

/** Characters of one page of rows, well below what hosts accept of a tool result. */
const PAGE_CHARACTERS = 30_000;
/** How long a call that does not wait may spend asking the vendor. */
const REFRESH_MS = 2_000;
const FIRST_TICK_MS = 25;
const LONGEST_TICK_MS = 500;
/** After each look at the whole task, so many times as long as it took is rested, but not longer than this. */
const RESTS = 4;
const LONGEST_REST_MS = 2_000;
/** A vendor that could not answer just now is left alone for so long. */
const TROUBLE_REST_MS = 5_000;

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

  /** A task of somebody else's is answered as if there were none. */
  const snapshotOf = async (taskId: string, { tenant, seesAll }: Caller): Promise<TaskSnapshot> => {
    const snapshot = await storage.task(taskId);
    if (snapshot && (seesAll || snapshot.task.tenant === tenant)) return snapshot;
    throw new PrefetchError("not_found", `task_id: there is no task ${taskId.slice(0, 60)}`, {
      hint: "Tasks are known to the servers that share one PREFETCH_STORE. Check the id, or call prefetch_urls again: what was sent in the last 10 minutes is found, not sent twice.",
    });
  };

  const refresh = async (taskId: string, { signal, caller }: CallContext): Promise<PrefetchError | undefined> => {
    const { task, openBatches } = await snapshotOf(taskId, caller);
    if (openBatches === 0) return undefined;
    const sending = new Set<string>();
    for (const provider of await configuredOf(task.providers)) {
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

  const refreshBriefly = (taskId: string, call: CallContext) =>
    refresh(taskId, { ...call, signal: AbortSignal.any([call.signal, AbortSignal.timeout(REFRESH_MS)]) });

  /** A server that is stopping wakes its callers so that they answer. */
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(ms, signal);
    } catch (error) {
      if (!deps.draining.aborted) throw error;
    }
  };

  /**
   * Looks at the stored task again and again until `done` or the time is up, while `step` is repeated beside it, so
   * that progress shows while a long step is still going on.
   */
  const watch = async (
    taskId: string,
    ms: number,
    call: CallContext,
    /** Returns the milliseconds for which it is better not repeated. */
    step: (signal: AbortSignal) => Promise<number>,
    done: (snapshot: TaskSnapshot) => boolean,
  ): Promise<void> => {
    const deadline = clock.now() + ms;
    const over = new AbortController();
    const signal = AbortSignal.any([call.signal, over.signal, deps.draining]);
    let stepping: Promise<void> | undefined;
    let failure: { readonly error: unknown } | undefined;
    let told = -1;
    let restUntil = 0;
    const stepOnce = async (): Promise<void> => {
      const begun = clock.now();
      const pause = await step(signal);
      // Looking a large task over takes work; resting longer than that leaves the processor to others.
      const took = clock.now() - begun;
      // There has to be room for a last look before the time is up.
      const spare = Math.max(0, deadline - clock.now() - took);
      restUntil = clock.now() + Math.min(Math.max(pause, Math.min(LONGEST_REST_MS, RESTS * took)), spare);
    };
    try {
      for (let tick = FIRST_TICK_MS; ; tick = Math.min(tick * 2, LONGEST_TICK_MS)) {
        if (!stepping && clock.now() >= restUntil) {
          stepping = stepOnce()
            .catch((error: unknown) => {
              failure = { error };
            })
            .finally(() => {
              stepping = undefined;
            });
        }
        const left = deadline - clock.now();
        await Promise.race([stepping, pause(Math.min(tick, Math.max(left, 1)), signal)]);
        call.signal.throwIfAborted();
        if (failure && !deps.draining.aborted) throw failure.error;
        const snapshot = await snapshotOf(taskId, call.caller);
        const settled = settledOf(snapshot.counts);
        if (settled > told) call.onProgress?.(settled, totalOf(snapshot.counts));
        told = Math.max(told, settled);
        if (done(snapshot) || clock.now() >= deadline || deps.draining.aborted) return;
        if (!stepping) await pause(Math.min(tick, Math.max(deadline - clock.now(), 1)), signal);
      }
    } finally {
      over.abort();
    }
  };

  const configuredOf = (ids: readonly string[]): Promise<Provider[]> =>
    Promise.all(ids.filter((id) => directory.configured.includes(id)).map((id) => directory.get(id)));

  const quota: Status["quota"] = async (providers, call) => {
    const quotas = await Promise.all(providers.map((provider) => allowances.quota(provider, call)));
    const left = ({ remaining = Number.POSITIVE_INFINITY }: Quota) => remaining;
    return quotas.sort((a, b) => left(a) - left(b))[0];
  };

  const view: Status["view"] = async (taskId, problem, call) => {
    const { task, counts, batches, sending, waitingAccounts, rejections, later, delay } = await snapshotOf(taskId, call.caller);
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
    let problem: PrefetchError | undefined;
    const deadline = clock.now() + ms;
    await watch(
      taskId,
      ms,
      call,
      async (signal) => {
        problem = await refresh(taskId, { ...call, signal });
        return problem ? TROUBLE_REST_MS : 0;
      },
      ({ task, counts, later }) => {
        // Another vendor of the task may still be asked.
        const hopeless = problem?.retryable === false && problem.code !== "not_found" && task.providers.length === 1;
        const waits = later !== undefined && later.items === counts.queued && counts.processing === 0 && later.from > deadline;
        return isEnded(taskState(counts)) || hopeless || waits;
      },
    );
    return problem;
  };

  return {
    view,
    quota,
    refresh: refreshBriefly,
    untilEnded,
    untilAnswered: (taskId, ms, call) =>
      watch(
        taskId,
        ms,
        call,
        async () => 0,
        ({ counts, later }) => counts.queued === (later?.items ?? 0),
      ),

    status: async (request, call) => {
      const taskId = request.taskId.trim();
      if (!taskId.startsWith("pf_")) return vendorStatus(deps, { ...request, taskId }, call);
      if (readCursor(request.cursor) >= 0 && request.detail === "summary") {
        throw new PrefetchError("invalid_argument", "cursor: a summary has no pages", { hint: 'Pass detail "problems" or "all" with it.' });
      }
      const problem =
        request.waitSeconds > 0 ? await untilEnded(taskId, request.waitSeconds * 1_000, call) : await refreshBriefly(taskId, call);
      const summary = await view(taskId, problem, call);
      return request.detail === "summary" ? summary : { ...summary, ...(await page(taskId, request)) };
    },

    cancel: async (taskId, call) => {
      const id = taskId.trim();
      const before = (await snapshotOf(id, call.caller)).counts.cancelled;
      await storage.cancel(id);
      const after = await view(id, undefined, call);
      const cancelled = after.counts.cancelled - before;
      const sent = totalOf(after.counts) - after.counts.cancelled - after.counts.rejected;
      const said = cancelled > 0 ? `${cancelled} cancelled, their quota is free again.` : "Nothing was waiting to be sent.";
      const rest = sent > 0 ? ` ${sent} had been sent before, which no vendor takes back.` : "";
      return { ...after, nextStep: `${said}${rest} ${after.nextStep}` };
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

function writeCursor(index: number): string {
  return Buffer.from(`after ${index}`).toString("base64url");
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined || cursor === "") return -1;
  const index = /^after (\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  if (index === undefined) {
    throw new PrefetchError("invalid_argument", "cursor: not a cursor of this tool", {
      hint: "Pass next_cursor of the previous answer, or leave it out to begin at the first row.",
    });
  }
  return Number(index);
}
