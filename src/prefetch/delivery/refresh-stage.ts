/**
 * The stage before a prefetch with `refresh_first`: the vendor drops the old copies, and the worker asks until they are gone. The
 * items stay `queued` meanwhile. A URL whose old copy may still be there is not prefetched, which would keep that copy.
 */

import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, explain, PrefetchError } from "../../base/errors.ts";
import type { AcceptChange, BatchChange, ItemChange } from "../model/batch-change.ts";
import { breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Provider, StatusRow } from "../model/provider.ts";
import { statusChanges } from "../model/status-changes.ts";
import type { Claim, WorkItem } from "../model/storage.ts";
import { type Batch, contentOf, type Item } from "../model/task.ts";
import type { Verdict } from "./interpret.ts";
import type { Pause, RateLimiter } from "./rate-limit.ts";
import { createSentTimes } from "./sent-times.ts";

/** Shorter: the vendor is asked more often than its state changes. Longer: a refresh that is done keeps the prefetch waiting. */
const FIRST_LOOK_MS = 2_000;
/** The same for a refresh that takes minutes. */
const LONGEST_PAUSE_MS = 30_000;
/** A refresh takes minutes. Shorter: a slow one is given up. Longer: one that the vendor has lost keeps its task open. */
const LONGEST_REFRESH_MS = 3_600_000;

const WAITING = "The vendor is removing the old copy; the prefetch follows.";
const NOT_PREFETCHED = "The old copy may still be there, so it was not prefetched.";

/** The vendor has accepted to drop the old copies of the batch. */
export function awaitsRefresh({ nextAccount, vendorTaskIds }: Batch): boolean {
  return nextAccount !== undefined && vendorTaskIds.length > 0;
}

/** The change to a batch whose refresh had the outcome that `change` describes for a prefetch. */
export function refreshed(change: BatchChange, now: number): BatchChange {
  if (change.kind === "accept") return refreshAccepted(change, now);
  return change.kind === "end" ? { ...change, items: change.items.map(notPrefetched) } : change;
}

function refreshAccepted({ items, refund, requestId, vendorTaskIds, followed }: AcceptChange, now: number): BatchChange {
  const changes = items.map((item): ItemChange => {
    return followed && item.state === "processing" ? waiting(item) : notPrefetched(item);
  });
  if (changes.every(({ state }) => state !== "queued")) return { kind: "end", items: changes, refund, requestId };
  return { kind: "await-refresh", notBefore: now + FIRST_LOOK_MS, items: changes, refund, vendorTaskIds, requestId };
}

function waiting({ index }: Pick<Item, "index">): ItemChange {
  return { index, state: "queued", reason: WAITING };
}

/** An outcome that nothing proves is a refusal here: nothing was prefetched, so the URL may be sent again. */
function notPrefetched(item: ItemChange): ItemChange {
  return item.state === "unknown" || item.state === "untracked" ? refused(item, item.reason) : item;
}

function refused({ index }: Pick<Item, "index">, why: string | undefined): ItemChange {
  return { index, state: "rejected", code: "refresh_failed", reason: `${why ?? ""} ${NOT_PREFETCHED}`.trim() };
}

/** The change by the vendor's rows. `undefined` while the vendor is still at work on an item, or lists none of them. */
function refreshOutcome({ batch, items }: WorkItem, rows: readonly StatusRow[], now: number): BatchChange | undefined {
  const states = new Map(statusChanges({ batch, items }, rows).map((change) => [change.index, change]));
  const changes = items.map((item) => states.get(item.index));
  if (!changes.every((change) => change !== undefined && change.state !== "processing")) return undefined;
  const ends = changes.map((change): ItemChange => {
    if (change?.state !== "failed") return { index: change?.index ?? 0, state: "queued" };
    return refused(change, `The vendor could not remove the old copy. ${change.reason ?? ""}`.trim());
  });
  const isOver = ends.every(({ state }) => state === "rejected");
  return isOver ? { kind: "end", items: ends, refund: 0 } : { kind: "advance", notBefore: now, items: ends, refund: 0 };
}

export interface RefreshOptions {
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly report: (error: unknown, about: string) => void;
  readonly pause: Pause;
  /** Aborted when nothing new may be asked. */
  readonly stopping: AbortSignal;
}

/** Asks the vendor whether the old copies of a batch are gone. */
export function createRefreshLook({ clock, limiter, report, pause, stopping }: RefreshOptions) {
  const sentTimes = createSentTimes(clock);

  const askLater = ({ batch: { vendorTaskIds } }: Claim, pauseMs: number): BatchChange => {
    return { kind: "await-refresh", notBefore: clock.now() + pauseMs, vendorTaskIds, items: [], refund: 0 };
  };

  const later = (work: Claim, why: string): BatchChange => {
    const { elapsedMs } = sentTimes.of(work.batch);
    if (elapsedMs <= LONGEST_REFRESH_MS) return askLater(work, Math.min(LONGEST_PAUSE_MS, FIRST_LOOK_MS + elapsedMs / 4));
    return { kind: "end", items: work.items.map((item) => refused(item, why)), refund: 0 };
  };

  const ask = async (provider: Provider, work: Claim): Promise<Verdict> => {
    const { batch, items } = work;
    const call = { signal: stopping, turn: () => limiter(provider, stopping, "look-up") };
    try {
      const { vendorTaskIds, sentAt } = batch;
      const query = { vendorTaskIds, content: contentOf(batch, items), ...(sentAt !== undefined && { submittedAt: sentAt }) };
      const rows = (await provider.status?.(query, call)) ?? [];
      const outcome = refreshOutcome(work, rows, clock.now());
      return { change: outcome ?? later(work, "The vendor did not say within an hour that the old copy is gone."), signal: "answered" };
    } catch (error) {
      if (stopping.aborted) return { change: askLater(work, 0), signal: "unasked" };
      if (error instanceof PrefetchError && error.code === "rate_limited") await pause(provider, error, "look-up");
      report(error, `asking ${provider.id} whether old copies are gone`);
      const known = asPrefetchError(error);
      return {
        change: later(work, `The vendor could not be asked whether the old copy is gone. ${explain(known)}`),
        signal: breakerSignalOf(known),
      };
    }
  };

  return async (provider: Provider, work: Claim): Promise<Verdict> => {
    const verdict = await ask(provider, work);
    if (verdict.change?.kind !== "await-refresh") sentTimes.forget(work.batch);
    return verdict;
  };
}
