/** A store that another process locks for longer than the server waits. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { newFolder } from "../../storage/file-harness.ts";
import { huaweiEnv, taskOf, usedOf } from "../harness/clients-harness.ts";
import { heldBy, nothingHeld } from "./files-harness.ts";
import { startStoreServer } from "./server-harness.ts";

const urls = ["https://example.com/a.mp4", "https://example.com/b.mp4"];

it("a locked store can be read, a write fails with advice to call again, and nothing is half done", async () => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const path = join(newFolder(), "store.sqlite");
  const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
  expect(usedOf(await server.call("get_prefetch_quota"))).toEqual([0, 0]);

  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  expect(usedOf(await server.call("get_prefetch_quota"))).toEqual([0, 0]);
  expect((await server.call("list_prefetch_tasks")).structured).toMatchObject({ tasks: [] });
  const plan = taskOf(await server.call("prefetch_urls", { urls, dry_run: true }));
  expect(plan).toMatchObject({ cost: 2, dry_run: true });

  const refused = await server.call("prefetch_urls", { urls });
  expect(refused.isError).toBe(true);
  expect(refused.text).toContain(`The store ${path} cannot be used: database is locked.`);
  expect(refused.text).toMatch(/\nCalling again may help\./);
  other.exec("ROLLBACK");
  expect(heldBy(path)).toEqual(nothingHeld);
  expect(emulator.log).toEqual([]);

  const sent = taskOf(await server.call("prefetch_urls", { urls }));
  const ended = taskOf(await server.call("get_prefetch_status", { task_id: sent.task_id }));
  expect(ended).toMatchObject({ state: "succeeded", skipped_recent: 0, quota: { used: 2 } });
  expect(emulator.log.flatMap((entry) => entry.accepted)).toEqual(urls);
});
