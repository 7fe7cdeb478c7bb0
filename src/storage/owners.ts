/** The table `owners`: a counter for each process that holds batches. A process that lives makes its counter grow. */

import type { Holder } from "../prefetch/model/storage.ts";
import type { Sql } from "./sql.ts";

export interface Owners {
  /** Processes other than `owner` that hold batches. */
  holders(owner: string): Holder[];
  beat(owner: string): void;
  /** Deletes the counters of processes that hold nothing. */
  clean(): void;
}

export function createOwners({ run, all }: Sql): Owners {
  return {
    holders: (owner) =>
      all(
        `SELECT DISTINCT owner, coalesce(beat, 0) AS beat FROM batches LEFT JOIN owners ON owners.id = batches.owner
          WHERE owner IS NOT NULL AND owner <> ?`,
        owner,
      ).map((row): Holder => ({ owner: String(row.owner), beat: Number(row.beat) })),
    beat: (owner) => run("INSERT INTO owners (id, beat) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET beat = beat + 1", owner),
    clean: () => run("DELETE FROM owners WHERE id NOT IN (SELECT owner FROM batches WHERE owner IS NOT NULL)"),
  };
}
