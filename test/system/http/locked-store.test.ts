/** Another program holds the store's write lock, such as a backup or a shell of SQLite. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { newFolder } from "../../storage/file-harness.ts";
import { httpSessions, huaweiEnv, taskOf, usedOf } from "../harness/clients-harness.ts";
import { startServer } from "../harness/http-server-harness.ts";

const [[, connect]] = httpSessions;
const urls = ["https://example.com/a.mp4", "https://example.com/b.mp4"];

/** Takes the write lock in a process of its own, until the returned function is called. */
async function lockElsewhere(path: string): Promise<() => Promise<void>> {
  const code = `
    const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)});
    db.exec("BEGIN IMMEDIATE");
    process.stdout.write("locked\\n");
    process.stdin.on("end", () => { db.exec("ROLLBACK"); db.close(); }).resume();`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(createInterface(child.stdout), "line");
  return async () => {
    child.stdin.end();
    await exited;
  };
}

it("the server answers probes and calls that read while another program holds the write lock, and writes after its release", async () => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
  onTestFinished(() => emulator.close());
  const path = join(newFolder(), "store.sqlite");
  const { url } = await startServer(huaweiEnv(emulator, `sqlite:${path}`), []);
  const [writer, reader] = await Promise.all([connect(url), connect(url)]);
  const first = taskOf(await writer.call("prefetch_urls", { urls: urls.slice(0, 1), wait_seconds: 20 }));

  const release = await lockElsewhere(path);
  let written = false;
  const writing = writer.call("prefetch_urls", { urls }).finally(() => {
    written = true;
  });
  for (let round = 0; round < 5; round += 1) {
    for (const probe of ["/healthz", "/readyz"]) expect((await fetch(new URL(probe, url))).status).toBe(200);
    expect(taskOf(await reader.call("get_prefetch_status", { task_id: first.task_id }))).toMatchObject({ state: "succeeded" });
    expect((await reader.call("list_prefetch_tasks")).structured).toMatchObject({ tasks: [{ task_id: first.task_id }] });
    expect(usedOf(await reader.call("get_prefetch_quota"))).toEqual([1, 0]);
  }
  expect(written).toBe(false);
  await release();
  expect(taskOf(await writing)).toMatchObject({ skipped_recent: 1, quota: { used: 2 } });
});
