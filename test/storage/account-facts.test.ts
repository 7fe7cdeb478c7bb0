import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { RECENT_TASKS } from "../../src/storage/account-facts.ts";
import { NOON } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder, openFile } from "./file-harness.ts";

const MINUTE_MS = 60_000;

async function newStore(): Promise<{ readonly storage: Storage; readonly db: DatabaseSync }> {
  const path = join(newFolder(), "store.sqlite");
  const storage = await openFile(path);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return { storage, db };
}

describe("the look for recent tasks", () => {
  it("reads a range of each target's items by their index, whatever SQLite knows of the tables", async () => {
    const { db } = await newStore();
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${RECENT_TASKS}`).all("[]", 0, "tenant", "account", 0, 0);
    expect(plan.map(({ detail }) => detail)).toEqual([
      "SCAN wanted VIRTUAL TABLE INDEX 1:",
      "SEARCH r USING PRIMARY KEY (target=? AND sent_at>?)",
      "SEARCH i USING PRIMARY KEY (task_id=? AND idx=?)",
      "SEARCH b USING PRIMARY KEY (task_id=? AND number=?)",
      "SEARCH t USING PRIMARY KEY (id=?)",
      "USE TEMP B-TREE FOR GROUP BY",
    ]);
  });

  it("visits no more items when its targets were sent a hundred times than when they were sent once", async () => {
    const { storage, db } = await newStore();
    const targets = manyUrls(3);
    const inRange = "SELECT count(*) AS items FROM recent_items WHERE target IN (SELECT value FROM json_each(?)) AND sent_at > ?";
    for (let time = 1; time <= 100; time += 1) {
      const now = NOON + time * 11 * MINUTE_MS;
      const query = accountQuery({ targets, recentSince: now - 10 * MINUTE_MS });
      const visited = () => Number(db.prepare(inRange).get(JSON.stringify(targets), query.recentSince)?.items);
      expect(visited()).toBe(0);
      const task = newTask({ id: `pf_${String(time).padStart(3, "0")}`, urls: targets, perBatch: 3, now });
      await storage.admit([query], () => ({ task }));
      expect(visited()).toBe(targets.length);
      const [batch] = task.batches;
      if (!batch) throw new Error("The task has no batch.");
      const items = [0, 1, 2].map((index) => ({ index, state: index === 0 ? ("failed" as const) : ("processing" as const) }));
      const accepted = { kind: "accept", followed: time % 2 === 0, sentAt: now, vendorTaskIds: ["v"], items, refund: 0 } as const;
      expect(await storage.change(batch, accepted)).toBe(true);
      expect(visited()).toBe(targets.length);
    }
    expect(Number(db.prepare("SELECT count(*) AS items FROM items").get()?.items)).toBe(100 * targets.length);
    while (!(await storage.clean(NOON + 100 * 11 * MINUTE_MS, 200)).isDone);
    // The last task is as old as that moment, and stays.
    expect(Number(db.prepare("SELECT count(*) AS items FROM recent_items").get()?.items)).toBe(targets.length);
  });

  it("still finds a target that waits after a later task of the same target is cancelled", async () => {
    const { storage } = await newStore();
    const [url = "", other = ""] = manyUrls(2);
    const admit = (id: string, now: number, urls: readonly string[]) =>
      storage.admit([accountQuery({ targets: urls, recentSince: now - 10 * MINUTE_MS })], () => ({
        task: newTask({ id, urls, now, perBatch: 1 }),
      }));
    await admit("pf_1", NOON, [url, other]);
    // Another task sends one of the targets weeks later, and fails; the first task still waits.
    await admit("pf_2", NOON + 20_000 * MINUTE_MS, [url]);
    await storage.cancel("pf_2");
    const asked = accountQuery({ targets: [url, other], recentSince: NOON + 30_000 * MINUTE_MS });
    expect((await storage.facts([asked]))[0]?.recent).toEqual(new Map([url, other].map((each) => [each, "pf_1"])));
  });
});
