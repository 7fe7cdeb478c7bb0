/** Brings a task up to date: asks vendors about its accepted batches and stores the answers. */

import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import type { Provider, StatusRow } from "../model/provider.ts";
import type { Storage, WorkItem } from "../model/storage.ts";
import { type Batch, contentOf } from "../model/task.ts";
import { abandoned, applyStatus, finished, type StatusChange } from "./apply-status.ts";
import type { Lookups } from "./lookups.ts";

/** Batches of one account that are looked up at a time. More would only queue at the rate limiter. */
const CONCURRENCY = 4;
/** Submits and look-ups share the vendor's rate; while batches wait to be sent, look-ups take the smaller share. */
const CONCURRENCY_WHILE_SENDING = 1;
/** A vendor lists an accepted task within seconds. Giving up sooner would lose the outcome of a slow one. */
const LISTED_MS = 600_000;
const DAY_MS = 86_400_000;

/**
 * Looks up every open batch until all are done, an error stops it, or the signal aborts. Resolves with the error that
 * kept it from learning more; the stored state is then the last known one.
 *
 * `sending`: accounts with batches that are due to be sent.
 */
export type Follow = (
  taskId: string,
  providerOf: (id: string) => Promise<Provider>,
  signal: AbortSignal,
  sending: ReadonlySet<string>,
) => Promise<PrefetchError | undefined>;

export interface FollowOptions {
  /** A task that the vendor does not list this long after it was accepted is one that the vendor does not know. */
  readonly listedMs?: number;
}

export function createFollow(
  storage: Pick<Storage, "following" | "change">,
  lookups: Lookups,
  clock: Clock,
  { listedMs = LISTED_MS }: FollowOptions = {},
): Follow {
  const ageOf = ({ sentAt = 0, sentBoot, sentMonotonic }: Batch): Age => {
    const ms = clock.now() - sentAt;
    return { ms, measuredMs: sentBoot === clock.boot && sentMonotonic !== undefined ? clock.monotonic() - sentMonotonic : ms };
  };

  const lookUp = async (provider: Provider, work: WorkItem, signal: AbortSignal): Promise<StatusChange> => {
    const { vendorTaskIds, sentAt } = work.batch;
    const query = { vendorTaskIds, content: contentOf(work.batch, work.items), ...(sentAt !== undefined && { submittedAt: sentAt }) };
    const age = ageOf(work.batch);
    try {
      return changeFrom(provider, work, await lookups.status(provider, query, signal), age, listedMs);
    } catch (error) {
      if (age.measuredMs <= listedMs || !isUnknownTask(error)) throw error;
      return abandoned(work.items, forgotten(provider));
    }
  };

  const followBatch = async (provider: Provider, work: WorkItem, signal: AbortSignal): Promise<void> => {
    const change = await lookUp(provider, work, signal);
    if (change.items.length > 0 || change.kind === "end") await storage.change(work.batch, change);
  };

  /** Resolves with the problem that kept the account's vendor from being asked. */
  const followAccount = async (
    works: readonly WorkItem[],
    providerOf: (id: string) => Promise<Provider>,
    signal: AbortSignal,
    concurrency: number,
  ): Promise<PrefetchError | undefined> => {
    let problem: PrefetchError | undefined;
    // A batch that the vendor does not know says nothing about the next batch; any other problem does.
    const shouldStop = (): boolean => signal.aborted || (problem !== undefined && !isUnknownTask(problem));
    await forEachConcurrently(works, { concurrency, shouldStop }, async (work) => {
      try {
        await followBatch(await providerOf(work.batch.provider), work, signal);
      } catch (error) {
        if (!signal.aborted) problem = asPrefetchError(error);
      }
    });
    return problem;
  };

  return async (taskId, providerOf, signal, sending) => {
    // Accounts are followed side by side, so that a slow vendor does not delay the other ones.
    const accounts = Map.groupBy(await storage.following(taskId), (work) => work.batch.account);
    const problems = await Promise.all(
      [...accounts].map(([account, works]) =>
        followAccount(works, providerOf, signal, sending.has(account) ? CONCURRENCY_WHILE_SENDING : CONCURRENCY),
      ),
    );
    return problems.find((problem) => problem !== undefined);
  };
}

interface Age {
  readonly ms: number;
  /** Where this boot's monotonic clock tells it, the same without the steps of a clock that was set. */
  readonly measuredMs: number;
}

/** Applies the rows. A batch that the vendor will say no more about ends, with its open items untracked. */
function changeFrom(provider: Provider, work: WorkItem, rows: readonly StatusRow[], age: Age, listedMs: number): StatusChange {
  const change = applyStatus(work, rows);
  if (change.kind === "end") return change;
  const isProcessing = rows.some((row) => row.state === "processing");
  const isOver = isPastRecords(provider, age.ms) || (age.measuredMs > listedMs && !isProcessing);
  if (!isOver) return change;
  const isListed = rows.length > 0 && !isProcessing;
  return finished(work, change, isListed ? "The vendor's answer does not name this URL." : forgotten(provider));
}

/** The vendor has deleted its record of a batch this old. */
function isPastRecords({ limits: { recordDays } }: Provider, ageMs: number): boolean {
  return recordDays !== undefined && ageMs > recordDays * DAY_MS;
}

function forgotten({ limits }: Provider): string {
  const kept = limits.recordDays === undefined ? "" : `; it keeps records for ${limits.recordDays} days`;
  return `The vendor no longer knows the task that it gave for this${kept}.`;
}

function isUnknownTask(error: unknown): boolean {
  return error instanceof PrefetchError && error.code === "not_found";
}
