/** Stores a new task and reserves its quota in the transaction in which the task was planned. */

import type { NewTask, Storage } from "../prefetch/model/storage.ts";
import { createAccountFacts } from "./account-facts.ts";
import type { Batches } from "./batches.ts";
import type { Items } from "./items.ts";
import { type Ledger, nextSpender } from "./ledger.ts";
import type { Sql } from "./sql.ts";

interface Parts {
  readonly batches: Batches;
  readonly items: Items;
  readonly ledger: Ledger;
}

export function createAdmitting(sql: Sql, { batches, items, ledger }: Parts): Pick<Storage, "admit" | "facts"> {
  const factsOf = createAccountFacts(sql, ledger);

  const insertTask = (planned: NewTask): void => {
    sql.insert("tasks", { ...planned.task });
    for (const batch of planned.batches) {
      batches.insert(batch);
      ledger.reserve(batch, batch.day, batch.cost);
      const next = nextSpender(batch);
      if (next) ledger.reserve(next, batch.day, batch.cost);
    }
    items.insert(planned.task, planned.items);
  };

  return {
    admit: async (queries, decide) => {
      let refusal: { readonly reason: unknown } | undefined;
      const plan = async () => {
        const facts = queries.map(factsOf);
        try {
          return await decide(facts);
        } catch (reason) {
          refusal = { reason };
          throw reason;
        }
      };
      try {
        return await sql.atomicallyAsync(async () => {
          const planned = await plan();
          if (planned.task) insertTask(planned.task);
          return planned;
        });
      } catch (error) {
        throw refusal ? refusal.reason : error;
      }
    },
    facts: (queries) => sql.read(() => queries.map(factsOf)),
  };
}
