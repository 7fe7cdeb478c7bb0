/** The http provider before web servers on loopback, and what it tells. */

import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { Settled } from "../../../src/prefetch/model/provider.ts";
import { createHttp, type HttpOptions } from "../../../src/providers/http/http.ts";
import { defaultWarmLimits, type WarmLimits } from "../../../src/providers/http/limits.ts";
import { never } from "../../fakes.ts";

export interface HastyClock extends Clock {
  /** What was slept, in milliseconds. */
  readonly slept: readonly number[];
}

/** Real time, but nobody waits: whoever sleeps wakes at once, and it is as late as it would be then. */
export function hastyClock(): HastyClock {
  const slept: number[] = [];
  let skipped = 0;
  const now = (): number => Date.now() + skipped;
  return {
    slept,
    now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(Math.ceil(ms));
      const end = now() + Math.ceil(ms);
      await turnOfTheLoop();
      signal?.throwIfAborted();
      skipped = Math.max(skipped, end - Date.now());
    },
  };
}

export interface Warming extends Partial<Omit<HttpOptions, "limits">> {
  readonly limits?: Partial<WarmLimits>;
}

export interface Submit {
  readonly taskId?: string;
  readonly taskBytes?: number;
  readonly signal?: AbortSignal;
  readonly told?: (outcome: Settled) => void;
}

export function warming({ limits, ...more }: Warming = {}) {
  const provider = createHttp({
    clock: hastyClock(),
    userAgent: "test",
    limits: { ...defaultWarmLimits, ...limits },
    method: "GET",
    redirects: 0,
    pops: [],
    allowLoopback: true,
    // Every name is this machine, so that one server is as many hosts as are wanted.
    lookup: async () => ["127.0.0.1"],
    ...more,
  });
  onTestFinished(() => provider.close());
  let tasks = 0;
  /** Warms the URLs as one batch. */
  const warm = async (urls: readonly string[], submit: Submit = {}) => {
    const told: Settled[] = [];
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
            told.push(outcome);
            submit.told?.(outcome);
          },
          moved: (bytes) => {
            totals.bytes += bytes;
          },
        },
      },
    );
    return { submission, told, ...totals };
  };
  return {
    provider,
    warm,
    /** Of one URL. */
    outcomeOf: async (url: string): Promise<Settled> => {
      const { told } = await warm([url]);
      const [outcome, ...others] = told;
      if (!outcome || others.length > 0) throw new Error(`It was told ${told.length} times`);
      return outcome;
    },
  };
}

export const numbered = (count: number, url: (path: string) => string): string[] =>
  Array.from({ length: count }, (_, nth) => url(`/${nth}`));

export const urlsIn = (told: readonly Settled[]): string[] => told.map(({ url }) => url).sort();

/** How many of them are in each state. */
export const statesIn = (told: readonly Settled[]): Partial<Record<Settled["state"], number>> =>
  Object.fromEntries([...Map.groupBy(told, ({ state }) => state)].map(([state, all]) => [state, all.length]));

/** Waits for something to come about that happens on the wire. */
export const until = <Value>(look: () => Value) => expect.poll(look, { interval: 2 });
