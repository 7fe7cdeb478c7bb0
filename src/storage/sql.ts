/**
 * The statements of one transaction. Both stores take the same texts, which are SQL that SQLite and PostgreSQL share, apart from
 * SQLite's hints to its planner (`INDEXED BY`, and `CROSS JOIN` with `ON`). PostgreSQL's store leaves those out, and gives its
 * database the functions that SQLite has built in.
 */

import type { SQLInputValue } from "node:sqlite";
import type { Fields, Row } from "./columns.ts";

export interface Change {
  /** Equals of columns that select the rows. */
  readonly where: Fields;
  /** A field that is `undefined` keeps its value. */
  readonly fields: Fields;
}

export interface Sql {
  /** Resolves with the number of rows that were written. */
  run(sql: string, ...values: SQLInputValue[]): Promise<number>;
  get(sql: string, ...values: SQLInputValue[]): Promise<Row | undefined>;
  all(sql: string, ...values: SQLInputValue[]): Promise<Row[]>;
  insert(table: string, rows: readonly Fields[]): Promise<void>;
  update(table: string, changes: readonly Change[]): Promise<void>;
}
