/** Runs the statements of SQLite's store, each prepared once. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { columnsFrom } from "./columns.ts";
import type { Change, Sql } from "./sql.ts";

export interface SqliteSql extends Sql {
  /** Every later statement runs on this database. */
  use(db: DatabaseSync): void;
  /** Lets go of the prepared statements. */
  forget(): void;
}

export function createSqliteSql(): SqliteSql {
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

  const run = (sql: string, ...values: SQLInputValue[]): number => Number(prepare(sql).run(...values).changes);

  const update = (table: string, { where, fields }: Change): void => {
    const columns = columnsFrom(fields);
    if (columns.length === 0) return;
    const keys = columnsFrom(where);
    const assignments = columns.map(([name]) => `${name} = ?`).join(", ");
    const condition = keys.map(([name]) => `${name} = ?`).join(" AND ");
    run(`UPDATE ${table} SET ${assignments} WHERE ${condition}`, ...[...columns, ...keys].map(([, value]) => value));
  };

  return {
    use: (db) => {
      database = db;
    },
    forget: () => statements.clear(),

    run: async (sql, ...values) => run(sql, ...values),
    get: async (sql, ...values) => prepare(sql).get(...values),
    all: async (sql, ...values) => prepare(sql).all(...values),

    insert: async (table, rows) => {
      for (const fields of rows) {
        const columns = columnsFrom(fields);
        const names = columns.map(([name]) => name).join(", ");
        run(`INSERT INTO ${table} (${names}) VALUES (${columns.map(() => "?").join(", ")})`, ...columns.map(([, value]) => value));
      }
    },
    update: async (table, changes) => {
      for (const change of changes) update(table, change);
    },

    hold: async () => undefined,
    tryHold: async () => true,
    rowLocks: { wait: "", pass: "" },
    keepsCensus: true,
  };
}
