/** Turns the shared texts into those of PostgreSQL: both of the statements and of the tables. */

/** The second column is the name of PostgreSQL's type. Ids and states compare by their bytes, as in SQLite and in JavaScript. */
const types: readonly (readonly [sqlite: RegExp, postgres: string])[] = [
  [/\bINTEGER\b/g, "BIGINT"],
  [/\bREAL\b/g, "DOUBLE PRECISION"],
  [/\bTEXT\b/g, 'TEXT COLLATE "C"'],
  [/ STRICT, WITHOUT ROWID\b/g, ""],
];

export function translateTables(text: string): string {
  return types.reduce((translated, [sqlite, postgres]) => translated.replace(sqlite, postgres), text);
}

const known = new Map<string, string>();

/** Leaves out the hints to SQLite's planner, and numbers the values. */
export function translateStatement(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  let values = 0;
  const translated = text
    .replace(/ INDEXED BY \w+/g, "")
    .replace(/\bCROSS JOIN\b/g, "JOIN")
    .replace(/\?/g, () => `$${++values}`);
  known.set(text, translated);
  return translated;
}
