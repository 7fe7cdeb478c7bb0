/**
 * Presence: this process shows that it lives while it holds batches, and watches whether the other holders do. A holder is
 * dead to this process when its counter in the store has stood still while this process watched for `DEAD_AFTER_MS`. No
 * clock that can be set takes part, so setting one neither kills nor revives a process.
 */

import type { Clock } from "../../base/clock.ts";
import type { Claimant, Storage } from "../model/storage.ts";
import type { Batch } from "../model/task.ts";

/** Longer: a process may be called dead after a single late beat. Shorter: more writes to the disk while it sends. */
const BEAT_MS = 2_000;
/** Longer: a dead process's batches wait for longer. Shorter only costs queries. */
export const LOOK_MS = 2_000;
/**
 * Longer: a dead process's batches wait for longer. Shorter: a process that stalls for a moment loses its batches, and
 * those on the wire may end as `unknown`.
 */
const DEAD_AFTER_MS = 8_000;
/** The most that one look may add to a silence: a process that was stopped itself has not watched meanwhile. */
const LONGEST_GAP_MS = 2 * LOOK_MS;

export interface PresenceOptions {
  readonly storage: Pick<Storage, "beat" | "holders">;
  readonly clock: Clock;
  /** Id of this process. No other process ever had it. */
  readonly id: string;
  readonly report: (error: unknown, about: string) => void;
}

type BatchKey = Pick<Batch, "taskId" | "number">;

export interface Presence {
  /** The knowledge of this process, for a claim. */
  claimant(): Claimant;
  /** Takes a claimed batch in hand until the returned function is called. */
  hold(batch: BatchKey): () => void;
  /** Looks whether the other holders live. True when one is dead. */
  look(): Promise<boolean>;
  /**
   * The time at which this process takes up what `owner` holds, unless the owner shows life first; `undefined` for an owner
   * that is alive.
   */
  takesUpAt(owner: string): number | undefined;
}

interface Sight {
  readonly beat: number;
  readonly silentMs: number;
  /** Its counter grew while this process watched. */
  readonly hasBeaten: boolean;
}

export function createPresence({ storage, clock, id, report }: PresenceOptions): Presence {
  const inHand = new Set<BatchKey>();
  let beating: AbortController | undefined;
  let sights: ReadonlyMap<string, Sight> = new Map();
  let lookedAt = clock.monotonic();

  const beatUntil = async (signal: AbortSignal): Promise<void> => {
    let isFailing = false;
    while (!signal.aborted) {
      try {
        await clock.sleep(BEAT_MS, signal);
        await storage.beat(id);
        isFailing = false;
      } catch (error) {
        // A store that cannot be written stays so for a while; one report is enough.
        if (!signal.aborted && !isFailing) report(error, "showing that this process lives");
        isFailing = true;
      }
    }
  };

  return {
    claimant: () => ({
      owner: id,
      inHand: [...inHand],
      dead: [...sights].flatMap(([owner, { beat, silentMs }]) => (silentMs >= DEAD_AFTER_MS ? [{ owner, beat }] : [])),
    }),

    hold: ({ taskId, number }) => {
      const key = { taskId, number };
      inHand.add(key);
      if (!beating) {
        beating = new AbortController();
        void beatUntil(beating.signal);
      }
      return () => {
        inHand.delete(key);
        if (inHand.size > 0) return;
        beating?.abort();
        beating = undefined;
      };
    },

    look: async () => {
      // Time in which the query waits for the store does not count as watched.
      const watchedMs = Math.min(clock.monotonic() - lookedAt, LONGEST_GAP_MS);
      const holders = await storage.holders(id);
      lookedAt = clock.monotonic();
      sights = new Map(
        holders.map(({ owner, beat }): [string, Sight] => {
          const before = sights.get(owner);
          if (!before) return [owner, { beat, silentMs: 0, hasBeaten: false }];
          if (before.beat !== beat) return [owner, { beat, silentMs: 0, hasBeaten: true }];
          return [owner, { ...before, silentMs: before.silentMs + watchedMs }];
        }),
      );
      return [...sights.values()].some(({ silentMs }) => silentMs >= DEAD_AFTER_MS);
    },

    takesUpAt: (owner) => {
      if (owner === id) return undefined;
      const { hasBeaten, silentMs } = sights.get(owner) ?? { hasBeaten: false, silentMs: 0 };
      const isAlive = hasBeaten && silentMs <= LONGEST_GAP_MS;
      return isAlive ? undefined : clock.now() + Math.max(0, DEAD_AFTER_MS - silentMs) + LONGEST_GAP_MS;
    },
  };
}
