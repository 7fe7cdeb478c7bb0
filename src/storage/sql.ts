/** Runs prepared statements in transactions on the database. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { columnsFrom, type Fields, type Row } from "./columns.ts";
import { createConnection } from "./connection.ts";
import { storageError } from "./storage-error.ts";

/** Statements run inside the `work` of `atomically` or `read` only: those open the database. */
export interface Sql {
  run(sql: string, ...values: SQLInputValue[]): void;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  insert(table: string, fields: Fields): void;
  /** Writes `fields` to the rows whose columns equal `where`. A field that is `undefined` keeps its value. */
  update(table: string, where: Fields, fields: Fields): void;
  /** One transaction: all of `work` is stored, or none of it. */
  atomically<Result>(work: () => Result, begin?: "BEGIN" | "BEGIN IMMEDIATE"): Promise<Result>;
  /** A single query, which needs no transaction. */
  read<Result>(work: () => Result): Promise<Result>;
  close(): Promise<void>;
}

export function createSql(location: string, clock: Clock): Sql {
  const connection = createConnection(location, clock);
  const statements = new Map<string, StatementSync>();
  let database: DatabaseSync | undefined;

  const use = async <Result>(work: (db: DatabaseSync) => Result): Promise<Result> => {
    try {
      database = await connection.open();
      return work(database);
    } catch (error) {
      throw storageError(error, location);
    }
  };

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    if (!database) throw new Error("A statement ran outside of `atomically` and `read`.");
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  const run = (sql: string, ...values: SQLInputValue[]): void => {
    prepare(sql).run(...values);
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

    atomically: (work, begin = "BEGIN IMMEDIATE") => use((db) => inTransaction(db, begin, work)),
    read: (work) => use(work),

    close: async () => {
      statements.clear();
      await connection.close();
    },
  };
}

function inTransaction<Result>(db: DatabaseSync, begin: string, work: () => Result): Result {
  db.exec(begin);
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
