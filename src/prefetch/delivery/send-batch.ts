/**
 * Sends one claimed batch, or recovers one that was in flight when its process died:
 *
 * 1. Items that a previous run settled are left out; a batch without open items ends.
 * 2. A batch that was in flight when its process died is recovered: reconciled with the vendor, or run again.
 * 3. A batch that the vendor's day has no quota for fails without a request.
 * 4. The provider submits the rest, taking its turn before each request (turn.ts).
 * 5. `interpret` turns the answer into a change (interpret.ts), which deliver.ts stores.
 */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Allowances } from "../admission/allowance.ts";
import { breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Provider, Submission } from "../model/provider.ts";
import { isUsedUp } from "../model/quota.ts";
import type { Claim, Storage } from "../model/storage.ts";
import { type Batch, batchKeyOf, contentOf } from "../model/task.ts";
import { vendorDay } from "../model/vendor-day.ts";
import { DIRECT_LEASE_MS, type RunResult, runDirect } from "./direct-run.ts";
import { type Answer, type Attempt, interpret, NOT_READY_MS, quotaUsedUp, type Verdict } from "./interpret.ts";
import { done, failed, requeued } from "./outcome.ts";
import { noProgress, withProgress } from "./progress-buffer.ts";
import { createPause, type RateLimiter } from "./rate-limit.ts";
import { createRecovery } from "./recover.ts";
import { awaitsRefresh, createRefreshLook, refreshed } from "./refresh-stage.ts";
import { createRetryPolicies } from "./retry-policy.ts";
import { createTurn, type Turn } from "./turn.ts";

/**
 * Lease of a batch in flight, which only servers before schema version 7 heed. It is longer than a request with a login and
 * one repetition can take; shorter would let a living process lose its batch to such a server.
 */
const SEND_LEASE_MS = 90_000;

export interface SenderOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly allowances: Pick<Allowances, "of" | "note" | "forget" | "wholeDay" | "tenantBudget">;
  /** Told of a host that a vendor refuses, which its list of hosts may have. */
  readonly hostRefused: (hostname: string) => Promise<void>;
  /** Told of failures outside any call. */
  readonly report: (error: unknown, about: string) => void;
}

export interface SenderSignals {
  /** Aborted when requests in flight must be given up. */
  readonly sending: AbortSignal;
  /** Aborted when nothing new may be sent. */
  readonly stopping: AbortSignal;
}

export interface Outcome extends Verdict {
  /** The batch as storage has it, for the change to apply to. */
  readonly batch: Batch;
}

export interface SendOptions {
  /** For a refresh: the provider that prefetches afterwards. */
  readonly next?: Provider | undefined;
  /** Called whenever a direct provider is known to get on. */
  readonly onProgress?: () => void;
}

export type Sender = (provider: Provider, claim: Claim, options?: SendOptions) => Promise<Outcome>;

