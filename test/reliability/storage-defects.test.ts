/** What the store does not do yet; each of these fails until it does. */

import { chmodSync, copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import type { Clock } from "../../src/prefetch/clock.ts";
import { startHuaweiVod } from "../../src/sandbox/huawei-vod.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { huaweiEnv } from "../e2e/clients.ts";
import { accountQuery, fakeClock, fakeProvider, manyUrls, newTask, startProcess, urlsOf } from "../fakes.ts";
import { newFolder, openFile, refusalOf, tamper } from "../storage/file.ts";
import { openWithConnection } from "./storage-files.ts";
import { needsLimits, startStoreServer } from "./storage-server.ts";
import { packFull, writeOldFile } from "./storage-versions.ts";

const newPath = (): string => join(newFolder(), "store.sqlite");

it("1. names the disk, not the rollback, when there is no room for the first tables or for a migration", async (context) => {
  needsLimits(context);
  const emulator = await startHuaweiVod();
  onTestFinished(() => emulator.close());
  for (const [old, room] of [
    [false, 36_000],
    [true, 60_000],
  ] as const) {
    const path = newPath();
    if (old) writeOldFile(path, 1, packFull);
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    server.limitFiles(room);
    expect((await server.call("list_prefetch_tasks")).text).toMatch(/cannot be used: (disk I\/O error|database or disk is full)\./);
  }
});

it("2. waits five seconds for somebody else's migration, not fifty times five", { timeout: 20_000 }, async () => {
  const path = newPath();
  writeOldFile(path, 1);
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  let waits = 0;
  const clock: Clock = {
    now: Date.now,
    sleep: async () => {
      waits += 1;
      if (waits > 1) throw new Error("It waits again, after ten seconds in which the process did nothing else.");
    },
  };
  await expect(openSqlite(path, clock)).rejects.toMatchObject({ name: "PrefetchError", retryable: true });
});

it.each(["a journal of another kind", "a log that a killed process left"])("3. leaves every byte of a newer file with %s", async (what) => {
  const path = newPath();
  await (await openSqlite(path, fakeClock())).close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 99");
  if (what === "a journal of another kind") db.exec("PRAGMA journal_mode = DELETE");
  const copy = newPath();
  for (const end of ["", "-wal"]) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
  db.close();
  chmodSync(copy, 0o640);
  const before = readFileSync(copy);
  expect((await refusalOf(copy)).message).toMatch(/newer version/);
  expect(readFileSync(copy).equals(before)).toBe(true);
  expect(statSync(copy).mode & 0o777).toBe(0o640);
});

it("4. refuses its owner's read-only file instead of making it writable", async () => {
  const folder = newFolder();
  if (process.geteuid?.() === 0) {
    chmodSync(folder, 0o777);
    process.seteuid?.(65_534);
    onTestFinished(() => process.seteuid?.(0));
  }
  const path = join(folder, "store.sqlite");
  await (await openSqlite(path, fakeClock())).close();
  chmodSync(path, 0o400);
  const error: unknown = await openSqlite(path, fakeClock()).then(
    (storage) => storage.close(),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "PrefetchError" });
  expect(statSync(path).mode & 0o777).toBe(0o400);
});

it("5. does not reject URLs because the store could not be written for a moment before they were sent", async () => {
  const clock = fakeClock();
  const { storage, db } = await openWithConnection(newPath(), clock);
  onTestFinished(() => storage.close());
  await storage.admit([accountQuery()], () => newTask({ id: "pf_1", urls: manyUrls(2) }));
  // The batch is taken up and waits for its turn, when the disk becomes full for a second.
  await storage.reserveSlot("fake-cdn:1", 5_000, 1, clock.now());
  const provider = fakeProvider();
  const { worker } = startProcess({ storage, clock, report: () => undefined });
  worker.kick(provider);
  await clock.advance(4_500);
  db.exec("PRAGMA query_only = ON");
  await clock.advance(1_000);
  db.exec("PRAGMA query_only = OFF");
  await clock.advance(1_200_000);
  expect((await storage.items("pf_1", { limit: 9 })).map(({ state, reason }) => [state, reason])).toEqual(
    Array(2).fill(["processing", undefined]),
  );
  expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(2));
});

it("6. takes a moment that no calendar has for damage of the file, not for a bug", async () => {
  const emulator = await startHuaweiVod();
  onTestFinished(() => emulator.close());
  const path = newPath();
  const storage = await openSqlite(path, fakeClock());
  await storage.admit([accountQuery()], () => newTask({ id: "pf_1", urls: manyUrls(2) }));
  await storage.close();
  tamper(path, "UPDATE tasks SET created_at = 9000000000000000");
  const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
  expect((await server.call("list_prefetch_tasks")).text).toMatch(/its content is damaged/);
});

it("7. one damaged row does not stop everything else of its account", async () => {
  const clock = fakeClock();
  const path = newPath();
  const storage = await openFile(path);
  await storage.admit([accountQuery()], () => newTask({ id: "pf_1", urls: manyUrls(2) }));
  await storage.admit([accountQuery()], () => newTask({ id: "pf_2", urls: manyUrls(2, "https://media.example.com/new/") }));
  tamper(path, "UPDATE items SET state = 'nonsense' WHERE task_id = 'pf_1' AND idx = 0");
  const provider = fakeProvider();
  const { worker } = startProcess({ storage, clock, report: () => undefined });
  worker.kick(provider);
  await clock.advance(1_200_000);
  expect(provider.received.flatMap(urlsOf)).toEqual(expect.arrayContaining(manyUrls(2, "https://media.example.com/new/")));
});
