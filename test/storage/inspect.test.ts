/** The look at a store file that changes nothing. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { describeType, fileSystemOf } from "../../src/storage/file-system.ts";
import { inspectStore } from "../../src/storage/inspect.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder, tamper } from "./file-harness.ts";

async function storeWithTask(path: string) {
  const storage = openSqlite(path, fakeClock());
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4) }) }));
  return storage;
}

function refusal(path: string, kind: "real" | "sandbox" = "real"): PrefetchError {
  try {
    inspectStore(path, kind);
  } catch (error) {
    if (error instanceof PrefetchError) return error;
    throw error;
  }
  throw new Error("Not refused.");
}

describe("inspectStore", () => {
  it("finds nothing, and creates nothing, where no file is", () => {
    const path = join(newFolder(), "new", "store.sqlite");
    expect(inspectStore(path, "real")).toBeUndefined();
    expect(existsSync(join(path, ".."))).toBe(false);
  });

  it("leaves no file beside a store that no server has open", async () => {
    const folder = newFolder();
    const path = join(folder, "a store #1.sqlite");
    const storage = await storeWithTask(path);
    await storage.close();
    expect(readdirSync(folder)).toEqual(["a store #1.sqlite"]);
    expect(inspectStore(path, "real")).toMatchObject({ openTasks: 1 });
    expect(readdirSync(folder)).toEqual(["a store #1.sqlite"]);
  });

  it("counts the open tasks of a store that a server has open, and changes no byte of it", async () => {
    const path = join(newFolder(), "store.sqlite");
    const storage = await storeWithTask(path);
    onTestFinished(() => storage.close());
    const before = [readFileSync(path), readFileSync(`${path}-wal`)];
    expect(inspectStore(path, "real")).toMatchObject({ openTasks: 1, version: expect.any(Number) });
    expect([readFileSync(path), readFileSync(`${path}-wal`)].every((bytes, index) => bytes.equals(before[index] ?? Buffer.of()))).toBe(
      true,
    );
    expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 4 } });
  });

  it("refuses a store of a newer version, and leaves it as it is", async () => {
    const path = join(newFolder(), "store.sqlite");
    await (await storeWithTask(path)).close();
    tamper(path, "PRAGMA user_version = 999");
    const before = readFileSync(path);
    expect(refusal(path)).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("newer version") });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("does not migrate a store of an older version", async () => {
    const path = join(newFolder(), "store.sqlite");
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE tasks (id TEXT); PRAGMA user_version = 3");
    db.close();
    expect(inspectStore(path, "real")).toMatchObject({ version: 3, openTasks: undefined });
    expect(inspectStore(path, "real")?.newest).toBeGreaterThan(3);
  });

  it("refuses the store of the sandbox, and a real one in the sandbox", async () => {
    const path = join(newFolder(), "store.sqlite");
    await (await storeWithTask(path)).close();
    expect(refusal(path, "sandbox").message).toContain("may hold real tasks");
  });

  it.each<readonly [string, RegExp, (folder: string) => string]>([
    ["a folder", /it is a folder/, (folder) => folder],
    [
      "no database",
      /not a database/,
      (folder) => {
        writeFileSync(join(folder, "s"), Buffer.alloc(9_000, 0xa5));
        return join(folder, "s");
      },
    ],
  ])("refuses %s", (_, reason, make) => {
    expect(refusal(make(newFolder())).message).toMatch(reason);
  });

  it("is retryable while another process has the file locked", async () => {
    const path = join(newFolder(), "store.sqlite");
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    db.exec("CREATE TABLE x (y); BEGIN EXCLUSIVE");
    expect(refusal(path)).toMatchObject({ code: "store_unavailable", retryable: true });
  });
});

describe("the file system", () => {
  it.each([
    [0x6969, "NFS", "remote"],
    [0xff534d42, "CIFS", "remote"],
    // Systems with signed numbers give CIFS so.
    [0xff534d42 - 2 ** 32, "CIFS", "remote"],
    [0x65735546, "FUSE", "remote"],
    [0xef53, "ext", "local"],
    [0x01021994, "tmpfs", "lost"],
    [0x794c7630, "overlay", "lost"],
    [1, "unknown", "unknown"],
    [undefined, "unknown", "unknown"],
  ])("of type %s is %s, which is %s", (type, name, kind) => {
    expect(describeType(type)).toEqual({ name, kind });
  });

  it("of a folder has a number of free bytes", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "a"));
    expect((await fileSystemOf(join(folder, "a"))).free).toBeGreaterThan(0);
    expect(statSync(folder).isDirectory()).toBe(true);
    await expect(fileSystemOf(join(folder, "none"))).rejects.toThrow("ENOENT");
  });
});
