/** Finds what nobody in this process was asked to send: what an earlier server left, or one beside it that died. */

import type { Clock } from "../../base/clock.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { Storage } from "../model/storage.ts";
import type { Worker } from "./worker.ts";

/** Hosts start disposable processes to probe a server; what waits does so until this one proves to stay. */
const FIRST_MS = 5_000;
/** Timers stand still while a machine is suspended, so this is also how late after that what was due meanwhile is sent. */
const AGAIN_MS = 60_000;

export interface ResumeOptions {
  readonly storage: Pick<Storage, "nextDue">;
  readonly worker: Pick<Worker, "kick">;
  readonly directory: Pick<ProviderDirectory, "configured" | "get">;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

/** Has the worker take up whatever waits for one of the configured accounts, now and then, until the server stops. */
export async function keepSending({ storage, worker, directory, clock, stopped, report }: ResumeOptions): Promise<void> {
  const look = async (id: string): Promise<void> => {
    const provider = await directory.get(id);
    const now = clock.now();
    const due = await storage.nextDue(provider.account, now);
    if (due !== undefined && due <= now) worker.kick(provider);
  };
  for (let pause = FIRST_MS; ; pause = AGAIN_MS) {
    try {
      await clock.sleep(pause, stopped);
    } catch {
      // Only stopping ends a sleep before its time.
      return;
    }
    const looks = await Promise.allSettled(directory.configured.map(look));
    for (const { reason } of looks.filter((each) => each.status === "rejected")) report(reason, "looking for what waits to be sent");
  }
}
