import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { LOCK_WAIT_MS } from "../../src/storage/lock-wait.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { storageContract } from "../contract/storage.ts";
import { fakeClock, NOON, TODAY } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder, openFile, refusalOf, tamper } from "./file-harness.ts";
import { lockTime } from "./lock-time-harness.ts";

storageContract(":memory:", () => openSqlite(":memory:", fakeClock()));
storageContract("a file", () => openSqlite(join(newFolder(), "store.sqlite"), fakeClock()));

const queries = [accountQuery({ targets: manyUrls(1) })];

describe("the SQLite file", () => {
  it.skipIf(process.platform === "win32")("is created with its folder, both readable by their owner only", async () => {
    const folder = join(newFolder(), "new", "folder");
    const path = join(folder, "store.sqlite");
    const storage = await openFile(path);
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    // The write-ahead log holds the URLs until a checkpoint, so its permissions matter as much.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${path}-wal`).includes("media.example.com")).toBe(true);
  });

  it.skipIf(process.platform === "win32")("loses the permissions that other users had", async () => {
    const path = join(newFolder(), "store.sqlite");
    writeFileSync(path, "", { mode: 0o644 });
    await openFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("can be read while another process writes", async () => {
    const path = join(newFolder(), "store.sqlite");
    const storage = await openFile(path);
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    db.exec("BEGIN IMMEDIATE");
    // Another process holds the write lock.
    expect(await storage.task("pf_1")).toMatchObject({ batches: 1 });
    expect(await storage.facts(queries)).toMatchObject([{ ledger: { used: 2 } }]);
    db.exec("ROLLBACK");
  });

  it("keeps tasks, ledger and rate slots when it is closed and opened again", async () => {
    const path = join(newFolder(), "store.sqlite");
    const task = newTask({ id: "pf_1", urls: manyUrls(6), rejected: ["not a url"] });
    const first = await openFile(path);
    await first.admit(queries, () => ({ task: task }));
    const work = await first.claim("fake-cdn:1", NOON, NOON + 60_000);
    if (!work) throw new Error("No batch is due.");
    await first.startSending(work.batch, { now: NOON, leaseUntil: NOON + 45_000, day: TODAY, allowance: undefined });
    const sending = { ...work.batch, state: "sending", leaseUntil: NOON + 45_000 } as const;
    const sent = { kind: "accept", followed: true, vendorTaskIds: ["v-1"], requestId: "r-1" } as const;
    const items = [{ index: 0, state: "failed" as const, code: "vendor_failed", reason: "403" }];
    expect(await first.change(sending, { ...sent, items, refund: 1 })).toBe(true);
    const [, , last] = task.batches;
    expect(last && (await first.change(last, { kind: "end", items: [], refund: 0, exhausted: true }))).toBe(true);
    await first.reserveSlot("fake-cdn:1", 1_000, 1, NOON);
    const before = [
      await first.task("pf_1"),
      await first.items("pf_1", { limit: 9 }),
      await first.following("pf_1"),
      await first.facts(queries),
    ];
    await first.close();

    const second = await openFile(path);
    expect([
      await second.task("pf_1"),
      await second.items("pf_1", { limit: 9 }),
      await second.following("pf_1"),
      await second.facts(queries),
    ]).toEqual(before);
    expect(await second.ledger("fake-cdn:1", TODAY)).toEqual({ used: 5, pending: 2, exhausted: true });
    expect(await second.reserveSlot("fake-cdn:1", 1_000, 1, NOON)).toBe(1_000);
    expect((await second.claim("fake-cdn:1", NOON, NOON + 1))?.batch.number).toBe(1);
  });

  it("shows a process at once what another process wrote", async () => {
    const path = join(newFolder(), "store.sqlite");
    const one = await openFile(path);
    const other = await openFile(path);
    await one.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    expect(await other.task("pf_1")).toMatchObject({ openBatches: 1 });
    expect((await other.facts(queries))[0]?.recent.get(manyUrls(1)[0] ?? "")).toBe("pf_1");
    expect(await other.claim("fake-cdn:1", NOON, NOON + 10)).toBeDefined();
    expect(await one.claim("fake-cdn:1", NOON, NOON + 10)).toBeUndefined();
  });

  it("treats times that a wrong clock wrote as due", async () => {
    const path = join(newFolder(), "store.sqlite");
    const storage = await openFile(path);
    const year = 365 * 86_400_000;
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2), now: NOON + year }) }));
    await storage.reserveSlot("fake-cdn:1", 1_000, 1, NOON + year);
    expect(await storage.reserveSlot("fake-cdn:1", 1_000, 1, NOON)).toBe(0);
    expect(await storage.reserveSlot("fake-cdn:1", 1_000, 1, NOON)).toBe(1_000);
    expect(await storage.claim("fake-cdn:1", NOON, NOON + year)).toBeDefined();
    expect(await storage.claim("fake-cdn:1", NOON, NOON + 60_000)).toMatchObject({ batch: { state: "claimed" } });
    expect(await storage.claim("fake-cdn:1", NOON, NOON + 60_000)).toBeUndefined();
  });

  it("opens after another process has released its lock, and fails when the lock stays", async () => {
    const path = join(newFolder(), "store.sqlite");
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec("BEGIN IMMEDIATE");
    const staying = lockTime();
    const givenUp = openSqlite(path, fakeClock(), staying);
    await expect(givenUp.census()).rejects.toThrow(expect.objectContaining({ name: "PrefetchError", retryable: true }));
    expect(staying.waitedMs()).toBeGreaterThanOrEqual(LOCK_WAIT_MS);

    const passing = lockTime(({ pauses }) => {
      if (pauses === 3) other.exec("ROLLBACK");
    });
    const storage = openSqlite(path, fakeClock(), passing);
    expect(await storage.task("pf_1")).toBeUndefined();
    expect(passing.pauses()).toBe(3);
    await storage.close();
  });

  it("can be closed twice, and rejects later uses", async () => {
    const storage = await openFile(join(newFolder(), "store.sqlite"));
    await storage.close();
    await storage.close();
    await expect(storage.task("pf_1")).rejects.toThrow(PrefetchError);
  });
});

