import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ItemState, itemStates, noCounts, problemStates, taskState } from "../../src/prefetch/model/task.ts";
import { listingQuery, targetQuery } from "../../src/storage/task-pages.ts";
import { NOON } from "../fakes/clock.ts";
import { runs } from "../fakes/runs.ts";
import { newFolder, openFile } from "./file-harness.ts";

async function newDatabase(): Promise<DatabaseSync> {
  const path = join(newFolder(), "store.sqlite");
  await openFile(path);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return db;
}

/** Adds a task as a process of schema version 7 does, which knows nothing of the derived tables. */
function addAsOlderVersion(db: DatabaseSync, id: string, providers: readonly string[], states: readonly ItemState[]): void {
  const task = "INSERT INTO tasks (id, tenant, created_at, providers, duplicates_removed, skipped_recent) VALUES (?, 'a', ?, ?, 0, 0)";
  db.prepare(task).run(id, NOON, JSON.stringify(providers));
  const item = db.prepare("INSERT INTO items (task_id, idx, batch, kind, target, state) VALUES (?, ?, 0, 'url', ?, ?)");
  for (const [index, state] of states.entries()) item.run(id, index, `https://${id}.example/${index}`, state);
}

const rowsOf = (db: DatabaseSync, query: string): unknown[] =>
  db
    .prepare(query)
    .all()
    .map((row) => ({ ...row }));

describe("the state of a task", () => {
  it("is the one that taskState gives, for each set of states of its items", async () => {
    const stored = new Map(
      rowsOf(await newDatabase(), "SELECT * FROM task_states").map((row) => Object.values(row as object) as [string, string]),
    );
    expect(stored.size).toBe(2 ** itemStates.length - 1);
    for (const [present, state] of stored) {
      const counts = { ...noCounts(), ...Object.fromEntries(present.split(",").map((each) => [each, 1])) };
      expect([present, state]).toEqual([present, taskState(counts)]);
    }
  });

  it("and its counts and its place in the list follow every change, also of a process of an earlier version", async () => {
    const db = await newDatabase();
    const state = fc.constantFrom(...itemStates);
    const change = fc.oneof(
      fc.record({ kind: fc.constant("change" as const), task: fc.nat({ max: 2 }), index: fc.nat({ max: 5 }), state }),
      fc.record({ kind: fc.constant("delete" as const), task: fc.nat({ max: 2 }), index: fc.nat({ max: 5 }) }),
    );
    const begin = fc.array(fc.array(state, { minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 3 });
    const property = fc.property(begin, fc.array(change, { maxLength: 30 }), (tasks, changes) => {
      db.exec("DELETE FROM items; DELETE FROM tasks");
      for (const [number, states] of tasks.entries()) addAsOlderVersion(db, `pf_${number}`, ["one", "two", "one"].slice(number), states);
      for (const each of changes) {
        const where = `task_id = 'pf_${each.task}' AND idx = ${each.index}`;
        db.exec(each.kind === "delete" ? `DELETE FROM items WHERE ${where}` : `UPDATE items SET state = '${each.state}' WHERE ${where}`);
      }
      expect(rowsOf(db, "SELECT task_id, state, items FROM task_counts ORDER BY task_id, state")).toEqual(
        rowsOf(db, "SELECT task_id, state, count(*) AS items FROM items GROUP BY task_id, state ORDER BY task_id, state"),
      );
      for (const number of [0, 1, 2]) {
        const counts = noCounts();
        const items = rowsOf(db, `SELECT state FROM items WHERE task_id = 'pf_${number}'`) as { state: ItemState }[];
        for (const item of items) counts[item.state] += 1;
        const listed = rowsOf(
          db,
          `SELECT provider, state, tenant, had_problems FROM listing WHERE task_id = 'pf_${number}' ORDER BY provider`,
        );
        const names = ["", ...new Set(["one", "two", "one"].slice(number))].sort();
        // Only a cleaning deletes items, and it hides the task before.
        const place = { state: taskState(counts), tenant: "a", had_problems: problemStates.some((each) => counts[each] > 0) ? 1 : 0 };
        if (items.length > 0) expect(listed).toEqual(names.map((provider) => ({ provider, ...place })));
      }
    });
    fc.assert(property, { numRuns: runs(30) });
    db.exec("DELETE FROM items; DELETE FROM tasks");
    for (const table of ["listing", "task_counts", "recent_items"]) expect(rowsOf(db, `SELECT * FROM ${table}`)).toEqual([]);
  });

  it("stays as it was when an item is damaged, and other items still change", async () => {
    const db = await newDatabase();
    addAsOlderVersion(db, "pf_1", ["one"], ["queued", "queued"]);
    db.exec(
      "UPDATE items SET state = 'nonsense' WHERE idx = 0; UPDATE tasks SET providers = '[\"one'; UPDATE items SET state = 'failed' WHERE idx = 1",
    );
    expect(rowsOf(db, "SELECT task_state FROM tasks")).toEqual([{ task_state: "queued" }]);
    db.exec("UPDATE items SET state = 'failed' WHERE idx = 0; DELETE FROM tasks");
    expect(rowsOf(db, "SELECT provider FROM listing")).toEqual([{ provider: "one" }]);
  });
});

const planOf = (db: DatabaseSync, query: string): unknown[] =>
  rowsOf(db, `EXPLAIN QUERY PLAN ${query.replaceAll("?", "1")}`).map((row) => (row as { detail: string }).detail);

describe("a page of the list", () => {
  const range = "provider=? AND state=? AND created_at>? AND (created_at,task_id)<(?,?))";

  it.each([
    ["a", false, `COVERING INDEX listing_by_tenant (tenant=? AND ${range}`],
    ["a", true, `COVERING INDEX problem_listing_by_tenant (tenant=? AND ${range}`],
    [undefined, false, `PRIMARY KEY (${range}`],
    [undefined, true, `COVERING INDEX problem_listing (${range}`],
  ])("is one range of an index, without a scan or a sort, for the tenant %s and only problems %s", async (tenant, hadProblems, index) => {
    expect(planOf(await newDatabase(), listingQuery({ tenant, hadProblems }))).toEqual([
      `SEARCH listing USING ${index}`,
      "SEARCH tasks USING PRIMARY KEY (id=?)",
    ]);
  });

  it.each([
    ["a", "COVERING INDEX items_by_tenant (tenant=? AND target=? AND task_id<?)"],
    [undefined, "COVERING INDEX items_by_target (target=? AND task_id<?)"],
  ])("of one URL is one range of an index, without a sort, for the tenant %s", async (tenant, index) => {
    const plan = planOf(await newDatabase(), targetQuery(tenant));
    expect(plan.slice(0, 2)).toEqual([`SEARCH items USING ${index}`, "SEARCH tasks USING PRIMARY KEY (id=?)"]);
    expect(plan).not.toContainEqual(expect.stringContaining("B-TREE"));
  });
});

it("an item that a process of an earlier version adds has its task's tenant", async () => {
  const db = await newDatabase();
  addAsOlderVersion(db, "pf_1", ["one"], ["queued", "failed"]);
  expect(rowsOf(db, "SELECT tenant FROM items")).toEqual([{ tenant: "a" }, { tenant: "a" }]);
});
