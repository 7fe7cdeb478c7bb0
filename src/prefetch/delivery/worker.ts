/** Carries out batches: claim, wait for the account's turn, send, record. It holds nothing that storage does not. */

import { PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import type { Provider } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import type { Batch } from "../model/task.ts";
import { CLAIM_LEASE_MS, createSender, type SenderOptions } from "./send-batch.ts";

/** Before looking again for a batch that was due but that another process took. */
const LOOK_AGAIN_MS = 1_000;
/** Likewise when the store, or something nobody foresaw, is in the way. */
const TROUBLE_MS = 10_000;
const CONCURRENCY = 4;
/** An outcome that cannot be written is tried again; losing it would lose the vendor's task id. */
const WRITE_RETRIES_MS = [200, 1_000, 5_000, 15_000];
/** Timers longer than this are taken in steps. */
const LONGEST_SLEEP_MS = 3_600_000;

export interface Worker {
  /** Sees to it that the account's due batches are being sent, now and when more become due. */
  kick(provider: Provider): void;
  /** Ends batches that were on the wire when their process died, so that their items stop looking unsent. */
  recover(provider: Provider): Promise<void>;
  /**
   * When the batch that it is longest at was begun, or was last known to go on, in milliseconds since the epoch;
   * `undefined` when it is at none.
   */
  busySince(): number | undefined;
  /** Stops taking batches, gives those on the wire `graceMs` to be answered, then lets go. */
  stop(graceMs: number): Promise<void>;
}

interface Lane {
  runners: number;
  /** Aborts the sleep until the next due batch. */
  alarm: AbortController | undefined;
  /** Whether one of its runners failed. */
  troubled: boolean;
  /** Batches of each task that its runners are at. */
  readonly underWay: Map<string, number>;
  /** Settled when no runner is taking a batch. */
  taking: Promise<unknown>;
}

export interface WorkerOptions extends SenderOptions {
  /** Does `work` as a part of the trace that the task belongs to. */
  readonly inTrace: <Result>(traceparent: string | undefined, work: () => Result) => Result;
}

export function createWorker(options: WorkerOptions): Worker {
  const { storage, clock, inTrace, report } = options;
  const lanes = new Map<string, Lane>();
  const running = new Set<Promise<void>>();
  const begun = new Set<{ at: number }>();
  const sending = new AbortController();
  const taking = new AbortController();
  const send = createSender(options, { sending: sending.signal, taking: taking.signal });

  const laneOf = (account: string): Lane => {
    let lane = lanes.get(account);
    if (!lane) {
      lane = { runners: 0, alarm: undefined, troubled: false, underWay: new Map(), taking: Promise.resolve() };
      lanes.set(account, lane);
    }
    return lane;
  };

  const track = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  const carryOut = async (provider: Provider, work: Claim): Promise<void> => {
    const step = { at: clock.now() };
    begun.add(step);
    try {
      const goesOn = (): void => {
        step.at = clock.now();
      };
      const { batch, change, reach } = await inTrace(work.task.traceparent, () => send(provider, work, goesOn));
      if (change) await record(batch, change);
      // Others of this process may have gone to sleep until the vendor can be reached.
      if (await storage.noteSignal(provider.account, reach)) kick(provider);
    } finally {
      begun.delete(step);
    }
  };

  const record = async (batch: Batch, change: BatchChange): Promise<void> => {
    for (const wait of [...WRITE_RETRIES_MS, undefined]) {
      try {
        await storage.change(batch, change);
        return;
      } catch (error) {
        if (wait === undefined || taking.signal.aborted) throw error;
        report(error, `recording the outcome of a batch of ${batch.taskId}`);
        await clock.sleep(wait, taking.signal).catch(() => report(error, "stopping before an outcome was recorded"));
      }
    }
  };

  const takeNext = async (provider: Provider, { underWay }: Lane): Promise<Claim | undefined> => {
    const now = clock.now();
    const { batchesAtOnce } = provider.limits;
    const full = batchesAtOnce === undefined ? [] : withTheirShare(underWay, batchesAtOnce);
    const work = await storage.claim(provider.account, now, now + CLAIM_LEASE_MS, "due", full);
    if (work) underWay.set(work.batch.taskId, (underWay.get(work.batch.taskId) ?? 0) + 1);
    return work;
  };

  const runLane = async (provider: Provider, lane: Lane): Promise<void> => {
    while (!taking.signal.aborted) {
      // One after the other, so that each knows what those before it have taken.
      const taken = lane.taking.then(() => takeNext(provider, lane));
      lane.taking = taken.catch(() => undefined); // Told to whoever asked for it.
      const work = await taken;
      if (!work) return;
      try {
        await carryOut(provider, work);
      } finally {
        const { taskId } = work.batch;
        const left = (lane.underWay.get(taskId) ?? 1) - 1;
        if (left > 0) lane.underWay.set(taskId, left);
        else lane.underWay.delete(taskId);
      }
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
    const again = lane.troubled ? TROUBLE_MS : LOOK_AGAIN_MS;
    lane.troubled = false;
    clock.sleep(wait > 0 ? Math.min(wait, LONGEST_SLEEP_MS) : again, signal).then(
      () => kick(provider),
      (error: unknown) => {
        if (!signal.aborted) report(error, "waiting for the next batch");
      },
    );
  };

  function kick(provider: Provider): void {
    const lane = laneOf(provider.account);
    while (lane.runners < (provider.limits.batchesAtOnce ?? CONCURRENCY) && !taking.signal.aborted) {
      lane.runners += 1;
      const work = runLane(provider, lane)
        .catch((error: unknown) => {
          lane.troubled = true;
          report(error, `carrying out batches of ${provider.id}`);
        })
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
    busySince: () => (begun.size === 0 ? undefined : Math.min(...[...begun].map(({ at }) => at))),
    recover: async (provider) => {
      // Asking the vendor takes time and its turn, which is what the lanes are for.
      if (provider.findSubmitted) return;
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

/** Tasks that hold half of what the others leave: however long a task is, the next one finds some room. */
function withTheirShare(underWay: ReadonlyMap<string, number>, atOnce: number): string[] {
  const all = [...underWay.values()].reduce((sum, count) => sum + count, 0);
  return [...underWay].flatMap(([taskId, count]) => (count >= Math.ceil((atOnce - (all - count)) / 2) ? [taskId] : []));
}
