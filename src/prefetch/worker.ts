/** Carries out batches: claim, wait for the account's turn, send, record. It holds nothing that storage does not. */

import { asPrefetchError, PrefetchError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { accepted, failed, lost, returned } from "./outcome.ts";
import { createHold, type Pacer } from "./pace.ts";
import type { Provider } from "./provider.ts";
import { vendorDay } from "./quota.ts";
import type { SendResult, Storage, WorkItem } from "./storage.ts";
import { type Batch, type BatchChange, contentOf } from "./task.ts";

/** A batch that only waits for its turn; nothing was sent, so another process may simply take it over. */
const CLAIM_LEASE_MS = 300_000;
/** A batch on the wire; longer than a request may take with a login before its repetition, so that a living process never loses it. */
const SEND_LEASE_MS = 90_000;
/** Before looking again for a batch that was due but that another process took. */
const LOOK_AGAIN_MS = 1_000;
const CONCURRENCY = 4;
/** An outcome that cannot be written is tried again; losing it would lose the vendor's task id. */
const WRITE_RETRIES_MS = [200, 1_000, 5_000, 15_000];
/** Timers longer than this are taken in steps. */
const LONGEST_SLEEP_MS = 3_600_000;

export interface WorkerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly pace: Pacer;
  readonly random: () => number;
  /** Units that a provider's account may spend a day. */
  readonly limitOf: (provider: Provider) => number | undefined;
  /** Told of what went wrong outside any call. */
  readonly report: (error: unknown, about: string) => void;
}

export interface Worker {
  /** Sees to it that the account's due batches are being sent, now and when more become due. */
  kick(provider: Provider): void;
  /** Ends batches that were on the wire when their process died, so that their items stop looking unsent. */
  recover(provider: Provider): Promise<void>;
  /** Stops taking batches, gives those on the wire `graceMs` to be answered, then lets go. */
  stop(graceMs: number): Promise<void>;
}

interface Lane {
  runners: number;
  /** Aborts the sleep until the next due batch. */
  alarm: AbortController | undefined;
}

