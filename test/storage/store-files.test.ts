/** Files of a store that are taken away, replaced or damaged while the store is open. */

import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock, NOON, TODAY } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder } from "./file-harness.ts";

const admitted = (storage: Storage, id: string, count = 20): Promise<unknown> =>
  storage.admit([accountQuery()], () => ({ task: newTask({ id, urls: manyUrls(count, `https://media.example.com/${id}/`) }) }));

/** A store with rows in its file and in its log. */
async function usedStore(): Promise<{ storage: Storage; path: string }> {
  const path = join(newFolder(), "inner", "store.sqlite");
  const before = openSqlite(path, fakeClock());
  await admitted(before, "pf_1", 500);
  await before.close();
  const storage = openSqlite(path, fakeClock());
  onTestFinished(() => storage.close().catch(() => undefined));
  await admitted(storage, "pf_2", 500);
  await admitted(storage, "pf_3", 2);
  return { storage, path };
}

const remove = (...paths: string[]): void => {
  for (const path of paths) rmSync(path);
};
const halve = (path: string): void => truncateSync(path, Math.floor(statSync(path).size / 2));

describe("a store whose files are lost while it is open", () => {
  const losses: readonly (readonly [string, (path: string) => void])[] = [
    ["file is deleted", (path) => remove(path)],
    ["log is deleted", (path) => remove(`${path}-wal`)],
    ["log's index is deleted", (path) => remove(`${path}-shm`)],
    ["files are all deleted", (path) => remove(path, `${path}-wal`, `${path}-shm`)],
    ["folder is deleted", (path) => rmSync(dirname(path), { recursive: true })],
    [
      "folder is moved away and an empty one takes its place",
      (path) => {
        renameSync(dirname(path), `${dirname(path)}-old`);
        mkdirSync(dirname(path));
      },
    ],
    [
      "file is replaced by another one",
      (path) => {
        const other = `${path}-other`;
        copyFileSync(path, other);
        renameSync(other, path);
      },
    ],
    ["file is cut off to nothing", (path) => truncateSync(path, 0)],
    ["file is cut off in the middle", halve],
    ["log is cut off to nothing", (path) => truncateSync(`${path}-wal`, 0)],
    ["log is cut off in the middle", (path) => halve(`${path}-wal`)],
    ["file is overwritten by something else", (path) => writeFileSync(path, "x".repeat(100_000))],
    ["log is overwritten by something else", (path) => writeFileSync(`${path}-wal`, "x".repeat(statSync(`${path}-wal`).size))],
  ];

  it.each(losses)("admits, claims, sends and records nothing when its %s", async (_, lose) => {
    const { storage, path } = await usedStore();
    const claim = await storage.claim("fake-cdn:1", NOON, NOON + 60_000);
    if (!claim) throw new Error("Nothing is due.");
    await storage.check();
    lose(path);
    const start = { now: NOON, leaseUntil: NOON + 60_000, day: TODAY, allowance: undefined };
    const uses: readonly (() => Promise<unknown>)[] = [
      () => storage.check(),
      () => admitted(storage, "pf_4"),
      () => storage.claim("fake-cdn:1", NOON, NOON + 60_000),
      () => storage.startSending(claim.batch, start),
      () => storage.change(claim.batch, { kind: "end", items: [], refund: 0 }),
      () => storage.check(),
    ];
    for (const use of uses) {
      await expect(use()).rejects.toMatchObject({
        code: "store_unavailable",
        message: expect.stringMatching(
          /^The store .* cannot be used: .*(deleted or moved|replaced|cut off|overwritten).* while the server ran\.$/,
        ),
        hint: expect.stringMatching(/^Nothing is admitted or sent until the server is restarted\./),
        retryable: false,
      });
    }
  });

  it("goes on when the very same files come back", async () => {
    const { storage, path } = await usedStore();
    renameSync(path, `${path}-away`);
    await expect(admitted(storage, "pf_4")).rejects.toMatchObject({ code: "store_unavailable" });
    renameSync(`${path}-away`, path);
    await admitted(storage, "pf_4");
  });

  it("refuses an older copy that was written over its file", async () => {
    const { storage, path } = await usedStore();
    const backup = join(newFolder(), "backup.sqlite");
    const other = new DatabaseSync(path);
    other.exec(`VACUUM INTO '${backup}'`);
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    other.close();
    await admitted(storage, "pf_4", 500);
    copyFileSync(backup, path);
    await expect(admitted(storage, "pf_5")).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("a store whose files change in ordinary ways", () => {
  const uses: readonly (readonly [string, (db: DatabaseSync, path: string) => void])[] = [
    ["a checkpoint", (db) => db.exec("PRAGMA wal_checkpoint(PASSIVE)")],
    ["a checkpoint that starts the log again", (db) => db.exec("PRAGMA wal_checkpoint(RESTART)")],
    ["a checkpoint that empties the log", (db) => db.exec("PRAGMA wal_checkpoint(TRUNCATE)")],
    ["a limit on the log's size", (db) => db.exec("PRAGMA journal_size_limit = 0; PRAGMA wal_checkpoint(RESTART)")],
    ["a backup", (db, path) => db.exec(`VACUUM INTO '${path}-${Math.random()}'`)],
    ["VACUUM after a deletion", (db) => db.exec("DELETE FROM items WHERE task_id = 'pf_1'; VACUUM")],
    ["VACUUM and a checkpoint", (db) => db.exec("DELETE FROM items; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")],
    ["an index for the operator's queries", (db) => db.exec("CREATE INDEX IF NOT EXISTS mine ON items (state)")],
    ["ANALYZE", (db) => db.exec("ANALYZE")],
  ];

  it.each(uses)("goes on when another process runs %s", async (_, use) => {
    const { storage, path } = await usedStore();
    for (let round = 0; round < 3; round += 1) {
      const other = new DatabaseSync(path);
      use(other, path);
      // The other process writes as well before the server looks again.
      if (round > 0) other.exec("UPDATE ledger SET used = used + 1");
      await storage.check();
      await admitted(storage, `pf_a${round}`, 100);
      use(other, path);
      other.close();
      await admitted(storage, `pf_b${round}`);
    }
    expect(await storage.task("pf_b2")).toMatchObject({ batches: 10 });
  });

  it("goes on when its log grows past many checkpoints, and another server shares it", async () => {
    const { storage, path } = await usedStore();
    const second = openSqlite(path, fakeClock());
    for (let round = 0; round < 12; round += 1) {
      await admitted(storage, `pf_a${round}`, 500);
      await admitted(second, `pf_b${round}`, 300);
      await second.cancel(`pf_a${round}`);
      await storage.check();
    }
    await second.clean(NOON + 1, 60);
    await storage.check();
    await second.close();
    await admitted(storage, "pf_last");
    expect(await storage.task("pf_last")).toBeDefined();
  });

  it("goes on through a symbolic link", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real", "store.sqlite"), join(folder, "link.sqlite"));
    const storage = openSqlite(join(folder, "link.sqlite"), fakeClock());
    onTestFinished(() => storage.close());
    await admitted(storage, "pf_1");
    await storage.check();
    expect(await storage.task("pf_1")).toBeDefined();
  });
});
