/** Opens the store that the configuration names, with the clock that goes with it: the machine's, or the database's. */

import type { Breathe } from "../base/breathe.ts";
import type { Clock } from "../base/clock.ts";
import { type Notices, noNotices } from "../prefetch/model/notices.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import { announcing } from "../storage/postgres/announcing.ts";
import { createDatabaseClock } from "../storage/postgres/database-clock.ts";
import { createPostgresNotices } from "../storage/postgres/notices.ts";
import { openPostgres } from "../storage/postgres/postgres.ts";
import type { openThreadStorage } from "../storage/thread/thread-storage.ts";
import type { AppConfig } from "./config.ts";
import type { ReportError } from "./error-reporter.ts";

/** Smaller: machines that keep each other's time are reported. Larger: a clock that drifts is noticed later. */
const NOTICED_MS = 2_000;

export interface OpenStoreOptions {
  readonly config: Pick<AppConfig, "store" | "postgres" | "sandbox">;
  readonly machine: Clock;
  readonly breathe: Breathe;
  readonly report: ReportError;
  /** Opens a file, or a store in memory. */
  readonly openStorage: typeof openThreadStorage;
}

export interface OpenedStore {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly notices: Notices;
  /** How far this machine's clock is ahead of the database's, in milliseconds, when that is too far. */
  wrongByMs(): number | undefined;
}

export function openStore({ config, machine, breathe, report, openStorage }: OpenStoreOptions): OpenedStore {
  const kind = config.sandbox ? "sandbox" : "real";
  if (!config.postgres) {
    const storage = openStorage({ location: config.store, kind, clock: machine, breathe, report });
    return { storage, clock: machine, notices: noNotices, wrongByMs: () => undefined };
  }
  const clock = createDatabaseClock(machine);
  const opened = openPostgres({ ...config.postgres, kind, clock });
  const notices = createPostgresNotices({ ...config.postgres, clock: machine, report });
  const close = async (): Promise<void> => {
    await notices.close();
    await opened.close();
  };
  return {
    storage: { ...announcing(opened, notices.announce), close },
    clock,
    notices,
    wrongByMs: () => {
      const aheadMs = Math.round(clock.aheadMs() ?? 0);
      return Math.abs(aheadMs) > NOTICED_MS ? aheadMs : undefined;
    },
  };
}
