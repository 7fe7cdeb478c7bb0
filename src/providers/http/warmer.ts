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

const REMEMBERED_TASKS = 1_000;
/** Codes of what is turned down before anything is sent. */
const notAskedFor: readonly string[] = ["forbidden_domain", "invalid_argument", "limit_reached"] satisfies ErrorCode[];

export function createWarmer(options: WarmerOptions): Warmer {
  const { ways, clock, limits } = options;
  const fetchThrough = createFetcher(options);
  const hosts = new Map<string, Host & { users: number }>();
  const runs = new QuickLRU<string, Run>({ maxSize: REMEMBERED_TASKS });

  const hostOf = (name: string): Host & { users: number } => {
    let host = hosts.get(name);
    if (!host) {
      const throttle = createThrottle(limits.requestsPerSecond, clock);
      host = { gate: createGate(limits.perHost), throttle, holdUntil: 0, users: 0 };
      hosts.set(name, host);
    }
    return host;
  };

  const runOf = ({ taskId, taskBytes }: Progress): Run => {
    const run = runs.get(taskId) ?? createRun(taskBytes, limits, clock);
    runs.set(taskId, run);
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
    return { url, state: "succeeded", reason: seen.join(" ") };
  };

  const warmHost = async (name: string, urls: readonly string[], trip: Trip): Promise<void> => {
    const { run, progress, signal } = trip;
    const host = hostOf(name);
    host.users += 1;
    const open = urls.values();
    const lane = async (): Promise<void> => {
      for (;;) {
        await host.gate.enter(signal);
        try {
          const { value: url, done } = open.next();
          if (done) return;
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
      await Promise.all(Array.from({ length: Math.min(limits.perHost, urls.length) }, lane));
    } finally {
      host.users -= 1;
      if (host.users === 0 && host.holdUntil <= clock.now()) hosts.delete(name);
    }
  };

  return {
    warm: async (urls, progress, signal) => {
      const trip = { run: runOf(progress), progress, signal };
      const byHost = Map.groupBy(urls, (url) => new URL(url).host);
      await Promise.all([...byHost].map(([name, own]) => warmHost(name, own, trip)));
    },
  };
}

function stateOf({ code }: Exclude<Verdict, { state: "succeeded" }>): "failed" | "rejected" {
  return notAskedFor.includes(code) ? "rejected" : "failed";
}
