/** Store files of other versions: older ones are brought up to date whole or not at all, newer ones are left alone. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { Readable, Writable } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { TaskQuery } from "../../../src/prefetch/model/storage.ts";
import type { TaskState } from "../../../src/prefetch/model/task.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { LOCK_WAIT_MS } from "../../../src/storage/lock-wait.ts";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder, openFile, refusalOf, tamper } from "../../storage/file-harness.ts";
import { lockTime } from "../../storage/lock-time-harness.ts";
import { openStorage } from "../../storage/open-harness.ts";
import { tablesOf } from "../../storage/tables-harness.ts";
import { huaweiEnv } from "../harness/clients-harness.ts";
import { contentOf, isSound, look } from "./files-harness.ts";
import { needsLimits, startStoreServer } from "./server-harness.ts";
import { ACCOUNT, OLD_LEASE, type OldVersion, oldVersions, packFull, writeOldFile } from "./versions-harness.ts";

const newPath = (): string => join(newFolder(), "store.sqlite");

function oldFile(version: OldVersion, more?: (db: DatabaseSync) => void): string {
  const path = newPath();
  writeOldFile(path, version, more);
  return path;
}

async function newFile(): Promise<string> {
  const path = newPath();
  await (await openStorage(path, fakeClock())).close();
  return path;
}

async function isCurrent(version: OldVersion): Promise<boolean> {
  return contentOf(await newFile()).version === version;
}

describe.each(oldVersions)("a file of schema version %d", (version) => {
  it("has the same tables, columns and indexes afterwards as a new one", async () => {
    const path = oldFile(version);
    await (await openFile(path)).close();
    expect(look(path, tablesOf)).toEqual(look(await newFile(), tablesOf));
    expect(isSound(path)).toBe(true);
  });

  it("keeps its content and the meaning of that version", async () => {
    const storage = await openFile(oldFile(version));
    const [summary] = await storage.tasks({ tenant: undefined, limit: 1 });
    expect(summary).toMatchObject({ task: { id: "pf_2", createdAt: NOON + 1 }, counts: { succeeded: 1 } });
    expect(await storage.items("pf_2", { limit: 9 })).toMatchObject([
      { kind: "asset", target: "asset-1", parts: [{ url: "https://media.example.com/a.mp4", state: "succeeded" }] },
    ]);
    expect(await storage.task("pf_1")).toMatchObject({
      task: { createdAt: NOON, duplicatesRemoved: 1, skippedRecent: 2 },
      counts: { queued: 3, processing: 1, failed: 1, rejected: 1 },
      batches: 3,
      openBatches: 3,
    });
    const inState = async (state: TaskState) =>
      (await storage.tasks({ tenant: "", states: [state], provider: "fake-cdn", limit: 9 })).map(({ task }) => task.id);
    expect([await inState("running"), await inState("succeeded"), await inState("partial")]).toEqual([["pf_1"], ["pf_2"], []]);
    const [facts] = await storage.facts([accountQuery({ account: ACCOUNT, targets: [...manyUrls(9), "asset-1"], recentSince: NOON })]);
    // The second URL has failed.
    const waitingOrSent = [0, 2, 3, 4].map((index) => [manyUrls(9)[index], "pf_1"]);
    expect([...(facts?.recent ?? [])].sort()).toEqual([["asset-1", "pf_2"], ...waitingOrSent]);
    expect(await storage.following("pf_1")).toMatchObject([{ batch: { number: 0, vendorTaskIds: ["v-1"], requestId: "r-1" } }]);
    expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 8, pending: 3, exhausted: true });
    expect(await storage.reserveSlot(ACCOUNT, 1_000, 1, NOON)).toBe(3_000);

    const claims = [];
    for (let nth = 0; nth < 2; nth += 1) claims.push(await storage.claim(ACCOUNT, OLD_LEASE, OLD_LEASE + 60_000));
    expect(claims).toMatchObject([
      { batch: { number: 1, state: "sending" }, items: [{ index: 2 }, { index: 3 }], divisions: version === 1 ? 0 : 1 },
      { batch: { number: 2, origin: version === 1 ? 2 : 1 }, items: [{ index: 4 }], divisions: version === 1 ? 0 : 1 },
    ]);
    // In a cancelled task, a batch is cancelled instead of queued again.
    const [, unsent] = claims;
    if (!unsent) throw new Error("Nothing to give back.");
    const goesOn = await storage.change(unsent.batch, { kind: "requeue", items: [], refund: 0 });
    expect(goesOn).toBe(version < 3);
    expect(await storage.task("pf_1")).toMatchObject({ counts: version < 3 ? { queued: 3, cancelled: 0 } : { queued: 2, cancelled: 1 } });
  });

  it("lets tasks be found by problem, and by URL for each tenant", async () => {
    const ownTasks = (db: DatabaseSync) => {
      if (version >= 5) db.exec("UPDATE tasks SET tenant = 'a' WHERE id = 'pf_1'");
      if (version >= 8) db.exec("UPDATE listing SET tenant = 'a' WHERE task_id = 'pf_1'");
    };
    const storage = await openFile(oldFile(version, ownTasks));
    const [tenant, stranger] = version < 5 ? ["", "b"] : ["a", "b"];
    const idsOf = async (query: Partial<TaskQuery>) =>
      (await storage.tasks({ tenant, limit: 9, ...query })).map(({ task, problem, found }) => [task.id, problem?.target, found?.state]);
    const [first, second] = manyUrls(2);
    expect(await idsOf({ hadProblems: true })).toEqual([["pf_1", second, undefined]]);
    expect(await idsOf({ target: first })).toEqual([["pf_1", second, "processing"]]);
    expect(await idsOf({ target: first, tenant: undefined })).toEqual([["pf_1", second, "processing"]]);
    expect(await idsOf({ target: first, tenant: stranger })).toEqual([]);
  });

  it("is as it was when the last word of the migration fails, and migrates later", async ({ skip }) => {
    if (await isCurrent(version)) skip("there is nothing to migrate");
    const path = oldFile(version);
    const before = contentOf(path);
    const { exec } = DatabaseSync.prototype;
    const failing = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
      if (sql === "COMMIT") throw new Error("not now");
      exec.call(this, sql);
    });
    onTestFinished(() => failing.mockRestore());
    expect(await refusalOf(path)).toMatchObject({ code: "store_unavailable", message: expect.stringContaining(path) });
    expect(contentOf(path)).toEqual(before);
    failing.mockRestore();
    expect(await (await openFile(path)).task("pf_1")).toMatchObject({ batches: 3 });
  });

  it("is usable when the process was killed in the middle of the migration", async ({ skip }) => {
    if (await isCurrent(version)) skip("there is nothing to migrate");
    // The first version's migration rewrites many pages, so it writes to the log before it ends.
    const path = oldFile(version, version === 1 ? packFull : undefined);
    const before = JSON.stringify(contentOf(path));
    const child = await startChild(path, "COMMIT");
    if (version === 1) expect(statSync(`${path}-wal`).size).toBeGreaterThan(100_000);
    child.process.kill("SIGKILL");
    await once(child.process, "exit");
    expect(JSON.stringify(contentOf(path)) === before).toBe(true);
    expect(await (await openFile(path)).task("pf_1")).toMatchObject({ batches: 3 });
    expect(isSound(path)).toBe(true);
  });
});

interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  /** Lets it go on, and tells how opening the file ended. */
  finish(): Promise<unknown>;
}