describe("a file that cannot be used", () => {
  const hint = "Check the file, its folder's permissions and the free disk space, or name another place in PREFETCH_STORE.";

  it("fails with a hint to update when a newer version wrote it, and stays unchanged", async () => {
    const path = join(newFolder(), "store.sqlite");
    await (await openFile(path)).close();
    tamper(path, "PRAGMA user_version = 99");
    expect(await refusalOf(path)).toMatchObject({
      code: "store_unavailable",
      message: `The store ${path} was written by a newer version of this server.`,
      hint: "Update cdn-prefetch-mcp, or name another file in PREFETCH_STORE.",
    });
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
  });

  it.each([
    ["its place is a folder", (folder: string) => folder],
    [
      "its folder is a file",
      (folder: string) => {
        writeFileSync(join(folder, "file"), "");
        return join(folder, "file", "store.sqlite");
      },
    ],
    [
      "a folder has the name of its log",
      (folder: string) => {
        mkdirSync(join(folder, "store.sqlite-wal"));
        return join(folder, "store.sqlite");
      },
    ],
    [
      "it is not a database",
      (folder: string) => {
        writeFileSync(join(folder, "store.sqlite"), "https://token@media.example.com/ ".repeat(100));
        return join(folder, "store.sqlite");
      },
    ],
  ])("fails with its name and a hint when %s", async (_, spoil) => {
    const path = spoil(newFolder());
    const error = await refusalOf(path);
    expect(error).toMatchObject({ code: "store_unavailable", retryable: false, hint });
    expect(error.message).toMatch(/^The store .* cannot be used: .+\.$/);
    expect(error.message).toContain(path);
    expect(error.message).not.toContain("token");
  });

  it("fails at reading when its pages are damaged", async () => {
    const path = join(newFolder(), "store.sqlite");
    const storage = await openFile(path);
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(300), perBatch: 10 }) }));
    await storage.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096);
    writeFileSync(path, bytes);
    const used = async (): Promise<unknown> => {
      const opened = await openSqlite(path, fakeClock());
      try {
        return await opened.items("pf_1", { limit: 1_000 });
      } finally {
        await opened.close();
      }
    };
    await expect(used()).rejects.toThrow(expect.objectContaining({ name: "PrefetchError", hint }));
  });

  it.each([
    ["a list", "UPDATE tasks SET providers = 's3cr3t'"],
    ["a state", "UPDATE items SET state = 's3cr3t'"],
    ["parts", "UPDATE items SET parts = 's3cr3t'"],
  ])("fails without quoting its content when the stored %s is damaged", async (_, damage) => {
    const path = join(newFolder(), "store.sqlite");
    const storage = await openFile(path);
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    tamper(path, damage);
    const reading = async (): Promise<unknown> => [await storage.task("pf_1"), await storage.items("pf_1", { limit: 9 })];
    const error: unknown = await reading().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "PrefetchError", code: "store_unavailable", hint });
    expect(String(error)).not.toContain("s3cr3t");
  });
});

it("a deletion that ends with its process goes on in the next one, and gives the quota back once", async () => {
  const path = join(newFolder(), "store.sqlite");
  const used = async (storage: Storage): Promise<number> => (await storage.ledger("fake-cdn:1", TODAY)).used;
  const first = await openFile(path);
  await first.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(40) }) }));
  await first.admit(queries, () => ({ task: newTask({ id: "pf_2", urls: manyUrls(3), now: NOON + 1 }) }));
  expect(await first.clean(NOON + 1, 7)).toEqual({ tasks: 1, isDone: false });
  expect(await used(first)).toBe(3);
  await first.close();
  let steps = 1;
  for (let isDone = false; !isDone; steps += 1) {
    const next = await openFile(path);
    expect([await next.task("pf_1"), await next.items("pf_1", { limit: 99 })]).toEqual([undefined, []]);
    const step = await next.clean(NOON + 1, 7);
    expect([step.tasks, await used(next)]).toEqual([0, 3]);
    isDone = step.isDone;
    await next.close();
  }
  // 40 items and 20 batches in steps of 7, the last of which deletes the task too.
  expect(steps).toBe(9);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  for (const table of ["items", "batches", "task_counts", "recent_items"]) {
    expect(db.prepare(`SELECT DISTINCT task_id FROM ${table}`).all()).toMatchObject([{ task_id: "pf_2" }]);
  }
  expect(db.prepare("SELECT * FROM deleted_tasks").all()).toEqual([]);
});
