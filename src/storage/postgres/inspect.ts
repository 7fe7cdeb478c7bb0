/** Looks at a schema without changing or creating it, also beside servers that use it. */

import type { StoreKind } from "../schema.ts";
import { type PostgresStore, shownAddress } from "./address.ts";
import { poolConfig } from "./pool.ts";
import { postgresError } from "./postgres-error.ts";
import { isCurrent, markOf, POSTGRES_VERSION } from "./schema.ts";

export interface SchemaReport {
  /** `undefined`: there is no schema yet. */
  readonly version: number | undefined;
  /** The version that this program writes. */
  readonly newest: number;
}

/** Throws `store_unavailable` for a database or a schema that a server would refuse. */
export async function inspectPostgres(store: PostgresStore, kind: StoreKind): Promise<SchemaReport> {
  const location = shownAddress(store.address);
  const { default: pg } = await import("pg");
  const client = new pg.Client(poolConfig(store));
  // The query that is under way tells of it.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const mark = await markOf(client, store.schema);
    isCurrent(mark, kind, location);
    return { version: mark?.version, newest: POSTGRES_VERSION };
  } catch (error) {
    throw postgresError(error, location);
  } finally {
    await client.end().catch(() => undefined);
  }
}
