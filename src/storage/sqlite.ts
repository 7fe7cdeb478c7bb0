/** Storage in one SQLite file through Node's own driver. `:memory:` stores nothing on disk. */

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import { createAdmitting } from "./admitting.ts";
import { createBatches } from "./batches.ts";
import { createCancelling } from "./cancelling.ts";
import { createChanging } from "./changing.ts";
import { createCircuitBreakers } from "./circuit-breakers.ts";
import { createClaiming } from "./claiming.ts";
import { createCleaning } from "./cleaning.ts";
import { createItemCounts } from "./item-counts.ts";
import { createItems } from "./items.ts";
import { createLedger } from "./ledger.ts";
import { type LockTime, realTime } from "./lock-wait.ts";
import { createOldWaits } from "./old-waits.ts";
import { createOwners } from "./owners.ts";
import { createRateSlots } from "./rate-slots.ts";
import { createReading } from "./reading.ts";
import type { StoreKind } from "./schema.ts";
import { createSending } from "./sending.ts";
import { createSql } from "./sql.ts";

/**
 * Opens nothing yet: the first use opens the file, and a use after a failed one tries again. It blocks its thread while it reads
 * and writes, but not while it waits for a lock. It refuses a file of another kind.
 */
export function openSqlite(location: string, clock: Pick<Clock, "now">, lockTime: LockTime = realTime, kind: StoreKind = "real"): Storage {
  const sql = createSql(location, lockTime, kind);
  const { run, get, atomically, read } = sql;
  const ledger = createLedger(sql);
  const counts = createItemCounts(sql);
  const items = createItems(sql, counts);
  const batches = createBatches(sql, items);
  const circuitBreakers = createCircuitBreakers(sql);
  const rateSlots = createRateSlots(sql);
  const owners = createOwners(sql);
  const cancelling = createCancelling(sql, { batches, items, ledger });

  return {
    ...createAdmitting(sql, { batches, items, ledger }),
    ...createReading(sql, { items, counts, clock }),
    ...createClaiming(sql, { batches, items, circuitBreakers, owners, location }),
    ...createSending(sql, batches, ledger),
    ...createOldWaits(sql),
    ...createChanging(sql, { batches, items, ledger, cancelling }),
    ...createCleaning(sql, { items, owners, ledger }),

    noteSignal: (account, signal) => atomically(() => circuitBreakers.record(account, signal, clock.now())),

    isCancelled: (taskId) => read(() => get("SELECT cancelled FROM tasks WHERE id = ?", taskId)?.cancelled === 1),
    cancel: (taskId) =>
      atomically(() => {
        run("UPDATE tasks SET cancelled = 1 WHERE id = ?", taskId);
        return cancelling.cancelUnsent(taskId);
      }),

    holders: async (owner) => {
      const found = await read(() => owners.holders(owner));
      // Beats wait for the lock for writing. A look waits for it as well, or a long write would look like silence.
      return found.length === 0 ? found : atomically(() => owners.holders(owner));
    },
    beat: (owner) => atomically(() => owners.beat(owner)),

    census: () => read(() => counts.all()),
    ledger: (account, day) => read(() => ledger.of(account, day)),
    spentBy: (tenant, account, day) => read(() => ledger.spentBy(tenant, account, day)),

    isReservedBeyond: (key, at) => read(() => rateSlots.isReservedBeyond(key, at)),
    reserveSlot: (key, intervalMs, burst, now) => atomically(() => rateSlots.reserve(key, intervalMs, burst, now)),
    pauseSlots: (key, until) => atomically(() => rateSlots.pause(key, until)),

    check: sql.probe,
    close: sql.close,
  };
}
