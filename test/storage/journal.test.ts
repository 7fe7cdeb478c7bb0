import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder, openFile } from "./file-harness.ts";

it("opening a file rolls back the journal that a killed process left", async () => {
  const path = join(newFolder(), "store.sqlite");
  const killed = join(newFolder(), "store.sqlite");
  const storage = await openSqlite(path, fakeClock());
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2_000) }) }));
  await storage.close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 5; BEGIN; UPDATE items SET reason = 'half done'");
  for (const end of ["", "-journal"]) copyFileSync(path + end, killed + end);
  db.close();
  expect(await (await openFile(killed)).items("pf_1", { limit: 1 })).toMatchObject([{ reason: undefined }]);
});
