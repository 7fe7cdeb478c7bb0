/** What tests put in the place of time and of vendors. Everything else in them is the real thing. */

import { setImmediate as settled } from "node:timers/promises";
import type { Cache } from "../src/base/cache.ts";
import type { Clock } from "../src/base/clock.ts";
import { PrefetchError } from "../src/base/errors.ts";
import { createAllowances } from "../src/prefetch/admission/allowance.ts";
import { createPresence } from "../src/prefetch/delivery/presence.ts";
import { createPause, createRateLimiter } from "../src/prefetch/delivery/rate-limit.ts";
import { createWorker } from "../src/prefetch/delivery/worker.ts";
import type { BatchContent, Progress, Provider, ProviderLimits, Submission } from "../src/prefetch/model/provider.ts";
import type { ProviderDirectory } from "../src/prefetch/model/provider-directory.ts";
import type { AccountQuery, Claim, NewTask, Storage } from "../src/prefetch/model/storage.ts";
import type { Batch, Item } from "../src/prefetch/model/task.ts";
import { createFollow } from "../src/prefetch/tracking/follow.ts";
import { createLookups } from "../src/prefetch/tracking/lookups.ts";

/** Noon of a day in Shanghai, where the fake provider's day begins and ends. */
export const NOON = Date.parse("2026-11-21T12:00:00+08:00");
export const TODAY = "2026-11-21";

