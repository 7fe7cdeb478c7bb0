/** Stores a new task and reserves its quota, from the facts that the task was planned with. */

import type { AccountFacts, AccountQuery, NewTask } from "../prefetch/model/storage.ts";
import { createAccountFacts } from "./account-facts.ts";
import type { Batches } from "./batches.ts";
import { inOrder } from "./in-order.ts";
import type { Items } from "./items.ts";
import { accountLocks, type Ledger, nextSpender } from "./ledger.ts";
import type { Sql } from "./sql.ts";

interface Parts {
  readonly batches: Batches;
  readonly items: Items;
  readonly ledger: Ledger;
}

export interface Admitting {
  facts(queries: readonly AccountQuery[]): Promise<AccountFacts[]>;
  /** Lets no other transaction change what the facts tell until the end of this one. */
  holdAccounts(queries: readonly AccountQuery[]): Promise<void>;
  addTask(planned: NewTask): Promise<void>;
}

export function createAdmitting(sql: Sql, { batches, items, ledger }: Parts): Admitting {
  const factsOf = createAccountFacts(sql, ledger);

  return {
    facts: (queries) => inOrder(queries, factsOf),

    holdAccounts: (queries) => sql.hold(...accountLocks(queries.map(({ account }) => account))),

    addTask: async (planned) => {
      await sql.insert("tasks", [{ ...planned.task }]);
      await batches.insert(planned.batches);
      for (const batch of planned.batches) {
        await ledger.reserve(batch, batch.day, batch.cost);
        const next = nextSpender(batch);
        if (next) await ledger.reserve(next, batch.day, batch.cost);
      }
      await items.insert(planned.task, planned.items);
    },
  };
}
