/** A sandbox on a kept store: its emulated vendors forget their tasks with the process, and real servers keep off the file. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { endOf, modernSession, taskOf } from "../harness/clients-harness.ts";

const folder = mkdtempSync(join(tmpdir(), "kept-sandbox-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const store = ["--store", `sqlite:${join(folder, "store.sqlite")}`];

it("ends the tasks of an earlier sandbox with the vendor's answer, and a real server refuses its store", async () => {
  const first = await modernSession({ args: ["--sandbox", ...store] });
  const urls = ["https://example.com/a.mp4", "https://vod.example.net/b.mp4", "https://Fastly.example.org/c d.mp4#t"];
  const { task_id } = taskOf(await first.call("prefetch_urls", { urls }));
  if (first.pid === null) throw new Error("The server has no process.");
  process.kill(first.pid, "SIGKILL");

  const second = await modernSession({ args: ["--sandbox", ...store] });
  const ended = await endOf(second, { task_id });
  expect(ended.counts.queued + ended.counts.processing).toBe(0);
  const { items = [] } = taskOf(await second.call("get_prefetch_status", { task_id, detail: "all" }));
  expect(items.map(({ state }) => state)).toEqual(["untracked", "untracked", "succeeded"]);
  expect(items[0]?.reason).toBe("The vendor no longer knows the task that it gave for this.");
  expect(items[2]).toMatchObject({ url: urls[2], sent_as: "https://fastly.example.org/c%20d.mp4" });
  const verified = await second.call("verify_prefetch", { task_id, detail: "all" });
  expect(verified.structured).toMatchObject({
    results: [{}, {}, { url: urls[2], sent_as: "https://fastly.example.org/c%20d.mp4", state: "cold" }],
  });
  await second.close();

  const real = await modernSession({ args: store });
  const refused = await real.call("get_prefetch_status", { task_id });
  expect(refused.text).toMatch(/^store_unavailable: The store .* was written by the sandbox.* Name another file in PREFETCH_STORE/);
  await real.close();
});
