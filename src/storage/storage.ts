/** The storage contract over a database: the kind of transaction in which each method runs. Both stores share it. */

import type { PrefetchError } from "../base/errors.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import type { Steps } from "./steps.ts";

export type Work<Result> = (steps: Steps) => Promise<Result>;

export interface Database {
  /** A single query. */
  read<Result>(work: Work<Result>): Promise<Result>;
  /** Several queries that see one state of the store. */
  snapshot<Result>(work: Work<Result>): Promise<Result>;
  /** One transaction: all of `work` is stored, or none of it. */
  write<Result>(work: Work<Result>): Promise<Result>;
  /** The error that callers see. */
  explain(error: unknown): PrefetchError;
  check(): Promise<void>;
  close(): Promise<void>;
}

export function createStorage({ read, snapshot, write, explain, check, close }: Database): Storage {
  return {
    admit: async (queries, decide) => {
      let refusal: { readonly reason: unknown } | undefined;
      try {
        return await write(async (steps) => {
          await steps.holdAccounts(queries);
          const facts = await steps.facts(queries);
          const planned = await (async () => decide(facts))().catch((reason: unknown) => {
            refusal = { reason };
            throw reason;
          });
          if (planned.task) await steps.addTask(planned.task);
          return planned;
        });
      } catch (error) {
        throw refusal ? refusal.reason : error;
      }
    },
    facts: (queries) => snapshot((steps) => steps.facts(queries)),

    task: (taskId) => snapshot((steps) => steps.task(taskId)),
    tasks: (query) => snapshot((steps) => steps.tasks(query)),
    items: (taskId, query) => read((steps) => steps.items(taskId, query)),
    known: (queries) => snapshot((steps) => steps.known(queries)),
    following: (taskId) => snapshot((steps) => steps.following(taskId)),
    backlog: () => read((steps) => steps.backlog()),
    census: () => read((steps) => steps.census()),
    isCancelled: (taskId) => read((steps) => steps.isCancelled(taskId)),

    claim: async (account, now, leaseUntil, options = {}) => {
      const { claim, damage } = await write((steps) => steps.claim(account, now, leaseUntil, options));
      // Thrown inside, the error would roll the postponement back, and the next claim would meet the same batch.
      if (!claim && damage !== undefined) throw explain(damage);
      return claim;
    },
    nextDue: (account, now, claimant) => snapshot((steps) => steps.nextDue(account, now, claimant)),
    dueAccounts: (now, claimant) => snapshot((steps) => steps.dueAccounts(now, claimant)),
    startSending: (batch, start) => write((steps) => steps.startSending(batch, start)),
    change: (batch, change) => write((steps) => steps.change(batch, change)),
    cancel: (taskId) => write((steps) => steps.cancel(taskId)),
    endOldWaits: (now, setBackMs) => write((steps) => steps.endOldWaits(now, setBackMs)),
    noteSignal: (account, signal) => write((steps) => steps.noteSignal(account, signal)),
    clean: (before, most) => write((steps) => steps.clean(before, most)),

    holders: async (owner) => {
      const found = await read(({ owners }) => owners.holders(owner));
      // Beats wait for the lock for writing. A look waits for it as well, or a long write would look like silence.
      return found.length === 0 ? found : write(({ owners }) => owners.holders(owner));
    },
    beat: (owner) => write(({ owners }) => owners.beat(owner)),

    ledger: (account, day) => snapshot(({ ledger }) => ledger.of(account, day)),
    spentBy: (tenant, account, day) => read(({ ledger }) => ledger.spentBy(tenant, account, day)),

    isReservedBeyond: (key, at) => read(({ rateSlots }) => rateSlots.isReservedBeyond(key, at)),
    reserveSlot: (key, intervalMs, burst, now) => write(({ rateSlots }) => rateSlots.reserve(key, intervalMs, burst, now)),
    pauseSlots: (key, until) => write(({ rateSlots }) => rateSlots.pause(key, until)),

    check,
    close,
  };
}
