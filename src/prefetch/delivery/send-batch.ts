/** What is done with one claimed batch: wait for the account's turn, send it, or find out what became of it. */

import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import { type Allowances, isUsedUp } from "../admission/allowance.ts";
import type { BatchChange, LaterDay } from "../model/batch-change.ts";
import { type BreakerSignal, breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Provider } from "../model/provider.ts";
import { MOST_LATER_DAYS, nextDays, nextReset, vendorDay } from "../model/quota.ts";
import type { Claim, SendResult, Storage } from "../model/storage.ts";
import { type Batch, contentOf } from "../model/task.ts";
import { accepted, done, failed, lost, type RetryPolicy, returned, unsure } from "./outcome.ts";
import { createProgressBuffer, type PendingProgress } from "./progress-buffer.ts";
import { createPause, type RateLimiter } from "./rate-limit.ts";
import { reconciled, unreconciled } from "./reconcile.ts";

/** A batch that only waits for its turn; nothing was sent, so another process may simply take it over. */
export const CLAIM_LEASE_MS = 300_000;
/** A batch on the wire; longer than a request may take with a login before its repetition, so that a living process never loses it. */
const SEND_LEASE_MS = 90_000;
/** Of one that says every few seconds that it is alive. */
const DIRECT_LEASE_MS = 30_000;

export interface SenderOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly pace: RateLimiter;
  readonly random: () => number;
  readonly allowances: Pick<Allowances, "of" | "forget" | "wholeDay" | "tenantBudget">;
  /** Told of what went wrong outside any call. */
  readonly report: (error: unknown, about: string) => void;
}

export interface SenderSignals {
  /** Aborted when requests on the wire must be given up. */
  readonly sending: AbortSignal;
  /** Aborted when nothing new may be sent. */
  readonly taking: AbortSignal;
}

/** The batch as storage knows it by then, and what became of it. */
export interface Outcome {
  readonly batch: Batch;
  /** `undefined` when that is not for this process to say. */
  readonly change: BatchChange | undefined;
  readonly reach: BreakerSignal;
}

const STOPPED = "The server stopped while this was being sent";
/** Before what could not be written or read is tried again. */
const TROUBLE_MS = 5_000;
/** A process that was stopped for so long in the middle of taking a batch up may have been taken for dead. */
const STOPPED_MS = 30_000;
/** A vendor's clock may be behind ours by that much: a refusal for quota so early in the day may still be yesterday's. */
const EARLY_MS = 600_000;

/** What is done with a claimed batch; `goesOn` is called whenever it is known to get on. */
export type Sender = (provider: Provider, work: Claim, goesOn?: () => void) => Promise<Outcome>;