/** A process that stands just before a statement of opening the file. */
async function startChild(path: string, stopBefore: string): Promise<Child> {
  const script = join(import.meta.dirname, "child-process.ts");
  const child = spawn(process.execPath, [script, path, stopBefore], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("stopped");
  return {
    process: child,
    finish: async () => {
      child.stdin.write("\n");
      return (await lines.next()).value;
    },
  };
}

describe("several processes that open an old file at the same moment", () => {
  it("migrate it once, all of them having seen that it is old", async () => {
    const path = oldFile(1);
    const children = await Promise.all([1, 2, 3].map(() => startChild(path, "BEGIN IMMEDIATE")));
    expect(await Promise.all(children.map((child) => child.finish()))).toEqual(["opened", "opened", "opened"]);
    expect(look(path, tablesOf)).toEqual(look(await newFile(), tablesOf));
  });

  it("wait for the one that is in the middle of it", async () => {
    const path = oldFile(1);
    const child = await startChild(path, "COMMIT");
    const other = await startChild(path, "BEGIN IMMEDIATE");
    const waited = other.finish();
    expect(await child.finish()).toBe("opened");
    expect(await waited).toBe("opened");
  });
});

it("an old file that another process keeps locked is migrated after the release, and refused when the lock stays", async () => {
  const path = oldFile(1);
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  const staying = lockTime();
  const refused = openSqlite(path, fakeClock(), staying);
  await expect(refused.census()).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  expect(staying.waitedMs()).toBeGreaterThanOrEqual(LOCK_WAIT_MS);
  const passing = lockTime(({ pauses }) => {
    if (pauses === 5) other.exec("ROLLBACK");
  });
  const storage = openSqlite(path, fakeClock(), passing);
  onTestFinished(() => storage.close());
  expect(await storage.task("pf_1")).toMatchObject({ batches: 3 });
});

describe("an old file on a disk without room for the migration", () => {
  it("stays as it was, whatever of the migration there was room for, and migrates when there is more", async (context) => {
    needsLimits(context);
    const path = oldFile(1, packFull);
    const bytes = readFileSync(path);
    const emulator = await startHuaweiVod();
    onTestFinished(() => emulator.close());
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    for (const room of [0, 20_000, 60_000, 400_000]) {
      server.limitFiles(room);
      const answer = await server.call("get_prefetch_status", { task_id: "pf_2" });
      expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(`The store ${path} cannot be used: `) });
      expect(answer.text).toMatch(/cannot be used: (disk I\/O error|database or disk is full)\. .*free disk space/);
      expect(readFileSync(path).equals(bytes)).toBe(true);
      expect(contentOf(path).version).toBe(1);
    }
    server.freeFiles();
    expect(await server.call("get_prefetch_status", { task_id: "pf_2" })).toMatchObject({ isError: false });
    expect(isSound(path)).toBe(true);
  });
});

