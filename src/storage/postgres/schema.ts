/** Brings the schema to the tables of this version. Any number of processes may start at once. */

import type { ClientBase } from "pg";
import { PrefetchError } from "../../base/errors.ts";
import type { StoreKind } from "../schema.ts";
import { newTables } from "./tables.ts";

/** Released steps never change. The first one makes the tables of version 1. */
const steps: readonly string[] = [newTables];

/**
 * The oldest version whose servers can use the tables of this one. A rolling upgrade needs it: a step first adds what the new servers
 * need, and a later version, which this number then names, drops what only old ones used.
 */
const OLDEST_READER = 1;

/** Another process makes the same steps. A shorter time makes its neighbours give up; a longer one hides that it hangs. */
const LONGEST_WAIT = "30s";

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export interface Mark {
  readonly version: number;
  readonly oldestReader: number;
  readonly kind: string;
}

export const POSTGRES_VERSION = steps.length;

/** In a transaction, which the caller rolls back when this throws. `location` is for error messages. */
export async function migrate(client: ClientBase, schema: string, kind: StoreKind, location: string): Promise<void> {
  if (isCurrent(await markOf(client, schema), kind, location)) return;
  await client.query(`BEGIN; SET LOCAL lock_timeout = '${LONGEST_WAIT}'`);
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('cdn-prefetch schema ' || $1, 0))", [schema]);
  const mark = await markOf(client, schema);
  if (!isCurrent(mark, kind, location)) await bringUp(client, schema, kind, mark?.version ?? 0);
  await client.query("COMMIT");
}

async function bringUp(client: ClientBase, schema: string, kind: StoreKind, version: number): Promise<void> {
  // Without the right to create schemas, the user can still own one.
  const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA ${quotedName(schema)}`);
  await client.query(`SET LOCAL search_path TO ${quotedName(schema)}`);
  for (const step of steps.slice(version)) await client.query(step);
  if (version === 0) {
    await client.query("CREATE TABLE store (version BIGINT NOT NULL, oldest_reader BIGINT NOT NULL, kind TEXT NOT NULL)");
    await client.query("INSERT INTO store VALUES ($1, $2, $3)", [steps.length, OLDEST_READER, kind]);
  } else await client.query("UPDATE store SET version = $1, oldest_reader = $2", [steps.length, OLDEST_READER]);
}

export async function markOf(client: ClientBase, schema: string): Promise<Mark | undefined> {
  // to_regclass() answers from a cache that an advisory lock does not renew.
  const { rows: found } = await client.query("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'store'", [schema]);
  if (found.length === 0) return undefined;
  const { rows } = await client.query(`SELECT version, oldest_reader, kind FROM ${quotedName(schema)}.store`);
  const [row] = rows;
  return row && { version: Number(row.version), oldestReader: Number(row.oldest_reader), kind: String(row.kind) };
}

/** Throws for a schema that this server must not use. */
export function isCurrent(mark: Mark | undefined, kind: StoreKind, location: string): boolean {
  if (!mark) return false;
  if (mark.kind !== kind) {
    throw new PrefetchError("store_unavailable", `The store ${location} holds the tasks of a ${mark.kind} server.`, {
      hint: "Name another schema in PREFETCH_STORE_SCHEMA.",
    });
  }
  if (mark.oldestReader > steps.length) {
    throw new PrefetchError("store_unavailable", `The store ${location} was written by a newer version of this server.`, {
      hint: "Update cdn-prefetch-mcp, or name another schema in PREFETCH_STORE_SCHEMA.",
    });
  }
  return mark.version >= steps.length;
}
