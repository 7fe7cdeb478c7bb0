/** The store in a PostgreSQL database: whether it can be reached, and its schema. Changes nothing. */

import { asPrefetchError } from "../../../base/errors.ts";
import { type PostgresStore, shownAddress } from "../../../storage/postgres/address.ts";
import { inspectPostgres } from "../../../storage/postgres/inspect.ts";
import type { StoreKind } from "../../../storage/schema.ts";
import { type Finding, rowsOf } from "./finding.ts";

const rows = rowsOf("store");

export async function checkDatabase(store: PostgresStore, kind: StoreKind): Promise<Finding[]> {
  const location = shownAddress(store.address);
  try {
    const { version, newest } = await inspectPostgres(store, kind);
    if (version === undefined) {
      return [rows.ok("database", `${location} has no schema ${store.schema} yet; the first server that uses it creates it.`)];
    }
    const shown = version < newest ? `version ${version}, which the next server brings to ${newest}` : `version ${version}`;
    return [rows.ok("database", `${location}: schema ${store.schema}, ${shown}.`)];
  } catch (error) {
    const found = asPrefetchError(error);
    if (found.code !== "store_unavailable") throw error;
    return [rows.error("database", found, { state: found.retryable ? "warning" : "failed" })];
  }
}
