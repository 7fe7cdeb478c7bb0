/** Carries out batches: claim, wait for the account's turn, send, record. It holds nothing that storage does not. */

import { asPrefetchError, PrefetchError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { accepted, failed, lost, returned } from "./outcome.ts";
import type { Pacer } from "./pace.ts";
import type { Provider } from "./provider.ts";
import type { Storage, WorkItem } from "./storage.ts";
import { type Batch, type BatchChange, contentOf } from "./task.ts";

/** A batch that only waits for its turn; nothing was sent, so another process may simply take it over. */
const CLAIM_LEASE_MS = 300_000;
/** A batch on the wire; longer than any request may take, so that a living process never loses it. */
const SEND_LEASE_MS = 45_000;
/** Before looking again for a batch that was due but that another process took. */
const LOOK_AGAIN_MS = 1_000;
const CONCURRENCY = 4;

export interface WorkerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly pace: Pacer;
  readonly random: () => number;
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

export function createWorker({ storage, clock, pace, random, report }: WorkerOptions): Worker {
  const lanes = new Map<string, Lane>();
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

  const send = async (provider: Provider, work: WorkItem): Promise<BatchChange | undefined> => {
    if (work.batch.state === "sending") {
      return lost(work, "The server stopped while this was being sent, so its outcome is not known.");
    }
    const { account, day } = work.batch;
    if ((await storage.ledger(account, day)).exhausted) {
      return failed(work, new PrefetchError("quota_exhausted", "The vendor says that today's prefetch quota is used up"), clock.now(), {
        random,
      });
    }
    let batch: Batch = work.batch;
    let leaseLost = false;
    const turn = async (): Promise<void> => {
      await pace(provider, taking.signal);
      const leaseUntil = clock.now() + SEND_LEASE_MS;
      leaseLost = !(await storage.startSending(batch, clock.now(), leaseUntil));
      if (leaseLost) throw new PrefetchError("cancelled", "Another process has taken this batch over");
      batch = { ...batch, state: "sending", leaseUntil };
    };
    try {
      const submission = await provider.submit(contentOf(batch, work.items), { signal: sending.signal, turn });
      return accepted(work, submission, provider.status !== undefined, clock.now());
    } catch (error) {
      if (leaseLost) return undefined;
      if (batch.state === "claimed" && taking.signal.aborted) return returned();
      if (!(error instanceof PrefetchError)) report(error, `sending a batch to ${provider.id}`);
      return failed(work, asPrefetchError(error), clock.now(), { random });
    }
  };

  const carryOut = async (provider: Provider, work: WorkItem): Promise<void> => {
    const change = await send(provider, work);
    if (change) await storage.change(work.batch, change);
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
    const due = await storage.nextDue(provider.account);
    if (due === undefined || taking.signal.aborted) return;
    lane.alarm?.abort();
    const alarm = new AbortController();
    lane.alarm = alarm;
    const signal = AbortSignal.any([alarm.signal, taking.signal]);
    const wait = due - clock.now();
    clock.sleep(wait > 0 ? wait : LOOK_AGAIN_MS, signal).then(
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
      sending.abort(new PrefetchError("cancelled", "The server is stopping"));
      await done;
    },
  };
}
