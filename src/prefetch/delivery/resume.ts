/** Starts the worker on batches that this process did not plan: those of an earlier server, or of one that died beside it. */

import type { Clock } from "../../base/clock.ts";
import { type Notices, noNotices } from "../model/notices.ts";
import { payingFrom } from "../model/provider.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { DueAccount, Storage } from "../model/storage.ts";
import { createClockWatch } from "./clock-watch.ts";
import { LOOK_MS, type Presence } from "./presence.ts";
import type { Worker } from "./worker.ts";

/** Hosts start short-lived processes to probe a server; waiting this long keeps those from sending anything. */
const FIRST_MS = 5_000;
/**
 * Longer delays batches that became due while the machine slept, because timers stand still meanwhile. Shorter only costs
 * queries.
 */
const AGAIN_MS = 15_000;
/** Between two looks that notices ask for. Shorter: busy processes ask each other's database all the time. Longer: work waits. */
const GAP_MS = 200;

export interface ResumeOptions {
  readonly storage: Pick<Storage, "dueAccounts" | "endOldWaits">;
  readonly worker: Pick<Worker, "kick">;
  readonly presence: Pick<Presence, "claimant" | "look">;
  readonly directory: Pick<ProviderDirectory, "configured" | "get">;
  readonly clock: Clock;
  readonly notices?: Notices | undefined;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/**
 * Until the server stops, watches the processes that hold batches, and looks for due batches of every account that it can use:
 * regularly, whenever one of those processes is dead, and after the machine's clock was set back.
 */
export async function resumeDueBatches(options: ResumeOptions): Promise<void> {
  const { storage, worker, presence, directory, clock, notices = noNotices, stopped, report } = options;
  const resume = async ({ next: { provider: id, account } }: DueAccount): Promise<void> => {
    const provider = payingFrom(await directory.get(id), account);
    // The batches of an account whose keys were replaced wait; the task's status says so.
    if (provider) worker.kick(provider);
  };
  const look = async (): Promise<void> => {
    const due = await storage.dueAccounts(clock.now(), presence.claimant());
    const results = await Promise.allSettled(due.filter(({ next }) => directory.configured.includes(next.provider)).map(resume));
    for (const { reason } of results.filter((each) => each.status === "rejected")) report(reason, "resuming batches that are due");
  };
  const clockWatch = createClockWatch(storage, clock);
  const failing = new Set<string>();
  const watch = async (looks: () => Promise<boolean>, about: string): Promise<boolean> => {
    try {
      const found = await looks();
      failing.delete(about);
      return found;
    } catch (error) {
      // A store that cannot be used stays so for a while, and this looks every two seconds.
      if (!failing.has(about)) report(error, about);
      failing.add(about);
      return false;
    }
  };
  const lookForWork = (): Promise<void> => look().catch((error: unknown) => report(error, "looking for batches that are due"));

  let told = new AbortController();
  /** True when another process tells of due work before the time is over. */
  const isTold = async (ms: number): Promise<boolean> => {
    // The sleep ends early when the server stops, too.
    if (ms > 0) await clock.sleep(ms, AbortSignal.any([stopped, told.signal])).catch(() => undefined);
    return told.signal.aborted && !stopped.aborted;
  };
  const lookWhenTold = async (ms: number): Promise<void> => {
    const until = clock.monotonic() + ms;
    while (await isTold(until - clock.monotonic())) {
      told = new AbortController();
      await lookForWork();
      await clock.sleep(GAP_MS, stopped).catch(() => undefined);
    }
  };

  await clock.sleep(FIRST_MS, stopped).catch(() => undefined);
  if (stopped.aborted) return;
  const stopListening = notices.listen(({ kind }) => {
    if (kind === "due") told.abort();
  });
  for (let lookAt = 0; !stopped.aborted; await lookWhenTold(LOOK_MS)) {
    const hasDied = await watch(presence.look, "looking for processes that died");
    const waitsEnded = await watch(clockWatch.look, "ending waits after the machine's clock was set back");
    if (!hasDied && !waitsEnded && clock.monotonic() < lookAt) continue;
    lookAt = clock.monotonic() + AGAIN_MS;
    await lookForWork();
  }
  stopListening();
}
