import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { noCounts } from "../../src/prefetch/model/task.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder } from "./file-harness.ts";

describe("the first use of a store", () => {
  /** A path that cannot be a folder, because a file has it. */
  const occupied = (): string => {
    const path = join(newFolder(), "file");
    writeFileSync(path, "");
    return path;
  };
  const unopened = (folder = newFolder()): { storage: Storage; path: string } => {
    const path = join(folder, "store.sqlite");
    const storage = openSqlite(path, fakeClock());
    onTestFinished(() => storage.close());
    return { storage, path };
  };

  it("creates the file", async () => {
    const { storage, path } = unopened();
    expect(existsSync(path)).toBe(false);
    await storage.census();
    expect(existsSync(path)).toBe(true);
  });

  it("fails and creates no file when the store is closed", async () => {
    const { storage, path } = unopened();
    await storage.close();
    await expect(storage.census()).rejects.toMatchObject({ name: "PrefetchError", hint: "Start the server again." });
    expect(existsSync(path)).toBe(false);
  });

  it("opens one database when several uses start together", async () => {
    const storage = openSqlite(":memory:", fakeClock());
    onTestFinished(() => storage.close());
    const task = newTask({ id: "pf_1", urls: manyUrls(2) });
    await Promise.all([storage.census(), storage.admit([accountQuery()], () => ({ task })), storage.census()]);
    expect(await storage.census()).toMatchObject({ queued: 2 });
  });

  it("is repeated by the next use when it fails", async () => {
    const folder = occupied();
    const { storage } = unopened(folder);
    await expect(storage.census()).rejects.toMatchObject({ name: "PrefetchError", code: "store_unavailable" });
    await expect(storage.census()).rejects.toMatchObject({ name: "PrefetchError", code: "store_unavailable" });
    rmSync(folder);
    expect(await storage.census()).toEqual(noCounts());
  });

  it("completes when the store is closed meanwhile", async () => {
    const { storage } = unopened();
    const counts = storage.census();
    await storage.close();
    expect(await counts).toEqual(noCounts());
  });

  it("reports its failure to its caller only when the store is closed meanwhile", async () => {
    const { storage } = unopened(occupied());
    const failed = expect(storage.census()).rejects.toMatchObject({ name: "PrefetchError" });
    await storage.close();
    await failed;
  });
});