export function createWorker({ storage, clock, pace, random, limitOf, report }: WorkerOptions): Worker {
  const lanes = new Map<string, Lane>();
  const hold = createHold(storage, clock, report);
  const running = new Set<Promise<void>>();
  const sending = new AbortController();
  const taking = new AbortController();

  const laneOf = (account: string): Lane => {
    let lane = lanes.get(account);
    if (!lane) {
      lane = { runners: 0, alarm: undefined };
      lanes.set(account, lane);
    }
    return lane;
  };

  const track = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  /** What became of a claimed batch, and the batch as storage knows it by then. */
  const send = async (provider: Provider, work: WorkItem): Promise<{ batch: Batch; change: BatchChange } | undefined> => {
    // Changed by `turn` while the provider is at work.
    const held: { batch: Batch; start: SendResult } = { batch: work.batch, start: "started" };
    if (work.batch.state === "sending") {
      return { batch: work.batch, change: lost(work, "The server stopped while this was being sent, so its outcome is not known.") };
    }
    const refuse = (error: PrefetchError) => ({ batch: held.batch, change: failed(work, error, clock.now(), { random }) });
    const today = () => vendorDay(clock.now(), provider.limits.timeZone);
    if ((await storage.ledger(provider.account, today())).exhausted) return refuse(usedUp());

    const turn = async (): Promise<void> => {
      if (held.batch.state === "sending") {
        // Asking for a second turn says that the first request was turned down: nothing is on the wire.
        const claimed = { state: "claimed", leaseUntil: clock.now() + CLAIM_LEASE_MS } as const;
        const ours = await storage.change(held.batch, { batch: claimed, items: [], refund: 0 });
        if (ours) held.batch = { ...held.batch, ...claimed };
        else held.start = "lost";
      }
      if (held.start === "started") {
        await pace(provider, taking.signal);
        const now = clock.now();
        const sent = { leaseUntil: now + SEND_LEASE_MS, day: today() };
        held.start = await storage.startSending(held.batch, { now, limit: limitOf(provider), ...sent });
        if (held.start === "started") held.batch = { ...held.batch, ...sent, state: "sending" };
      }
      if (held.start !== "started") throw new PrefetchError("cancelled", "The batch may not be sent now");
    };

    try {
      const submission = await provider.submit(contentOf(work.batch, work.items), { signal: sending.signal, turn });
      return { batch: held.batch, change: accepted(work, submission, provider.status !== undefined, clock.now()) };
    } catch (error) {
      if (held.start === "lost") return undefined;
      if (held.start === "over_quota") return refuse(usedUp());
      const { batch } = held;
      if (batch.state === "claimed" && taking.signal.aborted) return { batch, change: returned() };
      if (error instanceof PrefetchError) {
        if (error.code === "rate_limited") await hold(provider, error);
        return refuse(error);
      }
      report(error, `sending a batch to ${provider.id}`);
      // Nobody foresaw this, so nobody knows how far the request got.
      return batch.state === "sending" ? { batch, change: lost(work, asPrefetchError(error).message) } : refuse(asPrefetchError(error));
    }
  };

  const carryOut = async (provider: Provider, work: WorkItem): Promise<void> => {
    const outcome = await send(provider, work);
    if (!outcome) return;
    for (const wait of [...WRITE_RETRIES_MS, undefined]) {
      try {
        await storage.change(outcome.batch, outcome.change);
        return;
      } catch (error) {
        if (wait === undefined || taking.signal.aborted) throw error;
        report(error, `recording the outcome of a batch of ${work.batch.taskId}`);
        await clock.sleep(wait, taking.signal).catch(() => report(error, "stopping before an outcome was recorded"));
      }
    }
  };

  const runLane = async (provider: Provider): Promise<void> => {
    while (!taking.signal.aborted) {
      const now = clock.now();
      const work = await storage.claim(provider.account, now, now + CLAIM_LEASE_MS, "due");
      if (!work) return;
      await carryOut(provider, work);
    }
  };

  const wakeLater = async (provider: Provider, lane: Lane): Promise<void> => {
    const due = await storage.nextDue(provider.account, clock.now());
    if (due === undefined || taking.signal.aborted) return;
    lane.alarm?.abort();
    const alarm = new AbortController();
    lane.alarm = alarm;
    const signal = AbortSignal.any([alarm.signal, taking.signal]);
    const wait = due - clock.now();
    clock.sleep(wait > 0 ? Math.min(wait, LONGEST_SLEEP_MS) : LOOK_AGAIN_MS, signal).then(
      () => kick(provider),
      (error: unknown) => {
        if (!signal.aborted) report(error, "waiting for the next batch");
      },
    );
  };

  function kick(provider: Provider): void {
    const lane = laneOf(provider.account);
    while (lane.runners < CONCURRENCY && !taking.signal.aborted) {
      lane.runners += 1;
      const work = runLane(provider)
        .catch((error: unknown) => report(error, `carrying out batches of ${provider.id}`))
        .then(async () => {
          lane.runners -= 1;
          if (lane.runners === 0) await wakeLater(provider, lane);
        })
        .catch((error: unknown) => report(error, `planning the next batch of ${provider.id}`));
      track(work);
    }
  }

  return {
    kick,
    recover: async (provider) => {
      const now = clock.now();
      for (;;) {
        const work = await storage.claim(provider.account, now, now + CLAIM_LEASE_MS, "lapsed");
        if (!work) return;
        await carryOut(provider, work);
      }
    },
    stop: async (graceMs) => {
      taking.abort();
      const done = Promise.allSettled([...running]);
      const grace = new AbortController();
      await Promise.race([done, Promise.allSettled([clock.sleep(graceMs, grace.signal)])]);
      grace.abort();
      sending.abort(new PrefetchError("cancelled", "The server stopped before the vendor answered", { delivery: "unknown" }));
      await done;
    },
  };
}

function usedUp(): PrefetchError {
  return new PrefetchError("quota_exhausted", "The prefetch quota of the vendor's day is used up", {
    hint: "Not sent. Call again after the reset.",
  });
}