export interface FakeClock extends Clock {
  /** Lets `ms` pass, waking every sleeper in its turn. */
  advance(ms: number): Promise<void>;
  /** Jumps from sleeper to sleeper until `work` is done. Throws when nobody sleeps and it never will be. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** When each sleeper wakes, soonest first. */
  alarms(): number[];
  /** Lets `ms` pass in which nobody runs: sleepers wake late. */
  stall(ms: number): void;
  /** Sets the time of day, forwards or backwards. No time passes. */
  step(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function fakeClock(start = NOON): FakeClock {
  let now = start;
  /** What was added to the time of day. */
  let stepped = 0;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | undefined => [...sleepers].sort((a, b) => a.at - b.at)[0];
  const wake = (sleeper: Sleeper): void => {
    now = Math.max(now, sleeper.at);
    sleepers.delete(sleeper);
    sleeper.wake();
  };
  // The store answers at once and promises need no time, so after one turn of the event loop everything has come to rest.
  const settle = async (): Promise<void> => {
    await settled();
  };

  return {
    now: () => now + stepped,
    monotonic: () => now,
    boot: "the boot of the tests",
    stall: (ms) => {
      now += ms;
    },
    step: (ms) => {
      stepped += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        if (ms <= 0) {
          resolve();
          return;
        }
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          // As real timers do: whole milliseconds, and never early.
          at: now + Math.ceil(ms),
          wake: () => {
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      }),
    settle,
    alarms: () => [...sleepers].map((sleeper) => sleeper.at).sort((a, b) => a - b),
    advance: async (ms) => {
      const end = now + ms;
      await settle();
      for (let sleeper = next(); sleeper && sleeper.at <= end; sleeper = next()) {
        wake(sleeper);
        await settle();
      }
      now = end;
    },
    drive: async (work) => {
      let done = false;
      const finish = (): void => {
        done = true;
      };
      work.then(finish, finish);
      for (;;) {
        await settle();
        if (done) return work;
        const sleeper = next();
        if (!sleeper) throw new Error("Nobody sleeps, and the work is not done: it never will be.");
        wake(sleeper);
      }
    },
  };
}

/** A cache that forgets by the fake clock. As with Keyv, no time at all means for ever. */
export function fakeCache<Value>(clock: Clock): Cache<Value> {
  const entries = new Map<string, { value: Value; until: number }>();
  return {
    get: async (key) => {
      const entry = entries.get(key);
      return entry && entry.until > clock.now() ? entry.value : undefined;
    },
    delete: async (key) => entries.delete(key),
    set: async (key, value, ttlMs) => entries.set(key, { value, until: ttlMs > 0 ? clock.now() + ttlMs : Number.POSITIVE_INFINITY }),
  };
}

export const fakeLimits: ProviderLimits = {
  urlsPerRequest: 2,
  bytesPerRequest: 100_000,
  bytesOf: (url) => JSON.stringify(url).length + 1,
  requestsPerMinute: 6_000,
  urlsPerDay: 100,
  urlLength: 2_000,
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
};

export interface FakeProvider extends Provider {
  /** What went over the wire, in order. */
  readonly received: BatchContent[];
}

export interface ProviderScript extends Partial<Omit<Provider, "submit" | "limits">> {
  readonly limits?: Partial<ProviderLimits>;
  /** The vendor's answer to its nth batch, counted from 0. */
  readonly answer?: (batch: BatchContent, nth: number, signal: AbortSignal) => Submission | Promise<Submission>;
  /** Makes it a provider that does the work itself: what it does with its nth batch. */
  readonly work?: (batch: DirectBatch, nth: number) => void | Promise<void>;
}

export interface DirectBatch {
  readonly urls: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const direct = {
  tracking: "direct",
  accepts: ["urls"],
  status: undefined,
} satisfies Partial<Provider>;

/** The providers that a server knows; those without credentials among them cannot be got. */
export function fakeDirectory(providers: readonly Provider[], more: Partial<Omit<ProviderDirectory, "get">> = {}): ProviderDirectory {
  const known = more.known ?? providers.map((provider) => provider.id);
  const configured = more.configured ?? known;
  return {
    known,
    configured,
    problems: more.problems ?? known.filter((id) => !configured.includes(id)).map((id) => `${id} needs OTHER_KEY.`),
    fallbacks: more.fallbacks ?? [],
    unfinished: more.unfinished ?? [],
    routes: more.routes ?? [],
    get: async (id) => {
      const provider = providers.find((candidate) => candidate.id === id);
      if (provider && configured.includes(id)) return provider;
      throw new PrefetchError("not_configured", `${id} is not configured`, { hint: "Set OTHER_KEY." });
    },
  };
}

/** A provider that behaves as the contract says: it takes its turn, sends, and returns or throws what the script answers. */
export function fakeProvider({ answer, work, limits, ...members }: ProviderScript = {}): FakeProvider {
  const received: BatchContent[] = [];
  return {
    id: "fake-cdn",
    title: "Fake CDN",
    docs: "https://docs.example.com/",
    account: "fake-cdn:1",
    accepts: ["asset", "urls"],
    tracking: "task",
    depth: "edge",
    reach: "They are warm at the edge.",
    status: async () => [],
    close: async () => undefined,
    ...(work && direct),
    ...members,
    limits: { ...fakeLimits, ...limits },
    received,
    submit: async (batch, { signal, turn, progress }) => {
      await turn();
      const nth = received.push(batch) - 1;
      if (work && progress) {
        await work({ urls: urlsOf(batch), progress, signal }, nth);
        return { vendorTaskIds: [], refused: [] };
      }
      return answer ? answer(batch, nth, signal) : { vendorTaskIds: [`vendor-${nth}`], requestId: `request-${nth}`, refused: [] };
    },
  };
}

/** An answer that only comes when the request is aborted, as a real client then tells it: sent, outcome unknown. */
export function neverAnswered(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(new PrefetchError("cancelled", "The request was stopped after it was sent", { delivery: "unknown" }));
    });
  });
}

export function urlsOf(batch: BatchContent): readonly string[] {
  return batch.kind === "urls" ? batch.urls : [];
}

