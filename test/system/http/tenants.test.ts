/** Several principals on one server, with each generation of the official client. */

import { describe, it } from "vitest";
import { z } from "zod";
import { httpSessions, type Session, taskOf } from "../harness/clients-harness.ts";
import { secretOf, startServerFor, tokenList } from "../harness/http-server-harness.ts";

const listed = z.object({ tasks: z.array(z.object({ task_id: z.string(), tenant: z.string().optional() })) });
const tasksOf = async (session: Session) => listed.parse((await session.call("list_prefetch_tasks")).structured).tasks;
const urlsOf = (count: number, who = "shared") => Array.from({ length: count }, (_, index) => `https://example.com/${who}/${index}.mp4`);

const PREFETCH_SERVER_TOKENS = tokenList(
  { name: "alice", tenant: "media" },
  { name: "bob", tenant: "media" },
  { name: "carol" },
  { name: "reader", scopes: ["prefetch:read"] },
  { name: "admin", scopes: ["prefetch:admin"] },
);

describe.concurrent.each(httpSessions)("tenants with the %s", (generation, connect) => {
  it("share tasks within a tenant and hide them from other tenants", async (test) => {
    const { expect } = test;
    const { url, log } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const [alice, bob, carol, admin] = await Promise.all(["alice", "bob", "carol", "admin"].map((name) => connect(url, secretOf(name))));
    if (!alice || !bob || !carol || !admin) throw new Error("A client is missing.");
    const own = taskOf(await alice.call("prefetch_urls", { urls: urlsOf(3), provider: "huawei-vod", wait_seconds: 20 }));
    expect(own.state).toBe("succeeded");

    expect(taskOf(await bob.call("get_prefetch_status", { task_id: own.task_id }))).toMatchObject({ task_id: own.task_id });
    expect(taskOf(await bob.call("prefetch_urls", { urls: urlsOf(3), provider: "huawei-vod" }))).toMatchObject({
      task_id: own.task_id,
      skipped_recent: 3,
    });
    expect(await tasksOf(bob)).toMatchObject([{ task_id: own.task_id }]);
    expect(JSON.parse(await bob.read(`prefetch://tasks/${own.task_id}`))).toMatchObject({ task_id: own.task_id });

    for (const [tool, args] of [
      ["get_prefetch_status", { task_id: own.task_id }],
      ["get_prefetch_status", { task_id: own.task_id, detail: "all" }],
      ["cancel_prefetch", { task_id: own.task_id }],
    ] as const) {
      const answer = await carol.call(tool, args);
      expect(answer).toMatchObject({ isError: true, text: expect.stringContaining("not_found") });
    }
    await expect(carol.read(`prefetch://tasks/${own.task_id}`)).rejects.toThrow(/there is no task/);
    expect(await tasksOf(carol)).toEqual([]);
    const again = taskOf(await carol.call("prefetch_urls", { urls: urlsOf(3), provider: "huawei-vod", wait_seconds: 20 }));
    expect(again).toMatchObject({ state: "succeeded", skipped_recent: 0 });
    expect(again.task_id).not.toBe(own.task_id);

    expect((await tasksOf(admin)).map(({ task_id, tenant }) => [task_id, tenant]).sort()).toEqual(
      [
        [own.task_id, "tenant:media"],
        [again.task_id, "token:carol"],
      ].sort(),
    );
    expect(log.join("\n")).not.toContain("secret-of");
    for (const name of ["alice", "carol"])
      expect(
        log.some((line) => line.includes(`"principal":"${name}"`)),
        `${generation} ${name}`,
      ).toBe(true);
    await Promise.all([alice, bob, carol, admin].map((session) => session.close()));
  });

  it("get completions for the ids of their own tasks only", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const [alice, carol] = await Promise.all(["alice", "carol"].map((name) => connect(url, secretOf(name))));
    if (!alice || !carol) throw new Error("A client is missing.");
    const { task_id: own = "" } = taskOf(await alice.call("prefetch_urls", { urls: urlsOf(1), provider: "huawei-vod" }));
    expect(await alice.complete("prefetch://tasks/{task_id}", "task_id", "pf_")).toEqual([own]);
    expect(await alice.complete("prefetch://tasks/{task_id}", "task_id", "other")).toEqual([]);
    expect(await carol.complete("prefetch://tasks/{task_id}", "task_id", "pf_")).toEqual([]);
    await Promise.all([alice.close(), carol.close()]);
  });

  it("with read-only tokens see only the tools that read, and spend nothing", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS });
    const reader = await connect(url, secretOf("reader"));
    expect((await reader.tools()).map(({ name }) => name)).toEqual([
      "get_prefetch_status",
      "verify_prefetch",
      "list_prefetch_tasks",
      "get_prefetch_quota",
    ]);
    expect((await reader.call("get_prefetch_quota")).isError).toBe(false);
    for (const [tool, args] of [
      ["prefetch_urls", { urls: urlsOf(1), provider: "huawei-vod" }],
      ["prefetch_asset", { asset_id: "f488337c31c8e4622f1590735b134c65", provider: "huawei-vod" }],
      ["cancel_prefetch", { task_id: "pf_1" }],
    ] as const) {
      await expect(reader.call(tool, args)).rejects.toThrow();
    }
    const admin = await connect(url, secretOf("admin"));
    expect(await tasksOf(admin)).toEqual([]);
    expect((await admin.tools()).map(({ name }) => name)).not.toContain("prefetch_urls");
    await Promise.all([reader.close(), admin.close()]);
  });

  it("have a daily budget each, and see it in their answers", async (test) => {
    const { expect } = test;
    const { url } = await startServerFor(test, { PREFETCH_SERVER_TOKENS, PREFETCH_TENANT_DAILY_BUDGET: "5" });
    const [alice, bob, carol] = await Promise.all(["alice", "bob", "carol"].map((name) => connect(url, secretOf(name))));
    if (!alice || !bob || !carol) throw new Error("A client is missing.");
    const spend = (session: Session, count: number, who: string) =>
      session.call("prefetch_urls", { urls: urlsOf(count, who), provider: "huawei-vod" });
    expect(taskOf(await spend(alice, 4, "a")).quota).toMatchObject({ limit: 5, used: 4, remaining: 1 });
    // Bob is of the same tenant, Carol is not.
    expect(await spend(bob, 2, "b")).toMatchObject({
      isError: true,
      text: expect.stringMatching(/quota_exhausted.*PREFETCH_TENANT_DAILY_BUDGET/s),
    });
    expect(taskOf(await spend(carol, 5, "c")).quota).toMatchObject({ limit: 5, used: 5, remaining: 0 });
    await Promise.all([alice, bob, carol].map((session) => session.close()));
  });
});
