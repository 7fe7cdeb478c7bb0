import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { RECENT_TASKS } from "../../src/storage/account-facts.ts";
import { newFolder, openFile } from "./file-harness.ts";

it("the query for recent tasks looks each target up by its index, whatever SQLite knows of the tables", async () => {
  const path = join(newFolder(), "store.sqlite");
  await openFile(path);
  const db = new DatabaseSync(path);
  try {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${RECENT_TASKS}`).all("[]", "tenant", "account", 0);
    expect(plan.map(({ detail }) => String(detail).replace(/ \(.*/, ""))).toEqual([
      "SCAN wanted VIRTUAL TABLE INDEX 1:",
      "SEARCH i USING INDEX items_by_target",
      "SEARCH b USING PRIMARY KEY",
      "SEARCH t USING PRIMARY KEY",
      "USE TEMP B-TREE FOR GROUP BY",
    ]);
  } finally {
    db.close();
  }
});