export function createSender(options: SenderOptions, { sending, stopping }: SenderSignals): Sender {
  const { storage, clock, limiter, allowances, hostRefused, report } = options;
  const pause = createPause(storage, clock, report);
  const policyFor = createRetryPolicies(options);
  const recover = createRecovery({ clock, limiter, report, pause, policyFor, stopping });
  const lookAtRefresh = createRefreshLook({ clock, limiter, report, pause, stopping });

  /** Whether the vendor's day is exhausted for this batch. Throws when the store cannot be read. */
  const isOverQuota = async (provider: Provider, { cost }: Batch): Promise<boolean> => {
    const entry = await storage.ledger(provider.account, vendorDay(clock.now(), provider.limits.timeZone));
    // `exhausted` comes first, so that an ordinary day does not ask the vendor.
    return entry.exhausted && isUsedUp(await allowances.of(provider, stopping), entry, cost);
  };

  const submit = async (provider: Provider, work: Claim, turn: Turn): Promise<RunResult> => {
    const batchKey = batchKeyOf(work.batch, work.items);
    const answer = await provider
      .submit(contentOf(work.batch, work.items), { signal: sending, turn: turn.take, isFresh: turn.isFresh, batchKey })
      .then(
        (submission): Answer => ({ ok: true, submission }),
        (error: unknown): Answer => ({ ok: false, error }),
      );
    return { answer, pending: noProgress, open: { ...work, batch: turn.batch } };
  };

  const heed = async (provider: Provider, { batch, items }: Claim, { heed: what }: Verdict, answer: Answer): Promise<void> => {
    const error = answer.ok ? undefined : answer.error;
    switch (what) {
      case "report":
        return report(error, `sending a batch to ${provider.id}`);
      case "report-preparation":
        return report(error, `preparing to send a batch to ${provider.id}`);
      case "forget":
        return allowances.forget(provider);
      case "forget-host": {
        const url = urlIn(batch, items);
        return url && hostRefused(url.hostname);
      }
      case "pause":
        if (error instanceof PrefetchError) await pause(provider, error, "submit");
    }
  };

  /** The answer itself matters more than what it says about the quota. */
  const note = async (provider: Provider, { quota, refused: { length } }: Submission, units: number): Promise<void> => {
    if (!quota) return;
    await allowances.note(provider, quota, units - length).catch((error: unknown) => report(error, `noting the quota of ${provider.id}`));
  };

  const turnFor = (provider: Provider, { batch, items }: Claim, next: Provider | undefined): Turn => {
    const host = urlIn(batch, items)?.host;
    const leaseMs = provider.tracking === "direct" ? DIRECT_LEASE_MS : SEND_LEASE_MS;
    return createTurn({ storage, clock, limiter, allowances, stopping }, { provider, next, claimed: batch, host, leaseMs });
  };

  const send = async (provider: Provider, work: Claim, { next, onProgress }: SendOptions): Promise<Outcome> => {
    const turn = turnFor(provider, work, next);
    const { answer, pending, open } =
      provider.tracking === "direct"
        ? await runDirect({ storage, clock, report, sending }, { provider, work, turn, onProgress })
        : await submit(provider, work, turn);
    const attempt: Attempt = {
      state: turn.state,
      answer,
      stopping: stopping.aborted,
      direct: provider.tracking === "direct",
      trackable: provider.status !== undefined,
    };
    const verdict = interpret(open, attempt, clock.now(), policyFor(provider));
    await heed(provider, work, verdict, answer);
    if (answer.ok) await note(provider, answer.submission, turn.batch.cost);
    const { change, signal } = verdict;
    const { batch } = turn;
    if (!change) return { batch, change, signal };
    // When every URL was reported before the run failed, the failure changes nothing any more.
    const own = open.items.length === 0 && !answer.ok ? done() : change;
    return { batch, change: withProgress(own, pending), signal };
  };

  /** A day without quota fails the batch unasked; a store that cannot be read returns it. `undefined`: the batch may go. */
  const refuseUnasked = async (provider: Provider, work: Claim, next: Provider | undefined): Promise<Verdict | undefined> => {
    try {
      // Copies that are dropped for a prefetch that the vendor then refuses would be missing all day.
      const isOver = (await isOverQuota(provider, work.batch)) || (next !== undefined && (await isOverQuota(next, work.batch)));
      if (!isOver) return undefined;
      const error = quotaUsedUp(work.batch);
      return { change: failed(work, error, clock.now(), policyFor(provider)), signal: breakerSignalOf(error) };
    } catch (error) {
      if (stopping.aborted) return { change: requeued(), signal: "unasked" };
      report(error, `preparing to send a batch to ${provider.id}`);
      return { change: requeued(clock.now() + NOT_READY_MS), signal: "unasked" };
    }
  };

  const carryOn = async (provider: Provider, work: Claim, sendOptions: SendOptions): Promise<Outcome> => {
    const { batch } = work;
    if (batch.state === "sending") return { batch, ...(await recover(provider, work)) };
    const refusal = await refuseUnasked(provider, work, sendOptions.next);
    return refusal ? { batch, ...refusal } : send(provider, work, sendOptions);
  };

  return async (provider, claim, sendOptions = {}) => {
    const work = { ...claim, items: claim.items.filter(({ state }) => state === "queued") };
    const { batch } = work;
    if (work.items.length === 0) return { batch, change: done(), signal: "unasked" };
    if (awaitsRefresh(batch)) return { batch, ...(await lookAtRefresh(provider, work)) };
    const outcome = await carryOn(provider, work, sendOptions);
    if (batch.nextAccount === undefined || !outcome.change) return outcome;
    return { ...outcome, change: refreshed(outcome.change, clock.now()) };
  };
}

/** A URL of the batch, whose URLs are on one host. */
function urlIn({ kind }: Batch, [first]: Claim["items"]): URL | undefined {
  return kind === "urls" && first ? (URL.parse(first.target) ?? undefined) : undefined;
}
