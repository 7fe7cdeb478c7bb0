/** Warms URLs by fetching each through the edge, within what was allowed to be used; hosts and limits are shared by all calls. */

import QuickLRU from "quick-lru";
import { type ErrorCode, explain } from "../../errors.ts";
import type { Progress, Settled } from "../../prefetch/provider.ts";
import { createFetcher, type FetcherOptions, type Host, type Trip, type Way } from "./fetcher.ts";
import { createGate } from "./gate.ts";
import type { Verdict } from "./judge.ts";
import { createRun, type Run } from "./task-run.ts";
import { createThrottle } from "./throttle.ts";

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
    gate: createGate(limits.perHost),
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

  const fetchOne = async (host: Host, url: string, trip: Trip): Promise<Settled> => {
    const seen: string[] = [];
    for (const way of ways) {
      const verdict = await fetchThrough(host, way, url, trip);
      const reason = way.name === "" ? verdict.reason : `${way.name}: ${verdict.reason}`;
      if (verdict.state !== "succeeded") return { url, state: stateOf(verdict), code: verdict.code, reason };
      seen.push(reason);
    }
    return { url, state: "succeeded", reason: seen.join(" ").slice(0, LONGEST_REASON) };
  };

  const warmHost = async (name: string, urls: readonly string[], trip: Trip): Promise<void> => {
    const { run, progress, signal } = trip;
    const host = takeHost(name);
    const open = urls.values();
    const lane = async (): Promise<void> => {
      for (const url of open) {
        await host.gate.enter(signal);
        try {
          const refusal = run.enough(name);
          const outcome: Settled = refusal
            ? { url, state: "rejected", code: refusal.code, reason: `Not fetched. ${explain(refusal)}` }
            : await fetchOne(host, url, trip);
          if (!refusal) run.note(name, outcome);
          progress.settled(outcome);
        } finally {
          host.gate.leave();
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

function stateOf({ code }: Exclude<Verdict, { state: "succeeded" }>): "failed" | "rejected" {
  return notAskedFor.includes(code) ? "rejected" : "failed";
}
