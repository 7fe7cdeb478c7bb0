/** The schedule of one round of the soak, from a seed: kills, pauses, clock steps, calls, and how slow the vendors are. Pure. */

import { type Random, seeded } from "./random-harness.ts";

export const accounts = ["huawei", "alibaba", "http"] as const;
export type AccountName = (typeof accounts)[number];

/** Where a request is when a kill or a pause lands; `moment`: wherever the schedule's time finds the process. */
export type Aim = "moment" | "connected" | "there" | "back";

/** `at`: milliseconds since the beginning of the round. */
export type Event = { readonly at: number; readonly server: number } & (
  | { readonly does: "call"; readonly urls: Readonly<Record<AccountName, number>>; readonly policy: "partial" | "defer" }
  | { readonly does: "end"; readonly signal: "SIGKILL" | "SIGTERM"; readonly aim: Aim; readonly downMs: number }
  | { readonly does: "pause"; readonly aim: Aim; readonly ms: number }
  /** `offsetMs`: the distance from the vendor's clock after the step. */
  | { readonly does: "step"; readonly offsetMs: number }
);

export interface Plan {
  readonly seed: number;
  readonly servers: number;
  /** Time of day in China at which the round begins. */
  readonly startMinute: number;
  readonly clock: "steady" | "minutes" | "hours";
  readonly login: "keys" | "password";
  /** Units a day of Alibaba Cloud, and of `PREFETCH_DAILY_BUDGET`, which bounds Huawei Cloud. */
  readonly alibabaLimit: number;
  readonly budget: number;
  /** Milliseconds until Alibaba Cloud's list shows a request. */
  readonly listDelayMs: number;
  /** Shares of spending requests. */
  readonly slow: number;
  readonly lostThere: number;
  readonly lostBack: number;
  readonly events: readonly Event[];
}

const CHAOS_MS = 14_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Vendors answer after at most this long. */
export const SLOWEST_MS = 15_000;
/** Beyond the 130 s after which a request that the list does not show counts as absent. */
const LONG_PAUSE_MS = 140_000;

const pauseOf = (random: Random): number => {
  const kind = random.upTo(99);
  if (kind < 40) return 100 + random.upTo(1_900);
  if (kind < 65) return 2_000 + random.upTo(6_000);
  if (kind < 97) return 8_000 + random.upTo(10_000);
  return LONG_PAUSE_MS;
};

function offsetOf(random: Random, clock: Plan["clock"]): number {
  const side = random.chance(0.5) ? 1 : -1;
  if (clock === "minutes" || random.chance(0.3)) return side * random.upTo(14 * MINUTE_MS);
  return side * random.upTo(5 * HOUR_MS);
}

const aimOf = (random: Random): Aim => random.pick(["moment", "moment", "connected", "there", "back"]);

export function planOf(seed: number): Plan {
  const random = seeded(seed);
  const servers = random.pick([1, 2, 2, 3]);
  const clock = random.pick(["steady", "minutes", "minutes", "hours", "hours"] as const);
  const at = (): number => random.upTo(CHAOS_MS);
  const server = (): number => random.upTo(servers - 1);
  const policy = random.chance(0.2) ? "defer" : "partial";
  const several = <Value>(least: number, most: number, make: () => Value): Value[] =>
    Array.from({ length: least + random.upTo(most - least) }, make);
  const count = (most: number): number => (random.chance(0.7) ? 5 + random.upTo(most) : 0);

  const first: Event = { at: 0, server: server(), does: "call", urls: { huawei: 40, alibaba: 60, http: 20 }, policy };
  const calls = several(1, 3, (): Event => {
    return { at: at(), server: server(), does: "call", urls: { huawei: count(40), alibaba: count(60), http: count(30) }, policy };
  });
  const ends = several(1, 4, (): Event => {
    const signal = random.chance(0.8) ? "SIGKILL" : "SIGTERM";
    return { at: at(), server: server(), does: "end", signal, aim: aimOf(random), downMs: random.upTo(6_000) };
  });
  const pauses = several(0, 2, (): Event => ({ at: at(), server: server(), does: "pause", aim: aimOf(random), ms: pauseOf(random) }));
  // Signatures of keys are valid for 15 minutes around the vendor's time, so those machines find back to it.
  const login = clock === "hours" && random.chance(0.85) ? "password" : random.pick(["keys", "password"] as const);
  const corrected: Event = { at: CHAOS_MS, server: 0, does: "step", offsetMs: offsetOf(random, "minutes") };
  const steps =
    clock === "steady" ? [] : several(1, 4, (): Event => ({ at: at(), server: 0, does: "step", offsetMs: offsetOf(random, clock) }));
  return {
    seed,
    servers,
    startMinute: random.chance(0.15) ? 23 * 60 + 50 + random.upTo(9) : 12 * 60,
    clock,
    login,
    alibabaLimit: random.pick([50, 100, 400]),
    budget: random.pick([60, 120, 1_000]),
    listDelayMs: random.pick([0, 2_000, 20_000]),
    slow: random.pick([0, 0.2, 0.5]),
    lostThere: random.pick([0, 0, 0, 0.05]),
    lostBack: random.pick([0, 0.05, 0.15]),
    events: [first, ...calls, ...ends, ...pauses, ...steps, ...(login === "keys" && clock === "hours" ? [corrected] : [])].sort(
      (a, b) => a.at - b.at,
    ),
  };
}

/** The seed of each round follows from the seed of the soak. */
export function roundSeed(seed: number, round: number): number {
  return (Math.imul(seed, 0x9e3779b1) + Math.imul(round, 0x85ebca6b)) >>> 0;
}
