import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { FORGET, RECENT_TASKS } from "../../src/storage/account-facts.ts";
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
  it.each([
    ["finds", RECENT_TASKS, ["tenant", "account", 0]],
    ["forgets", FORGET, [0, 1]],
  ] as const)("%s items of each target by their index, whatever SQLite knows of the tables", async (_, query, values) => {
    const { db } = await newStore();
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all("[]", ...values);
    const steps = plan.map(({ detail }) => String(detail).replace(/ \(.*/, ""));
    expect(steps.filter((step) => !/SUBQUERY|recent_items|USE TEMP|SEARCH t /.test(step))).toEqual([
      "SCAN wanted VIRTUAL TABLE INDEX 1:",
      "SEARCH r USING PRIMARY KEY",
      "SEARCH i USING PRIMARY KEY",
      "SEARCH b USING PRIMARY KEY",
    ]);
    expect(steps.filter((step) => step.startsWith("SCAN"))).toHaveLength(1);
  });

  it("visits as many items when its targets were sent four hundred times as when they were sent seven times", async () => {
    const { storage, db } = await newStore();
    const targets = manyUrls(3);
    const visited = (): number => Number(db.prepare("SELECT count(*) AS items FROM recent_items").get()?.items);
    const after: number[] = [];
    for (let time = 1; time <= 400; time += 1) {
      const now = NOON + time * 11 * MINUTE_MS;
      const query = accountQuery({ targets, recentSince: now - 10 * MINUTE_MS });
      const task = newTask({ id: `pf_${String(time).padStart(3, "0")}`, urls: targets, perBatch: 3, now });
      const [facts] = await storage.facts([query]);
      expect(facts?.recent.size).toBe(0);
      await storage.admit([query], () => ({ task }));
      const [batch] = task.batches;
      if (!batch) throw new Error("The task has no batch.");
      const items = [0, 1, 2].map((index) => ({ index, state: index === 0 ? ("failed" as const) : ("processing" as const) }));
      const accepted = { kind: "accept", followed: true, sentAt: now, vendorTaskIds: ["v"], items, refund: 0 } as const;
      expect(await storage.change(batch, accepted)).toBe(true);
      after.push(visited());
    }
    expect(after[0]).toBe(targets.length);
    expect(after.slice(7)).toEqual(Array(393).fill(after[7]));
    expect(Number(db.prepare("SELECT count(*) AS items FROM items").get()?.items)).toBe(400 * targets.length);
  });

  it("still finds what waits and what was sent since, after later admissions of the same targets", async () => {
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