export function createSender(
  { storage, clock, pace, random, allowances, report }: SenderOptions,
  { sending, taking }: SenderSignals,
): Sender {
  const hold = createPause(storage, clock, report);
  const policyFor = (provider: Provider): RetryPolicy => {
    const now = clock.now();
    const { timeZone } = provider.limits;
    const today = vendorDay(now, timeZone);
    const early = vendorDay(now - EARLY_MS, timeZone) !== today;
    return {
      random,
      traceable: provider.findSubmitted !== undefined,
      early,
      laterDays: () => {
        const ceiling = allowances.wholeDay(provider);
        const bounds = { ceiling, ownBudget: allowances.tenantBudget };
        const days = nextDays(now, timeZone, MOST_LATER_DAYS).map(({ day, begins }): LaterDay => ({ day, notBefore: begins, ...bounds }));
        return early ? [{ day: today, notBefore: nextReset(now - EARLY_MS, timeZone) + EARLY_MS, ...bounds }, ...days] : days;
      },
    };
  };

  /** What became of a batch that was on the wire when its answer, or the process that sent it, was lost. */
  const trace = async (provider: Provider, work: Claim): Promise<Outcome> => {
    const { batch, items } = work;
    const outcome = (change: BatchChange, reach: BreakerSignal): Outcome => ({ batch, change, reach });
    // Of what a provider does itself, that was not done of which it told nothing.
    if (provider.tracking === "direct") return outcome(failed(work, interrupted(STOPPED), clock.now(), policyFor(provider)), "unasked");
    if (!provider.findSubmitted) {
      return outcome(lost(work, `${STOPPED}, so its outcome is not known.`), "unasked");
    }
    const turn = () => pace(provider, taking);
    try {
      const found = await provider.findSubmitted(contentOf(batch, items), batch.sentAt ?? 0, { signal: taking, turn });
      return outcome(reconciled(work, found, clock.now(), policyFor(provider)), "answered");
    } catch (error) {
      // Let go at once, so that the next process need not wait for the claim's lease to ask.
      if (taking.aborted) return outcome(unsure(work, "The answer was lost.", clock.now()), "unasked");
      if (error instanceof PrefetchError && error.code === "rate_limited") await hold(provider, error);
      report(error, `asking ${provider.id} for a batch whose answer was lost`);
      const known = asPrefetchError(error);
      return outcome(unreconciled(work, known, clock.now()), breakerSignalOf(known));
    }
  };

  return async (provider, claim, goesOn) => {
    // Of a batch that was interrupted, what is settled needs nothing more.
    const work = { ...claim, items: claim.items.filter(({ state }) => state === "queued") };
    if (work.items.length === 0) return { batch: work.batch, change: done(), reach: "unasked" };
    // Changed by `turn` and by what is written while the provider is at work.
    const held: { batch: Batch; start: SendResult | "late" | "not_ready" } = { batch: work.batch, start: "started" };
    const outcome = (change: BatchChange | undefined, reach: BreakerSignal = "unasked"): Outcome => ({ batch: held.batch, change, reach });
    if (work.batch.state === "sending") return trace(provider, work);
    const today = () => vendorDay(clock.now(), provider.limits.timeZone);
    const notReady = (error: unknown): Outcome => {
      report(error, `preparing to send a batch to ${provider.id}`);
      return outcome(returned(clock.now() + TROUBLE_MS));
    };
    try {
      const entry = await storage.ledger(provider.account, today());
      if (entry.exhausted && isUsedUp(await allowances.of(provider, taking), entry, work.batch.cost)) {
        const error = usedUp();
        return outcome(failed(work, error, clock.now(), policyFor(provider)), breakerSignalOf(error));
      }
    } catch (error) {
      return taking.aborted ? outcome(returned()) : notReady(error);
    }

    const leaseMs = provider.tracking === "direct" ? DIRECT_LEASE_MS : SEND_LEASE_MS;
    const content = contentOf(work.batch, work.items);
    const host = content.kind === "urls" ? URL.parse(content.urls[0] ?? "")?.host : undefined;
    const takeTurn = async (): Promise<void> => {
      if (held.batch.state === "sending") {
        // Asking for a second turn says that the first request was turned down: nothing is on the wire.
        const claimed = { state: "claimed", leaseUntil: clock.now() + CLAIM_LEASE_MS } as const;
        const ours = await storage.change(held.batch, { batch: claimed, items: [], refund: 0 });
        if (ours) held.batch = { ...held.batch, ...claimed };
        else held.start = "lost";
      }
      if (held.start === "started") {
        // Asked before the wait: after it, nothing may bring two submits together again.
        const allowanceOf = async (day: string) => (day === held.batch.day ? undefined : allowances.of(provider, taking));
        const day = today();
        let allowance = await allowanceOf(day);
        await pace(provider, taking, host);
        if (today() !== day) allowance = await allowanceOf(today());
        const now = clock.now();
        const sent = { leaseUntil: now + leaseMs, day: today() };
        held.start = await storage.startSending(held.batch, { now, allowance, ownBudget: allowances.tenantBudget, ...sent });
        if (held.start === "started") held.batch = { ...held.batch, ...sent, sentAt: now, state: "sending" };
        if (clock.now() - now > STOPPED_MS) held.start = "late";
      }
      if (held.start !== "started") throw new PrefetchError("cancelled", "The batch may not be sent now");
    };
    const turn = async (): Promise<void> => {
      try {
        await takeTurn();
        if (provider.tracking === "direct") tally.begin();
      } catch (error) {
        // The store's troubles are no answer of the vendor's.
        if (held.start === "started" && !taking.aborted) held.start = "not_ready";
        throw error;
      }
    };

    const ousted = new AbortController();
    const tally = createProgressBuffer({
      items: work.items,
      clock,
      write: async (news) => {
        // What gets on, however slowly and often interrupted, has not been tried in vain.
        const attempts = news.items.length > 0 ? 0 : held.batch.attempts;
        const going = { leaseUntil: clock.now() + leaseMs, attempts };
        if (await storage.change(held.batch, withNews({ batch: going, items: [], refund: 0 }, news))) {
          held.batch = { ...held.batch, ...going };
          goesOn?.();
          if (await storage.isCancelled(work.batch.taskId)) ousted.abort(givenUp("The task was cancelled"));
          return;
        }
        held.start = "lost";
        ousted.abort(givenUp("The batch is another process's by now"));
      },
      report: (error) => report(error, `recording the progress of a batch of ${work.batch.taskId}`),
    });
    const call = {
      signal: AbortSignal.any([sending, ousted.signal]),
      turn,
      progress: { taskId: work.batch.taskId, taskBytes: work.task.bytes, settled: tally.settled, moved: tally.moved },
    };
    const answer = await provider.submit(content, call).then(
      (submission) => ({ submission }) as const,
      (error: unknown) => ({ error }) as const,
    );
    const { open, ...news } = await tally.end();
    const left = { ...work, batch: held.batch, items: open };
    const finish = (change: BatchChange | undefined, reach: BreakerSignal = "unasked"): Outcome =>
      outcome(change && withNews(open.length > 0 ? change : done(), news), reach);
    if ("submission" in answer) {
      if (held.start === "lost") return outcome(undefined);
      const trackable = provider.status !== undefined;
      return outcome(withNews(accepted(left, answer.submission, trackable, clock.now()), news), "answered");
    }
    const { error } = answer;
    const refusal = (known: PrefetchError) => finish(failed(left, known, clock.now(), policyFor(provider)), breakerSignalOf(known));
    if (held.start === "lost") return outcome(undefined);
    if (held.start === "late") return outcome(returned());
    if (held.start === "not_ready") return notReady(error);
    if (held.start === "over_quota") return refusal(usedUp());
    const unsent = error instanceof PrefetchError && error.code === "cancelled" && error.delivery === "not_sent";
    const direct = provider.tracking === "direct";
    if (taking.aborted && (unsent || direct || held.batch.state === "claimed")) return finish(returned());
    const foreseen = error instanceof PrefetchError;
    if (!foreseen) report(error, `sending a batch to ${provider.id}`);
    if (direct && (!foreseen || error.delivery === "unknown")) return refusal(interrupted(asPrefetchError(error).message));
    if (foreseen) {
      if (error.code === "rate_limited") await hold(provider, error);
      if (error.code === "quota_exhausted") await allowances.forget(provider);
      return refusal(error);
    }
    if (held.batch.state !== "sending") return refusal(asPrefetchError(error));
    // Nobody foresaw this, so nobody knows how far the request got.
    const why = asPrefetchError(error).message;
    return finish(provider.findSubmitted ? unsure(left, why, clock.now()) : lost(left, why));
  };
}

function withNews(change: BatchChange, { items, bytes }: PendingProgress): BatchChange {
  const unspent = items.filter(({ state }) => state === "rejected").length;
  const later = change.later && { ...change.later, items: [...change.later.items, ...items] };
  return { ...change, items: [...change.items, ...items], refund: change.refund + unspent, bytes, ...(later && { later }) };
}

function givenUp(why: string): PrefetchError {
  return new PrefetchError("cancelled", why, { delivery: "unknown" });
}

function interrupted(why: string): PrefetchError {
  return new PrefetchError("cancelled", why, { retryable: true });
}

function usedUp(): PrefetchError {
  return new PrefetchError("quota_exhausted", "The prefetch quota of the vendor's day is used up", {
    hint: "Not sent. Call again after the reset.",
  });
}
