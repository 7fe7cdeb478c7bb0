import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { tablesOfVersion1 } from "../fakes/schema-version-1.ts";
import { newFolder, openFile, tamper } from "./file-harness.ts";

/** The database that the server leaves behind after it has opened `path`. */
async function opened(path: string): Promise<DatabaseSync> {
  await openFile(path);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return db;
}

const rowsOf = (db: DatabaseSync, query: string, ...values: string[]): Record<string, unknown>[] =>
  db
    .prepare(query)
    .all(...values)
    .map((row) => ({ ...row }));

/** SQL without its comments, line breaks and indents. */
const plain = (sql: unknown): string =>
  String(sql)
    .replace(/--[^\n]*/g, "")
    .replace(/\s+/g, " ");

/** The names of all tables, indexes and triggers, with the properties that SQLite reads from their SQL. */
function describeTables(db: DatabaseSync) {
  const named = (type: string) =>
    rowsOf(db, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL ORDER BY name", type);
  const tables = named("table").map(({ name }) => String(name));
  return {
    version: rowsOf(db, "PRAGMA user_version"),
    kind: rowsOf(db, "PRAGMA application_id"),
    tables: rowsOf(db, "SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name"),
    columns: tables.map((name) => [name, rowsOf(db, "SELECT * FROM pragma_table_xinfo(?)", name)]),
    keys: tables.map((name) =>
      rowsOf(db, 'SELECT name, "unique", origin, partial FROM pragma_index_list(?) ORDER BY name', name).map((index) => [
        index,
        rowsOf(db, "SELECT * FROM pragma_index_xinfo(?)", String(index.name)),
      ]),
    ),
    // Only its SQL tells the condition of a partial index.
    indexes: named("index").map(({ name, sql }) => [name, plain(sql)]),
    // SQLite fires triggers of one event by the order in which the file got them.
    triggers: rowsOf(db, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid").map(
      ({ sql, ...trigger }) => ({
        ...trigger,
        sql: plain(sql),
      }),
    ),
    rows: tables.map((name) => [name, rowsOf(db, `SELECT * FROM ${name} ORDER BY 1`)]),
  };
}

it("a new file has the tables, columns, indexes, triggers and rows of a file that took every migration", async () => {
  const old = join(newFolder(), "old.sqlite");
  tamper(old, `${tablesOfVersion1} PRAGMA user_version = 1;`);
  const made = describeTables(await opened(join(newFolder(), "new.sqlite")));
  expect(made).toEqual(describeTables(await opened(old)));
  expect(made.triggers.length).toBeGreaterThan(10);
  expect(made.indexes.length).toBeGreaterThan(10);
});
