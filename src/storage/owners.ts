/** The table `owners`: a counter for each process that holds batches. A process that lives makes its counter grow. */

import type { Holder } from "../prefetch/model/storage.ts";
import type { Sql } from "./sql.ts";

export interface Owners {
  /** Processes other than `owner` that hold batches. */
  holders(owner: string): Promise<Holder[]>;
  beat(owner: string): Promise<void>;
  /** Deletes the counters of processes that hold nothing. */
  clean(): Promise<void>;
}

export function createOwners({ run, all }: Sql): Owners {
  return {
    holders: async (owner) => {
      const rows = await all(
        `SELECT DISTINCT owner, coalesce(beat, 0) AS beat FROM batches LEFT JOIN owners ON owners.id = batches.owner
          WHERE owner IS NOT NULL AND owner <> ?`,
        owner,
      );
      return rows.map((row): Holder => ({ owner: String(row.owner), beat: Number(row.beat) }));
    },
    beat: async (owner) => {
      await run("INSERT INTO owners (id, beat) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET beat = owners.beat + 1", owner);
    },
    clean: async () => {
      await run("DELETE FROM owners WHERE id NOT IN (SELECT owner FROM batches WHERE owner IS NOT NULL)");
    },
  };
}
