/** Warms URLs by fetching each through the edge, within what was allowed to be used; hosts and limits are shared by all calls. */

import QuickLRU from "quick-lru";
import { type ErrorCode, explain } from "../../../base/errors.ts";
import { createSemaphore } from "../../../base/semaphore.ts";
import { createThrottle } from "../../../base/throttle.ts";
import type { Progress, Settled } from "../../../prefetch/model/provider.ts";
import { createFetcher, type FetcherOptions, type Host, type Trip, type Way } from "./fetcher.ts";
import type { Verdict } from "./judge.ts";
import { createRun, type Run } from "./task-run.ts";

export interface WarmerOptions extends FetcherOptions {
  readonly ways: readonly Way[];
}

export interface Warmer {
  /** Tells the outcome of each URL as soon as it is known. Rejects with the signal's reason only; what was not told then was not done. */
  warm(urls: readonly string[], progress: Progress, signal: AbortSignal): Promise<void>;
}

interface UsedHost extends Host {
  users: number;
}

/** Of a URL that was fetched in many ways. */
const LONGEST_REASON = 1_000;
/** Hosts and tasks that are not busy. */
const REMEMBERED = 1_000;
/** Codes of what is turned down before anything is sent. */
const notAskedFor: readonly string[] = ["forbidden_domain", "invalid_argument", "limit_reached"] satisfies ErrorCode[];

export function createWarmer(options: WarmerOptions): Warmer {
  const { ways, clock, limits } = options;
  const fetchThrough = createFetcher(options);
  const busy = new Map<string, UsedHost>();
  /** The rate that a host is asked at, and how long it wants to be left alone, outlast a batch. */
  const resting = new QuickLRU<string, UsedHost>({ maxSize: REMEMBERED });
  const runs = new QuickLRU<string, Run>({ maxSize: REMEMBERED });

  const newHost = (): UsedHost => ({
    semaphore: createSemaphore(limits.perHost),
    throttle: createThrottle(limits.requestsPerSecond, clock),
    holdUntil: 0,
    users: 0,
  });

  const takeHost = (name: string): UsedHost => {
    const host = busy.get(name) ?? resting.get(name) ?? newHost();
    busy.set(name, host);
    host.users += 1;
    return host;
  };

  const releaseHost = (name: string, host: UsedHost): void => {
    host.users -= 1;
    if (host.users > 0) return;
    busy.delete(name);
    resting.set(name, host);
  };

  const runOf = ({ taskId, taskBytes }: Progress): Run => {
    const run = runs.get(taskId) ?? createRun(limits, clock);
    runs.set(taskId, run);
    run.movedBefore(taskBytes);
    return run;
  };

  /** In each way, whatever became of the others: an edge that is out of order is no reason to leave the rest cold. */
  const fetchOne = async (host: Host, hostName: string, url: string, trip: Trip): Promise<Settled> => {
    const tried: Tried[] = [];
    for (const way of ways) {
      const { name } = way;
      const place = name === "" ? hostName : `${hostName} (${name})`;
      const refusal = trip.run.enough(place);
      if (refusal) {
        tried.push({ name, asked: false, verdict: { state: "failed", code: refusal.code, reason: `Not fetched. ${explain(refusal)}` } });
        continue;
      }
      const verdict = await fetchThrough(host, way, url, trip);
      trip.run.note(place, verdict);
      tried.push({ name, asked: true, verdict });
    }
    return outcomeOf(url, tried);
  };

  const warmHost = async (name: string, urls: readonly string[], trip: Trip): Promise<void> => {
    const { progress, signal } = trip;
    const host = takeHost(name);
    const open = urls.values();
    const lane = async (): Promise<void> => {
      for (const url of open) {
        await host.semaphore.acquire(signal);
        try {
          progress.settled(await fetchOne(host, name, url, trip));
        } finally {
          host.semaphore.release();
        }
      }
    };
    try {
      await atRest(Array.from({ length: Math.min(limits.perHost, urls.length) }, lane));
    } finally {
      releaseHost(name, host);
    }
  };

  return {
    warm: async (urls, progress, signal) => {
      const trip = { run: runOf(progress), progress, signal };
      const byHost = Map.groupBy(urls, (url) => new URL(url).host);
      await atRest([...byHost].map(([name, own]) => warmHost(name, own, trip)));
    },
  };
}

/** As `Promise.all`, but it rejects only when nothing of the work goes on any more. */
async function atRest(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

type Final = Exclude<Verdict, { state: "doubtful" }>;

/** One of the ways of a URL, and what came of it. */
interface Tried {
  readonly name: string;
  readonly asked: boolean;
  readonly verdict: Final;
}

function outcomeOf(url: string, tried: readonly Tried[]): Settled {
  const bad = tried.flatMap(({ asked, verdict }) => (verdict.state === "succeeded" ? [] : [{ asked, code: verdict.code }]));
  const told = tried.filter(({ verdict }) => bad.length === 0 || verdict.state !== "succeeded");
  const reason = told
    .map(({ name, verdict }) => (name === "" ? verdict.reason : `${name}: ${verdict.reason}`))
    .join(" ")
    .slice(0, LONGEST_REASON);
  const worst = bad.find(({ asked }) => asked) ?? bad[0];
  if (!worst) return { url, state: "succeeded", reason };
  const wasAsked = tried.some(({ asked }) => asked) && !notAskedFor.includes(worst.code);
  return { url, state: wasAsked ? "failed" : "rejected", code: worst.code, reason };
}
