/** Starts the worker on batches that this process did not plan: those of an earlier server, or of one that died beside it. */

import type { Clock } from "../../base/clock.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { Storage } from "../model/storage.ts";
import type { Worker } from "./worker.ts";

/** Hosts start short-lived processes to probe a server; waiting this long keeps those from sending anything. */
const FIRST_MS = 5_000;
/**
 * Longer leaves a dead process's batches unsent for longer, and delays batches that became due while the machine slept,
 * because timers stand still meanwhile. Shorter only costs a query per account.
 */
const AGAIN_MS = 15_000;

export interface ResumeOptions {
  readonly storage: Pick<Storage, "nextDue">;
  readonly worker: Pick<Worker, "kick">;
  readonly directory: Pick<ProviderDirectory, "configured" | "get">;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/** Looks for due batches of every configured account until the server stops. */
export async function resumeDueBatches({ storage, worker, directory, clock, stopped, report }: ResumeOptions): Promise<void> {
  const look = async (id: string): Promise<void> => {
    const provider = await directory.get(id);
    const now = clock.now();
    const due = await storage.nextDue(provider.account, now);
    if (due !== undefined && due <= now) worker.kick(provider);
  };
  for (let pauseMs = FIRST_MS; ; pauseMs = AGAIN_MS) {
    try {
      await clock.sleep(pauseMs, stopped);
    } catch {
      return; // The sleep ends early only when the server stops.
    }
    const looks = await Promise.allSettled(directory.configured.map(look));
    for (const { reason } of looks.filter((each) => each.status === "rejected")) report(reason, "looking for batches that are due");
  }
}
