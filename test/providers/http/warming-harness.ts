/** Runs the http provider against web servers on loopback and collects its outcomes. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { Settled } from "../../../src/prefetch/model/provider.ts";
import { createHttp, type HttpOptions } from "../../../src/providers/http/http.ts";
import { defaultWarmLimits, type WarmLimits } from "../../../src/providers/http/limits.ts";
import { NOON } from "../../fakes/clock.ts";
import { neverAborted as never } from "../../fakes/signal.ts";

export interface InstantClock extends Clock {
  /** The sleeps so far, in milliseconds. */
  readonly slept: readonly number[];
}

/** Sleeps take no real time, and time passes in sleeps only. */
export function instantClock(): InstantClock {
  const slept: number[] = [];
  let now = NOON;
  return {
    slept,
    now: () => now,
    monotonic: () => now,
    boot: "test",
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(Math.ceil(ms));
      const end = now + Math.ceil(ms);
      await nextTurn();
      signal?.throwIfAborted();
      now = Math.max(now, end);
    },
  };
}

/** Headers that allow every cache to store the answer. */
export const cacheable = { "cache-control": "public, max-age=60" };

export interface Warming extends Partial<Omit<HttpOptions, "limits">> {
  readonly limits?: Partial<WarmLimits>;
}

export interface Submit {
  readonly taskId?: string;
  readonly taskBytes?: number;
  readonly signal?: AbortSignal;
  readonly onSettled?: (outcome: Settled) => void;
}

export function warming({ limits, ...more }: Warming = {}) {
  const provider = createHttp({
    clock: instantClock(),
    userAgent: "test",
    limits: { ...defaultWarmLimits, ...limits },
    method: "GET",
    redirects: 0,
    pops: [],
    allowLoopback: true,
    // Every name resolves to this machine, so one server can stand for many hosts.
    lookup: async () => ["127.0.0.1"],
    ...more,
  });
  onTestFinished(() => provider.close());
  let tasks = 0;
  /** Warms the URLs as one batch. */
  const warm = async (urls: readonly string[], submit: Submit = {}) => {
    const outcomes: Settled[] = [];
    const totals = { bytes: 0, turns: 0 };
    tasks += 1;
    const submission = await provider.submit(
      { kind: "urls", urls },
      {
        signal: submit.signal ?? never,
        turn: async () => {
          totals.turns += 1;
        },
        progress: {
          taskId: submit.taskId ?? `pf_${tasks}`,
          taskBytes: submit.taskBytes ?? 0,
          settled: (outcome) => {
            outcomes.push(outcome);
            submit.onSettled?.(outcome);
          },
          moved: (bytes) => {
            totals.bytes += bytes;
          },
        },
      },
    );
    return { submission, outcomes, ...totals };
  };
  return {
    provider,
    warm,
    outcomeOf: async (url: string): Promise<Settled> => {
      const { outcomes } = await warm([url]);
      const [outcome] = outcomes;
      if (!outcome || outcomes.length > 1) throw new Error(`The URL settled ${outcomes.length} times`);
      return outcome;
    },
  };
}

export const numbered = (count: number, url: (path: string) => string): string[] =>
  Array.from({ length: count }, (_, nth) => url(`/${nth}`));

export const urlsIn = (outcomes: readonly Settled[]): string[] => outcomes.map(({ url }) => url).sort();

/** Counts the outcomes by state. */
export const statesIn = (outcomes: readonly Settled[]): Partial<Record<Settled["state"], number>> =>
  Object.fromEntries([...Map.groupBy(outcomes, ({ state }) => state)].map(([state, all]) => [state, all.length]));

/** Waits for an effect of network traffic. */
export const until = <Value>(look: () => Value) => expect.poll(look, { interval: 2, timeout: 10_000 });
