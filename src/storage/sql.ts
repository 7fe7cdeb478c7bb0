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
  /**
   * Waits until no other transaction holds one of the names, and holds them until the end of this one. What is decided from rows
   * that others change in the meantime needs it. SQLite has one writer at a time anyway.
   */
  hold(...names: string[]): Promise<void>;
  /**
   * The same without waiting: false when another transaction holds one of the names. A transaction that holds names already needs it
   * for more of them. If it waited, another one could wait for it in turn.
   */
  tryHold(...names: string[]): Promise<boolean>;
  readonly rowLocks: RowLocks;
  /** Whether the table `census` is to be kept up to date. In PostgreSQL it is a view. */
  readonly keepsCensus: boolean;
}

/** Ends of queries that lock the batches that they find. Empty where there is one writer at a time. */
export interface RowLocks {
  /** Waits for batches that another transaction has locked, and finds them as that one leaves them. */
  readonly wait: string;
  /** Passes over batches that another transaction has locked. */
  readonly pass: string;
}
