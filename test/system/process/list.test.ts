/** Finding tasks through the built server, with each generation of the client. */

import { describe, it } from "vitest";
import { z } from "zod";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { alibabaEnv, endOf, sessions, taskOf } from "../harness/clients-harness.ts";

const row = z.record(z.string(), z.unknown());
const listed = z.object({ tasks: z.array(row), span: row.optional(), next_step: z.string().optional() });
const states = ["queued", "processing", "succeeded", "failed", "rejected", "untracked", "cancelled", "unknown"];

describe.concurrent.each(sessions)("list_prefetch_tasks with the %s", (_, start) => {
  it("finds a URL without an id, tasks with problems, several states and a day, and its rows add up", { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const emulator = await startAlibabaVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const session = await start({ env: alibabaEnv(emulator, "memory:") });
    onTestFinished(() => session.close());
    const list = async (args: Record<string, unknown>) => listed.parse((await session.call("list_prefetch_tasks", args)).structured);

    const fine = taskOf(await session.call("prefetch_urls", { urls: ["https://vod.example.net/a.mp4", "https://vod.example.net/b.mp4"] }));
    await endOf(session, fine);
    const mixed = taskOf(await session.call("prefetch_urls", { urls: ["https://vod.example.net/c.mp4", "ftp://vod.example.net/d.mp4"] }));
    await endOf(session, mixed);

    const all = await list({ state: ["succeeded", "partial"], since: "", until: null });
    expect(all.tasks.map((task) => task.task_id)).toEqual([mixed.task_id, fine.task_id]);
    for (const task of all.tasks) {
      expect(states.reduce((sum, state) => sum + Number(task[state] ?? 0), 0)).toBe(task.total);
    }
    expect(all).not.toHaveProperty("span");

    const { tasks } = await list({ had_problems: true });
    expect(tasks).toMatchObject([
      {
        task_id: mixed.task_id,
        total: 2,
        succeeded: 1,
        rejected: 1,
        first_problem: { url: "ftp://vod.example.net/d.mp4", code: "invalid_argument" },
      },
    ]);
    expect((await list({ state: "succeeded, failed" })).tasks).toMatchObject([{ task_id: fine.task_id }]);

    expect((await list({ url: "HTTPS://VOD.example.net:443/b.mp4" })).tasks).toMatchObject([
      { task_id: fine.task_id, found: { url: "https://vod.example.net/b.mp4", state: "succeeded" } },
    ]);
    const missing = await list({ url: "https://vod.example.net/never.mp4" });
    expect([missing.tasks, missing.next_step]).toEqual([[], expect.stringContaining("verify_prefetch")]);

    const inShanghai = await list({ since: "2001-02-03", until: "2001-02-03", time_zone: "Asia/Shanghai" });
    expect(inShanghai).toEqual({
      tasks: [],
      span: { since: "2001-02-02T16:00:00.000Z", until: "2001-02-03T16:00:00.000Z", time_zone: "Asia/Shanghai" },
      next_step: "No task of the last 30 days fits. Call again with fewer filters to see which tasks there are.",
    });
    expect((await list({ since: "2001-02-03" })).span).toEqual({ since: "2001-02-03T00:00:00.000Z", time_zone: "UTC" });
    expect((await session.call("list_prefetch_tasks", { since: "yesterday" })).text).toMatch(/^invalid_argument: since: "yesterday"/);
    expect((await session.call("list_prefetch_tasks", { state: ["done"] })).text).toMatch(/state.*must be one or several of queued/);
  });
});
