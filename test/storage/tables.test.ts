import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { tablesOfVersion1 } from "../fakes/schema-version-1.ts";
import { newFolder, openFile, tamper } from "./file-harness.ts";
import { rowsOf, tablesOf } from "./tables-harness.ts";

/** The database that the server leaves behind after it has opened `path`. */
async function opened(path: string): Promise<DatabaseSync> {
  await openFile(path);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return db;
}

it("a new file has the tables, columns, indexes, triggers and rows of a file that took every migration", async () => {
  const old = join(newFolder(), "old.sqlite");
  tamper(old, `${tablesOfVersion1} PRAGMA user_version = 1;`);
  const [made, migrated] = [await opened(join(newFolder(), "new.sqlite")), await opened(old)];
  expect(tablesOf(made)).toEqual(tablesOf(migrated));
  for (const { name } of rowsOf(made, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    const all = `SELECT * FROM ${String(name)} ORDER BY 1`;
    expect([name, rowsOf(made, all)]).toEqual([name, rowsOf(migrated, all)]);
  }
  expect(tablesOf(made).triggers.length).toBeGreaterThan(10);
  expect(tablesOf(made).indexes.length).toBeGreaterThan(10);
});
