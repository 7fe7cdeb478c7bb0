/**
 * Runs a direct provider, which fetches the URLs of a batch itself and reports each one. Every second the reports are stored
 * and the lease is renewed, so a crash loses a second of work. An unreported URL is safe to fetch again.
 */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import type { Claim, Storage } from "../model/storage.ts";
import { contentOf } from "../model/task.ts";
import type { Answer } from "./interpret.ts";
import { createProgressBuffer, type PendingProgress, withProgress } from "./progress-buffer.ts";
import type { Turn } from "./turn.ts";

/**
 * Only servers before schema version 7 heed it. Longer: one of those leaves a dead process's URLs unfetched for longer.
 * Shorter: it takes the batch when the store is slow for a moment.
 */
export const DIRECT_LEASE_MS = 30_000;

export interface DirectRunOptions {
  readonly storage: Pick<Storage, "isCancelled">;
  readonly clock: Clock;
  readonly report: (error: unknown, about: string) => void;
  /** Aborted when requests in flight must be given up. */
  readonly sending: AbortSignal;
}

export interface RunResult {
  readonly answer: Answer;
  /** Reported by the provider and not stored yet. */
  readonly pending: PendingProgress;
  /** The batch and the items that still have no outcome. */
  readonly open: Claim;
}

/** `onProgress` is called whenever progress was stored. */
export async function runDirect(
  { storage, clock, report, sending }: DirectRunOptions,
  { provider, work, turn, onProgress }: { provider: Provider; work: Claim; turn: Turn; onProgress: (() => void) | undefined },
): Promise<RunResult> {
  const { taskId } = work.batch;
  /** Aborted when another process has the batch, or the task was cancelled. */
  const givingUp = new AbortController();

  /** A failure here must not reach the buffer, which would store the same progress again. */
  const stopIfCancelled = async (): Promise<void> => {
    try {
      if (await storage.isCancelled(taskId)) givingUp.abort(givenUp("The task was cancelled"));
    } catch (error) {
      report(error, `asking whether ${taskId} is cancelled`);
    }
  };

  const store = async (pending: PendingProgress): Promise<void> => {
    // A batch that gets on has not been tried in vain, however often it is interrupted.
    const attempts = pending.items.length > 0 ? 0 : turn.batch.attempts;
    const renewed = { kind: "progress", leaseUntil: clock.now() + DIRECT_LEASE_MS, attempts, items: [], refund: 0 } as const;
    if (!(await turn.apply(withProgress(renewed, pending)))) {
      givingUp.abort(givenUp("Another process has the batch by now"));
      return;
    }
    onProgress?.();
    await stopIfCancelled();
  };

  const buffer = createProgressBuffer({
    items: work.items,
    clock,
    write: store,
    report: (error) => report(error, `recording the progress of a batch of ${taskId}`),
  });
  const answer = await provider
    .submit(contentOf(work.batch, work.items), {
      signal: AbortSignal.any([sending, givingUp.signal]),
      turn: async () => {
        await turn.take();
        buffer.begin();
      },
      progress: { taskId, taskBytes: work.task.bytes, settled: buffer.settled, moved: buffer.moved },
    })
    .then(
      (submission): Answer => ({ ok: true, submission }),
      (error: unknown): Answer => ({ ok: false, error }),
    );
  const { open, ...pending } = await buffer.end();
  return { answer, pending, open: { ...work, batch: turn.batch, items: open } };
}

function givenUp(why: string): PrefetchError {
  return new PrefetchError("cancelled", why, { delivery: "unknown" });
}
