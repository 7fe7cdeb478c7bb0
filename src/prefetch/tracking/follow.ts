/** Brings a task up to date with what the vendor says of its accepted batches. */

import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import type { Provider } from "../model/provider.ts";
import type { Storage, WorkItem } from "../model/storage.ts";
import { contentOf } from "../model/task.ts";
import { abandoned, reported } from "./apply-status.ts";
import type { Lookups } from "./lookups.ts";

const CONCURRENCY = 4;
/** A vendor that does not know a task this long after accepting it will not come to know it. */
const GIVE_UP_MS = 600_000;
const DAY_MS = 86_400_000;
/** Sending and asking share the vendor's rate. While something waits to be sent, asking takes the smaller share. */
const CONCURRENCY_WHILE_SENDING = 1;

/**
 * Looks up every open batch until done, stopped by an error, or aborted, and stores what it learned. Returns the
 * error that kept it from learning more; what is stored then is the last known truth.
 */
export type Follow = (
  taskId: string,
  providerOf: (id: string) => Promise<Provider>,
  signal: AbortSignal,
  /** Accounts that have something to send at this moment. */
  sending: ReadonlySet<string>,
) => Promise<PrefetchError | undefined>;

export function createFollow(storage: Pick<Storage, "following" | "change">, lookups: Lookups, clock: Clock): Follow {
  const followBatch = async (provider: Provider, work: WorkItem, signal: AbortSignal): Promise<void> => {
    const query = { vendorTaskIds: work.batch.vendorTaskIds, content: contentOf(work.batch, work.items) };
    const old = clock.now() - (work.batch.sentAt ?? 0) > GIVE_UP_MS;
    let change: BatchChange;
    try {
      const rows = await lookups.status(provider, query, signal);
      change = reported(work, rows);
      const final = rows.every((row) => row.state !== "processing");
      if (((old && final) || pastRecords(provider, work, clock.now())) && change.batch.state === undefined) {
        const settled = new Set(change.items.map((item) => item.index));
        const rest = { ...work, items: work.items.filter((item) => !settled.has(item.index)) };
        const end = abandoned(rest, rows.length === 0 || !final ? forgotten(provider) : "The vendor's answer does not name this URL.");
        change = { ...end, items: [...change.items, ...end.items] };
      }
    } catch (error) {
      if (!old || !isUnknownTask(error)) throw error;
      change = abandoned(work, forgotten(provider));
    }
    if (change.items.length > 0 || change.batch.state !== undefined) await storage.change(work.batch, change);
  };

  /** The problem that kept the vendor of one account from being asked. */
  const followAccount = async (
    works: readonly WorkItem[],
    providerOf: (id: string) => Promise<Provider>,
    signal: AbortSignal,
    lanes: number,
  ): Promise<PrefetchError | undefined> => {
    const open = works.values();
    let problem: PrefetchError | undefined;
    const lane = async (): Promise<void> => {
      for (const work of open) {
        if ((problem && !isUnknownTask(problem)) || signal.aborted) return;
        try {
          await followBatch(await providerOf(work.batch.provider), work, signal);
        } catch (error) {
          if (!signal.aborted) problem = asPrefetchError(error);
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return problem;
  };

  return async (taskId, providerOf, signal, sending) => {
    // One vendor that is slow or cannot be asked is no reason to keep the others waiting.
    const accounts = Map.groupBy(await storage.following(taskId), (work) => work.batch.account);
    const problems = await Promise.all(
      [...accounts].map(([account, works]) =>
        followAccount(works, providerOf, signal, sending.has(account) ? CONCURRENCY_WHILE_SENDING : CONCURRENCY),
      ),
    );
    return problems.find((problem) => problem !== undefined);
  };
}

/** The vendor tells no more of it than it has told by now, whatever its answer says. */
function pastRecords({ limits: { recordDays } }: Provider, { batch }: WorkItem, now: number): boolean {
  return recordDays !== undefined && now - (batch.sentAt ?? 0) > recordDays * DAY_MS;
}

function forgotten({ limits }: Provider): string {
  const kept = limits.recordDays === undefined ? "" : `; it keeps records for ${limits.recordDays} days`;
  return `The vendor no longer knows the task that it gave for this${kept}.`;
}

/** Concerns one batch alone; the others can still be asked for. */
function isUnknownTask(error: unknown): boolean {
  return error instanceof PrefetchError && error.code === "not_found";
}