export function manyUrls(count: number, prefix = "https://media.example.com/"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}.mp4`);
}

/** What an admission asks about the fake provider's account. */
export function accountQuery(more: Partial<AccountQuery> = {}): AccountQuery {
  return { account: "fake-cdn:1", tenant: "", day: TODAY, targets: [], recentSince: 0, laterDays: [], ...more };
}

export interface ProcessOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly dailyBudget?: number | undefined;
  readonly tenantDailyBudget?: number | undefined;
  /** Told of what goes wrong outside any call; without it, nothing may. */
  readonly report?: (error: unknown, about: string) => void;
  readonly stopped?: AbortSignal;
}

function nothingMayGoWrong(error: unknown): never {
  throw error;
}

/** What one server process has on a store, wired as the server wires it. */
export function startProcess(options: ProcessOptions) {
  const { storage, clock, dailyBudget, tenantDailyBudget, report = nothingMayGoWrong, stopped = never } = options;
  const limiter = createRateLimiter(storage, clock);
  const allowances = createAllowances({ storage, clock, answers: fakeCache(clock), dailyBudget, tenantDailyBudget, stopped, report });
  const lookups = createLookups({
    statuses: fakeCache(clock),
    assets: fakeCache(clock),
    limiter,
    pollSeconds: undefined,
    onThrottled: createPause(storage, clock, nothingMayGoWrong),
    stopped,
  });
  processes += 1;
  const presence = createPresence({ storage, clock, id: `process ${processes}`, report });
  return {
    allowances,
    lookups,
    presence,
    follow: createFollow(storage, lookups, clock),
    worker: createWorker({
      storage,
      clock,
      limiter,
      random: () => 0.5,
      allowances,
      presence,
      withTraceparent: (_, work) => work(),
      report,
    }),
  };
}

let processes = 0;

/** A claim by a process to which every other one is dead. */
export async function claimAsSurvivor(storage: Storage, account: string, now: number): Promise<Claim | undefined> {
  const owner = "survivor";
  const claimant = { owner, inHand: [], dead: await storage.holders(owner) };
  return storage.claim(account, now, now + 300_000, { claimant });
}

/** A signal that nobody aborts. */
export const { signal: never } = new AbortController();

export interface TaskSketch {
  readonly id: string;
  readonly tenant?: string;
  readonly urls?: readonly string[];
  /** Items that were turned down before sending. */
  readonly rejected?: readonly string[];
  readonly assetId?: string;
  readonly perBatch?: number;
  readonly account?: string;
  readonly provider?: string;
  readonly day?: string;
  readonly now?: number;
  readonly costPerBatch?: number;
  readonly deferrable?: boolean;
}

/** A task as planning would store it: every batch queued and due. */
export function newTask(sketch: TaskSketch): NewTask {
  const { id, urls = [], rejected = [], assetId, perBatch = 2, now = NOON } = sketch;
  const kind = assetId === undefined ? "url" : "asset";
  const targets = assetId === undefined ? urls : [assetId];
  const item = (index: number, target: string, rest: Partial<Item>): Item => ({
    index,
    batch: undefined,
    kind,
    target,
    state: "queued",
    code: undefined,
    reason: undefined,
    parts: undefined,
    ...rest,
  });
  const batchCount = Math.ceil(targets.length / perBatch);
  return {
    task: {
      id,
      tenant: sketch.tenant ?? "",
      traceparent: undefined,
      createdAt: now,
      providers: [sketch.provider ?? "fake-cdn"],
      duplicatesRemoved: 0,
      skippedRecent: 0,
    },
    batches: Array.from(
      { length: batchCount },
      (_, number): Batch => ({
        taskId: id,
        number,
        origin: number,
        provider: sketch.provider ?? "fake-cdn",
        account: sketch.account ?? "fake-cdn:1",
        kind: kind === "asset" ? "asset" : "urls",
        state: "queued",
        day: sketch.day ?? TODAY,
        cost: sketch.costPerBatch ?? Math.min(perBatch, targets.length - number * perBatch),
        deferrable: sketch.deferrable ?? false,
        attempts: 0,
        notBefore: now,
        owner: undefined,
        leaseUntil: undefined,
        sentAt: undefined,
        sentMonotonic: undefined,
        sentBoot: undefined,
        vendorTaskIds: [],
        requestId: undefined,
      }),
    ),
    items: [
      ...targets.map((target, index) => item(index, target, { batch: Math.floor(index / perBatch) })),
      ...rejected.map((target, index) =>
        item(targets.length + index, target, { state: "rejected", code: "invalid_argument", reason: "The URL is not usable." }),
      ),
    ],
  };
}

/** One task of what several sketches plan, as a list over several providers is. */
export function newTaskOf(...sketches: TaskSketch[]): NewTask {
  const [first, ...rest] = sketches.map(newTask);
  if (!first) throw new Error("There is no task of nothing.");
  return rest.reduce(
    (all, { task, batches, items }) => ({
      task: { ...all.task, providers: [...new Set([...all.task.providers, ...task.providers])] },
      batches: [
        ...all.batches,
        ...batches.map((batch) => ({ ...batch, number: batch.number + all.batches.length, origin: batch.origin + all.batches.length })),
      ],
      items: [
        ...all.items,
        ...items.map((item) => ({
          ...item,
          index: item.index + all.items.length,
          batch: item.batch === undefined ? undefined : item.batch + all.batches.length,
        })),
      ],
    }),
    first,
  );
}
