/**
 * The worker: claims due batches of each account and delivers them, a few at a time. It keeps nothing that storage does
 * not have, so another process can go on wherever this one stops.
 */

import { PrefetchError } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import { createDelivery, type DeliveryOptions } from "./deliver.ts";
import type { Presence } from "./presence.ts";
import { CLAIM_LEASE_MS } from "./turn.ts";

/** Pause before a batch is looked for again that was due but went to another process. Shorter would spin. */
const LOOK_AGAIN_MS = 1_000;
/** The same after a failure of the store. */
const TROUBLE_MS = 10_000;
/** Batches in flight per account unless the provider says otherwise. More would only queue at the rate limiter. */
const BATCHES_AT_ONCE = 4;
/** Node's timers overflow beyond 24 days, and stand still while the machine sleeps, which is why the worker waits in steps. */
const LONGEST_SLEEP_MS = 3_600_000;

export interface Worker {
  /** Starts on the due batches of the provider and of its refresh, and again whenever another one becomes due. */
  kick(provider: Provider): void;
  /** Start or last progress of the longest-running batch, on the monotonic clock; feeds /readyz. */
  busySince(): number | undefined;
  /** Claims nothing more, gives batches in flight `graceMs` to be answered, then aborts them. */
  stop(graceMs: number): Promise<void>;
}

export interface WorkerOptions extends DeliveryOptions {
  readonly presence: Pick<Presence, "claimant" | "hold">;
}

/** One account's share of the worker. */
interface Lane {
  readonly provider: Provider;
  /** For the account of a refresh: the provider that prefetches afterwards. */
  readonly next: Provider | undefined;
  runners: number;
  /** Aborts the sleep until the next due batch. */
  alarm: AbortController | undefined;
  hasFailed: boolean;
  /** Number of batches in flight per task. */
  readonly inFlight: Map<string, number>;
  /** Settles when no runner is claiming. */
  claiming: Promise<unknown>;
}

/** A batch that this process has in hand until it is released. */
interface Held {
  readonly claim: Claim;
  release(): void;
}

function createLanes(): (provider: Provider, next?: Provider) => Lane {
  const lanes = new Map<string, Lane>();
  return (provider, next) => {
    const idle = { runners: 0, alarm: undefined, hasFailed: false, inFlight: new Map(), claiming: Promise.resolve() };
    const lane = lanes.get(provider.account) ?? { provider, next, ...idle };
    lanes.set(provider.account, lane);
    return lane;
  };
}

function createClaims({ storage, clock, presence }: WorkerOptions): (lane: Lane) => Promise<Held | undefined> {
  return async ({ provider, inFlight }): Promise<Held | undefined> => {
    const now = clock.now();
    const { batchesAtOnce } = provider.limits;
    const except = batchesAtOnce === undefined ? [] : tasksWithFullShare(inFlight, batchesAtOnce);
    const claim = await storage.claim(provider.account, now, now + CLAIM_LEASE_MS, { claimant: presence.claimant(), except });
    if (!claim) return undefined;
    const { taskId } = claim.batch;
    inFlight.set(taskId, (inFlight.get(taskId) ?? 0) + 1);
    const letGo = presence.hold(claim.batch);
    const release = (): void => {
      letGo();
      const left = (inFlight.get(taskId) ?? 1) - 1;
      if (left > 0) inFlight.set(taskId, left);
      else inFlight.delete(taskId);
    };
    return { claim, release };
  };
}

