/** Statements on one open database: prepared once, run in transactions, with failures told apart from bugs. */

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { PrefetchError } from "../base/errors.ts";
import { storageError } from "./schema.ts";

export type Row = Record<string, SQLOutputValue>;

export interface Sql {
  run(sql: string, ...values: SQLInputValue[]): void;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  /** One transaction: everything in it happens, or nothing does. */
  atomically<Result>(work: () => Result, begin?: "BEGIN" | "BEGIN IMMEDIATE"): Promise<Result>;
  /** A single question, which needs no transaction. */
  read<Result>(work: () => Result): Promise<Result>;
  close(): void;
}

/** `location` is for error messages. */
export function createSql(db: DatabaseSync, location: string): Sql {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const rollback = (): void => {
    if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
  };

  return {
    run: (sql, ...values) => {
      prepare(sql).run(...values);
    },
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    atomically: async (work, begin = "BEGIN IMMEDIATE") => {
      try {
        db.exec(begin);
        try {
          const result = work();
          db.exec("COMMIT");
          return result;
        } catch (error) {
          rollback();
          throw error;
        }
      } catch (error) {
        throw error instanceof PrefetchError ? error : storageError(error, location);
      }
    },
    read: async (work) => {
      try {
        return work();
      } catch (error) {
        throw storageError(error, location);
      }
    },
    close: () => {
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
}
