/** Runs prepared statements in transactions on the database. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { createAccess } from "./access.ts";
import { columnsFrom, type Fields, type Row } from "./columns.ts";
import type { LockTime } from "./lock-wait.ts";
import type { StoreKind } from "./schema.ts";

/** Statements run inside the work of a read or a transaction only: those open the database. */
export interface Sql {
  run(sql: string, ...values: SQLInputValue[]): void;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  insert(table: string, fields: Fields): void;
  /** Writes `fields` to the rows whose columns equal `where`. A field that is `undefined` keeps its value. */
  update(table: string, where: Fields, fields: Fields): void;
  /** One transaction: all of `work` is stored, or none of it. With `BEGIN` it only reads, and waits for no other write. */
  atomically<Result>(work: () => Result, begin?: "BEGIN" | "BEGIN IMMEDIATE"): Promise<Result>;
  /** The same for work that waits in the middle of its transaction. Every other use of the database waits meanwhile. */
  atomicallyAsync<Result>(work: () => Promise<Result>): Promise<Result>;
  /** A single query, which needs no transaction. */
  read<Result>(work: () => Result): Promise<Result>;
  /** Throws when the store cannot be written. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

export function createSql(location: string, time: LockTime, kind: StoreKind): Sql {
  const access = createAccess(location, time, kind);
  const statements = new Map<string, StatementSync>();
  let database: DatabaseSync | undefined;

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    if (!database) throw new Error("A statement ran outside of a read and a transaction.");
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  const run = (sql: string, ...values: SQLInputValue[]): void => {
    prepare(sql).run(...values);
  };

  const on =
    <Result>(work: () => Result) =>
    (db: DatabaseSync): Result => {
      database = db;
      return work();
    };

  return {
    run,
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),

    insert: (table, fields) => {
      const columns = columnsFrom(fields);
      const names = columns.map(([name]) => name).join(", ");
      run(`INSERT INTO ${table} (${names}) VALUES (${columns.map(() => "?").join(", ")})`, ...columns.map(([, value]) => value));
    },

    update: (table, where, fields) => {
      const columns = columnsFrom(fields);
      if (columns.length === 0) return;
      const keys = columnsFrom(where);
      const assignments = columns.map(([name]) => `${name} = ?`).join(", ");
      const condition = keys.map(([name]) => `${name} = ?`).join(" AND ");
      run(`UPDATE ${table} SET ${assignments} WHERE ${condition}`, ...[...columns, ...keys].map(([, value]) => value));
    },

    atomically: (work, begin = "BEGIN IMMEDIATE") => (begin === "BEGIN" ? access.snapshot(on(work)) : access.write(on(work))),
    atomicallyAsync: (work) => access.writeAsync(on(work)),
    read: (work) => access.read(on(work)),
    probe: access.probe,

    close: () => {
      statements.clear();
      return access.close();
    },
  };
}
