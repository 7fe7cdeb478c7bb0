/** Brings a store file to the tables of this version, and tells whose file it is. */

import type { DatabaseSync } from "node:sqlite";
import { PrefetchError } from "../base/errors.ts";
import { migrations } from "./migrations.ts";
import { newTables } from "./tables.ts";

/** The file keeps its version in SQLite's `user_version`. */
export const SCHEMA_VERSION = migrations.length + 1;

/** "sandbox": its tasks are those of emulated vendors, whose ids and outcomes mean nothing to real ones. */
export type StoreKind = "real" | "sandbox";

/** SQLite's `application_id` of each kind: "CDNp" and "CDNs" in ASCII. Versions before 9 marked no file. */
const applicationIds: Readonly<Record<StoreKind, number>> = { real: 0x43_44_4e_70, sandbox: 0x43_44_4e_73 };
const UNMARKED = 0;

/** Brings the file to this server's version and marks its kind, in one transaction. `location` is for error messages. */
export function migrate(db: DatabaseSync, location: string, kind: StoreKind): void {
  if (versionOf(db) === SCHEMA_VERSION && applicationIdOf(db) === applicationIds[kind]) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseForeign(db, location, kind);
    const version = versionOf(db);
    for (const step of version === 0 ? [newTables] : migrations.slice(version - 1)) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${applicationIds[kind]}`);
    db.exec("COMMIT");
  } catch (error) {
    // SQLite rolls back by itself when the disk is full.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Refuses the file of a newer version, of the other kind, and of another program. */
export function refuseForeign(db: DatabaseSync, location: string, kind: StoreKind): void {
  refuseNewer(db, location);
  const mark = applicationIdOf(db);
  if (mark === applicationIds[kind]) return;
  // A file without tables belongs to no kind. One that an earlier version wrote may hold real tasks.
  if (mark === UNMARKED && (kind === "real" || versionOf(db) === 0)) return;
  const isOurs = mark === UNMARKED || Object.values(applicationIds).includes(mark);
  throw new PrefetchError("store_unavailable", `The store ${location} ${isOurs ? otherKind[kind] : "belongs to another program"}.`, {
    hint:
      kind === "real"
        ? "Name another file in PREFETCH_STORE."
        : "Name another file in PREFETCH_STORE, or leave it out: the sandbox then keeps nothing.",
  });
}

/** The reason to refuse a file, by the kind of the server that refuses it. */
const otherKind: Readonly<Record<StoreKind, string>> = {
  real: "was written by the sandbox, whose tasks real vendors do not know",
  sandbox: "was not written by this version's sandbox and may hold real tasks and their quota",
};

function refuseNewer(db: DatabaseSync, location: string): void {
  if (versionOf(db) <= SCHEMA_VERSION) return;
  throw new PrefetchError("store_unavailable", `The store ${location} was written by a newer version of this server.`, {
    hint: "Update cdn-prefetch-mcp, or name another file in PREFETCH_STORE.",
  });
}

function applicationIdOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA application_id").get()?.application_id);
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}