describe("a file of a newer schema version", () => {
  it("is refused by every tool with what to do, and keeps every byte", async () => {
    const emulator = await startHuaweiVod();
    onTestFinished(() => emulator.close());
    const path = await newFile();
    const storage = await openStorage(path, fakeClock());
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(50) }) }));
    await storage.close();
    tamper(path, "PRAGMA user_version = 99; CREATE TABLE from_the_future (a)");
    const bytes = readFileSync(path);
    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    for (const [tool, args] of [
      ["get_prefetch_quota", {}],
      ["list_prefetch_tasks", {}],
      ["get_prefetch_status", { task_id: "pf_1" }],
      ["cancel_prefetch", { task_id: "pf_1" }],
      ["prefetch_urls", { urls: ["https://example.com/a.mp4"] }],
    ] as const) {
      const { isError, text } = await server.call(tool, args);
      expect(isError).toBe(true);
      expect(text).toContain(
        `The store ${path} was written by a newer version of this server. Update cdn-prefetch-mcp, or name another file in PREFETCH_STORE.`,
      );
    }
    await server.close();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(emulator.log).toEqual([]);
  });

  it.each([
    ["closed by a server that keeps another kind of journal", "PRAGMA journal_mode = DELETE"],
    ["left by a killed process, with a part of it in its log", ""],
  ])("keeps every byte, and the permissions that it has: %s", async (_, more) => {
    const path = await newFile();
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = 99; CREATE TABLE from_the_future (a); ${more}`);
    const copy = newPath();
    const ends = ["", "-wal"].filter((end) => existsSync(path + end));
    for (const end of ends) copyFileSync(path + end, copy + end);
    db.close();
    chmodSync(copy, 0o640);
    const bytes = () => ends.map((end) => readFileSync(copy + end, "base64"));
    const before = bytes();
    expect((await refusalOf(copy)).message).toMatch(/was written by a newer version/);
    expect(bytes()).toEqual(before);
    expect(statSync(copy).mode & 0o777).toBe(0o640);
  });
});
