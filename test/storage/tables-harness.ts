/** Compares the tables of store files, whichever SQL made them. */

import type { DatabaseSync } from "node:sqlite";

export const rowsOf = (db: DatabaseSync, query: string, ...values: string[]): Record<string, unknown>[] =>
  db
    .prepare(query)
    .all(...values)
    .map((row) => ({ ...row }));

/** SQL without its comments, line breaks and indents. */
const plain = (sql: unknown): string =>
  String(sql)
    .replace(/--[^\n]*/g, "")
    .replace(/\s+/g, " ");

/** Two files have the same tables when these are equal: the names of all tables, indexes and triggers, with the properties that SQLite reads from their SQL. */
export function tablesOf(db: DatabaseSync) {
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
  };
}
