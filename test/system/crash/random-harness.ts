/** Chance that can be repeated: the same seed gives the same numbers. */

export interface Random {
  readonly seed: number;
  /** From 0 to `most`, both included. */
  upTo(most: number): number;
  chance(share: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  shuffled<Value>(values: readonly Value[]): Value[];
}

/** The seed is RELIABILITY_SEED, where that is set, so that a failed run can be had again. */
export function newSeed(): number {
  const wanted = Number(process.env.RELIABILITY_SEED ?? Number.NaN);
  return Number.isSafeInteger(wanted) ? wanted : Math.floor(Math.random() * 2 ** 31);
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  // Mulberry32: small, and even enough to choose moments by.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (most: number) => Math.floor(next() * (most + 1));
  return {
    seed,
    upTo,
    chance: (share) => next() < share,
    pick: (values) => {
      const value = values[upTo(values.length - 1)];
      if (value === undefined) throw new RangeError("There is nothing to pick from.");
      return value;
    },
    shuffled: (values) => {
      const rest = [...values];
      return values.flatMap(() => rest.splice(upTo(rest.length - 1), 1));
    },
  };
}
