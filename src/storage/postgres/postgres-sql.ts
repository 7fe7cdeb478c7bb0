/** Runs the statements of one transaction on its connection. */

import type { ClientBase, QueryResult } from "pg";
import { columnsFrom, type Fields, type Row } from "../columns.ts";
import type { Sql } from "../sql.ts";
import { translateStatement } from "./translate.ts";

type Value = ReturnType<typeof columnsFrom>[number][1];

/** The names in one order, so that no two transactions wait for each other. Another schema is another store. */
const KEYS = `(SELECT DISTINCT hashtextextended(current_schema() || ' ' || value, 0) AS key FROM json_each(?) ORDER BY key) AS keys`;

export function createPostgresSql(client: ClientBase): Sql {
  const query = (text: string, values: readonly Value[]): Promise<QueryResult<Row>> =>
    client.query<Row>(translateStatement(text), values.map(storable));

  const all: Sql["all"] = async (text, ...values) => (await query(text, values)).rows;

  return {
    run: async (text, ...values) => (await query(text, values)).rowCount ?? 0,
    get: async (text, ...values) => (await all(text, ...values))[0],
    all,

    // One statement for all rows: each statement is a way to the server and back.
    insert: async (table, rows) => {
      if (rows.length === 0) return;
      const records = rows.map(recordFrom);
      const names = [...new Set(records.flatMap(Object.keys))].join(", ");
      await query(`INSERT INTO ${table} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${table}, ?)`, [
        JSON.stringify(records),
      ]);
    },

    update: async (table, changes) => {
      const records = changes.map(({ where, fields }) => ({ where: recordFrom(where), fields: recordFrom(fields) }));
      const alike = Map.groupBy(records, ({ where, fields }) => [...Object.keys(where), "", ...Object.keys(fields)].join(" "));
      for (const [first, ...rest] of alike.values()) {
        if (!first) continue;
        const [keys, names] = [Object.keys(first.where), Object.keys(first.fields)];
        if (names.length === 0) continue;
        await query(
          `UPDATE ${table} SET ${names.map((name) => `${name} = new.${name}`).join(", ")}
             FROM json_populate_recordset(NULL::${table}, ?) AS new WHERE ${keys.map((key) => `${table}.${key} = new.${key}`).join(" AND ")}`,
          [JSON.stringify([first, ...rest].map(({ where, fields }) => ({ ...where, ...fields })))],
        );
      }
    },

    hold: async (...names) => {
      await query(`SELECT pg_advisory_xact_lock(key) FROM ${KEYS}`, [JSON.stringify(names)]);
    },
    tryHold: async (...names) => {
      const rows = await all(`SELECT pg_try_advisory_xact_lock(key) AS is_held FROM ${KEYS}`, JSON.stringify(names));
      return rows.every(({ is_held }) => is_held === 1);
    },
    rowLocks: { wait: "FOR UPDATE OF batches", pass: "FOR UPDATE OF batches SKIP LOCKED" },
    keepsCensus: false,
  };
}

function recordFrom(fields: Fields): Record<string, Value> {
  return Object.fromEntries(columnsFrom(fields).map(([name, value]) => [name, storable(value)]));
}

/** PostgreSQL's text holds every character but U+0000, and its JSON no half of a surrogate pair. */
function storable(value: Value): Value {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD").toWellFormed() : value;
}
