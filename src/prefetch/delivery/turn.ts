/**
 * The turn of one claimed batch: the way from the claim to the wire. A provider calls `take` immediately before each
 * request; `take` resolves when that request may go out.
 *
 * | state        | what holds                                                        | `take` leads to                  |
 * | ------------ | ----------------------------------------------------------------- | -------------------------------- |
 * | `claimed`    | this process holds the batch; nothing is in flight                 | `sending`, or a state below      |
 * | `sending`    | a request may be in flight                                         | `claimed` (it was refused), then on |
 * | `lost`       | the task was cancelled, or another process has the batch because this one seemed dead | itself: the request may not go out |
 * | `over_quota` | the day has no room for the batch; nothing is in flight            | itself                           |
 * | `suspended`  | the process stood still before the request; another may have it    | itself                           |
 * | `not_ready`  | the store or the rate limiter failed; nothing is in flight         | itself                           |
 */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Allowances } from "../admission/allowance.ts";
import type { ProgressChange, ReclaimChange } from "../model/batch-change.ts";
import type { Provider } from "../model/provider.ts";
import type { SendStart, Storage } from "../model/storage.ts";
import type { Batch } from "../model/task.ts";
import { vendorDay } from "../model/vendor-day.ts";
import type { RateLimiter } from "./rate-limit.ts";

export type TurnState = "claimed" | "sending" | "lost" | "over_quota" | "suspended" | "not_ready";

/**
 * Lease of a claimed batch, which only servers before schema version 7 heed: the presence of its owner decides. Longer: one
 * of those leaves a dead process's batch for longer. Shorter: it takes a batch that waits for its slot.
 */
export const CLAIM_LEASE_MS = 300_000;
/**
 * Age at which a turn is stale and its request may not leave. Larger: `findSubmitted` must wait for longer before it calls a
 * batch absent. Smaller: slow connections fail.
 */
const STALE_TURN_MS = 30_000;

export interface TurnOptions {
  readonly storage: Pick<Storage, "change" | "startSending">;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly allowances: Pick<Allowances, "of" | "tenantBudget">;
  /** Aborted when nothing new may be sent. */
  readonly stopping: AbortSignal;
}

export interface Turn {
  readonly state: TurnState;
  /** The batch as storage has it now. */
  readonly batch: Batch;
  /** Resolves when the next request may go out; rejects with `cancelled` when it may not, or with the failure. */
  take(): Promise<void>;
  /** False when the turn is stale: another process may have sent the batch since. */
  isFresh(): boolean;
  /** Stores a change that keeps the batch in this process's hands. False when another process has it by now. */
  apply(change: ReclaimChange | ProgressChange): Promise<boolean>;
}

export interface TurnSubject {
  readonly provider: Provider;
  /** For a refresh: the provider that prefetches afterwards. */
  readonly next?: Provider | undefined;
  readonly claimed: Batch;
  /** Host of the batch's URLs, for providers that want the requests of one host apart. */
  readonly host: string | undefined;
  readonly leaseMs: number;
}

export function createTurn(
  { storage, clock, limiter, allowances, stopping }: TurnOptions,
  { provider, next, claimed, host, leaseMs }: TurnSubject,
): Turn {
  let batch = claimed;
  let state: TurnState = "claimed";
  let taken = { at: 0, monotonic: 0 };
  const today = (): string => vendorDay(clock.now(), provider.limits.timeZone);

  const apply: Turn["apply"] = async (change) => {
    const isOurs = await storage.change(batch, change);
    const { leaseUntil } = change;
    if (!isOurs) state = "lost";
    else if (change.kind === "reclaim") batch = { ...batch, state: "claimed", leaseUntil };
    else batch = { ...batch, leaseUntil, attempts: change.attempts };
    return isOurs;
  };

  // The monotonic clock may stand still while the machine sleeps, and the other one may be set: the longer time counts.
  const isFresh = (): boolean => Math.max(clock.now() - taken.at, clock.monotonic() - taken.monotonic) <= STALE_TURN_MS;

  /** The allowances of a day on which the batch has nothing reserved. */
  const allowancesOn = async (day: string): Promise<Pick<SendStart, "allowance" | "nextAllowance">> => {
    if (day === batch.day) return { allowance: undefined };
    return { allowance: await allowances.of(provider, stopping), nextAllowance: next && (await allowances.of(next, stopping)) };
  };

  const start = async (): Promise<void> => {
    // The allowance is read before the slot: any wait after the slot would bring two requests together again.
    const dayBefore = today();
    let allowed = await allowancesOn(dayBefore);
    await limiter(provider, stopping, "submit", host);
    const day = today();
    if (day !== dayBefore) allowed = await allowancesOn(day);
    const now = clock.now();
    taken = { at: now, monotonic: clock.monotonic() };
    const { monotonic } = taken;
    const sent = { leaseUntil: now + leaseMs, day };
    const start = { now, monotonic, boot: clock.boot, ...allowed, ownBudget: allowances.tenantBudget, ...sent };
    const result = await storage.startSending(batch, start);
    state = result === "started" ? "sending" : result;
    if (result === "started") batch = { ...batch, ...sent, sentAt: now, sentMonotonic: monotonic, sentBoot: clock.boot, state: "sending" };
    // Whatever the store said, it was true before the process stood still.
    if (!isFresh()) state = "suspended";
  };

  const take = async (): Promise<void> => {
    try {
      if (state === "sending" && (await apply({ kind: "reclaim", leaseUntil: clock.now() + CLAIM_LEASE_MS, items: [], refund: 0 }))) {
        state = "claimed";
      }
      if (state === "claimed") await start();
    } catch (error) {
      // A wait that stopping ends is no failure: the state stays, and `interpret` returns the batch to the queue.
      if (!stopping.aborted) state = "not_ready";
      throw error;
    }
    if (state !== "sending") throw new PrefetchError("cancelled", "The batch may not be sent now");
  };

  return {
    get state() {
      return state;
    },
    get batch() {
      return batch;
    },
    take,
    isFresh,
    apply,
  };
}
