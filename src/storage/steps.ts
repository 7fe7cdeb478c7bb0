/** What the storage contract does inside of a transaction, over the statements of one connection. Both stores share it. */

import type { Clock } from "../base/clock.ts";
import type { BreakerSignal } from "../prefetch/model/circuit-breaker.ts";
import type { Freed } from "../prefetch/model/storage.ts";
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
import { createOldWaits } from "./old-waits.ts";
import { createOwners } from "./owners.ts";
import { createRateSlots } from "./rate-slots.ts";
import { createReading } from "./reading.ts";
import { createSending } from "./sending.ts";
import type { Sql } from "./sql.ts";

export type Steps = ReturnType<typeof createSteps>;

export function createSteps(sql: Sql, clock: Pick<Clock, "now">) {
  const ledger = createLedger(sql);
  const counts = createItemCounts(sql);
  const items = createItems(sql, counts);
  const batches = createBatches(sql, items);
  const circuitBreakers = createCircuitBreakers(sql);
  const owners = createOwners(sql);
  const cancelling = createCancelling(sql, { batches, items, ledger });

  return {
    ...createAdmitting(sql, { batches, items, ledger }),
    ...createReading(sql, { items, counts, clock }),
    ...createClaiming(sql, { batches, items, circuitBreakers, owners }),
    ...createSending(sql, batches, ledger),
    ...createOldWaits(sql),
    ...createChanging(sql, { batches, items, ledger, cancelling }),
    ...createCleaning(sql, { items, owners, ledger, cancelling }),

    noteSignal: (account: string, signal: BreakerSignal): Promise<boolean> => circuitBreakers.record(account, signal, clock.now()),

    isCancelled: async (taskId: string): Promise<boolean> =>
      (await sql.get("SELECT cancelled FROM tasks WHERE id = ?", taskId))?.cancelled === 1,
    cancel: (taskId: string): Promise<Freed[]> => cancelling.cancelTask(taskId),

    census: counts.all,
    owners,
    ledger,
    rateSlots: createRateSlots(sql),
  };
}