export function createWorker(options: WorkerOptions): Worker {
  const { storage, clock, report, presence } = options;
  const laneOf = createLanes();
  const claimNext = createClaims(options);
  const running = new Set<Promise<void>>();
  const sending = new AbortController();
  const stopping = new AbortController();
  const { deliver, busySince } = createDelivery(options, { sending: sending.signal, stopping: stopping.signal });

  const run = async (lane: Lane): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Runners claim one after the other, so that each sees what the ones before it took.
      const claiming = lane.claiming.then(() => claimNext(lane));
      lane.claiming = claiming.catch(() => undefined); // The runner that claims gets the error.
      const held = await claiming;
      if (!held) return;
      try {
        // This batch may take long, and idle runners have gone: the alarm wakes them for a retry that becomes due meanwhile.
        await setAlarm(lane);
        if (await deliver(lane.provider, held.claim, lane.next)) kick(lane.next ?? lane.provider);
      } finally {
        held.release();
      }
    }
  };

  const setAlarm = async (lane: Lane): Promise<void> => {
    try {
      await planAlarm(lane);
    } catch (error) {
      report(error, `planning the next batch of ${lane.provider.id}`);
    }
  };

  const planAlarm = async (lane: Lane): Promise<void> => {
    // The batches that this process has in hand are due at no time, so a busy lane does not wake for them.
    const due = await storage.nextDue(lane.provider.account, clock.now(), presence.claimant());
    if (due === undefined || stopping.signal.aborted) return;
    // A batch that is due now goes to the next free runner.
    if (lane.runners > 0 && due <= clock.now()) return;
    lane.alarm?.abort();
    const alarm = new AbortController();
    lane.alarm = alarm;
    const signal = AbortSignal.any([alarm.signal, stopping.signal]);
    const waitMs = due - clock.now();
    const retryMs = lane.hasFailed ? TROUBLE_MS : LOOK_AGAIN_MS;
    lane.hasFailed = false;
    clock.sleep(waitMs > 0 ? Math.min(waitMs, LONGEST_SLEEP_MS) : retryMs, signal).then(
      () => start(lane),
      (error: unknown) => {
        if (!signal.aborted) report(error, "waiting for the next batch");
      },
    );
  };

  const startRunner = async (lane: Lane): Promise<void> => {
    lane.runners += 1;
    try {
      await run(lane);
    } catch (error) {
      lane.hasFailed = true;
      report(error, `carrying out batches of ${lane.provider.id}`);
    }
    lane.runners -= 1;
    await setAlarm(lane);
  };

  function start(lane: Lane): void {
    while (lane.runners < (lane.provider.limits.batchesAtOnce ?? BATCHES_AT_ONCE) && !stopping.signal.aborted) {
      const runner = startRunner(lane);
      running.add(runner);
      void runner.finally(() => running.delete(runner));
    }
  }

  /** Most calls refresh nothing, so this looks before it claims: a look takes no lock of the store. */
  const startRefreshes = async (lane: Lane): Promise<void> => {
    const due = await storage.nextDue(lane.provider.account, clock.now(), presence.claimant());
    if (due === undefined || stopping.signal.aborted) return;
    if (due <= clock.now()) start(lane);
    else await setAlarm(lane);
  };

  function kick(provider: Provider): void {
    start(laneOf(provider));
    if (!provider.refresh) return;
    const looking = startRefreshes(laneOf(provider.refresh, provider)).catch((error: unknown) => {
      report(error, `looking for refreshes of ${provider.id}`);
    });
    running.add(looking);
    void looking.finally(() => running.delete(looking));
  }

  return {
    kick,
    busySince,
    stop: async (graceMs) => {
      stopping.abort();
      const idle = Promise.allSettled([...running]);
      const grace = new AbortController();
      await Promise.race([idle, Promise.allSettled([clock.sleep(graceMs, grace.signal)])]);
      grace.abort();
      sending.abort(new PrefetchError("cancelled", "The server stopped before the vendor answered", { delivery: "unknown" }));
      await idle;
    },
  };
}

/**
 * Fair share, for providers with many batches in flight: a task may use at most half of the slots that other tasks leave free, so a long task never blocks
 * the next. With the usual few batches per account, all of them are short.
 */
function tasksWithFullShare(inFlight: ReadonlyMap<string, number>, slots: number): string[] {
  const total = [...inFlight.values()].reduce((sum, count) => sum + count, 0);
  return [...inFlight].flatMap(([taskId, count]) => (count >= Math.ceil((slots - (total - count)) / 2) ? [taskId] : []));
}
