/** Translates between the fields of domain types and the columns of tables: the field `taskId` is the column `task_id`. */

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";

export type Row = Readonly<Record<string, SQLOutputValue>>;
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined | readonly unknown[]>>;

/** Columns that are not the snake case of their field. Files in use have these names, so only a migration can change them. */
const irregular: readonly (readonly [field: string, column: string])[] = [
  ["index", "idx"],
  ["deferrable", "may_wait"],
];

const columnNames = new Map(irregular);
const fieldNames = new Map(irregular.map(([field, column]) => [column, field]));

/** Names and values of the columns to write. A field that is `undefined` is left out; `null` is written as NULL. */
export function columnsFrom(fields: Fields): (readonly [column: string, value: SQLInputValue])[] {
  return Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [[columnOf(field), stored(value)] as const]));
}

export function fieldsFrom(row: Row): Record<string, SQLOutputValue> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [fieldOf(column), value]));
}

function stored(value: Exclude<Fields[string], undefined>): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

function columnOf(field: string): string {
  return remembered(columnNames, field, () => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function fieldOf(column: string): string {
  return remembered(fieldNames, column, () => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

/** A task has up to 10,000 items with the same few fields. */
function remembered(names: Map<string, string>, key: string, derive: () => string): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const name = derive();
  names.set(key, name);
  return name;
}
