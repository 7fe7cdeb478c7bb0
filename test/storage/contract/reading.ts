/** Queries about tasks. */

import { describe, expect, it } from "vitest";
import type { TaskQuery } from "../../../src/prefetch/model/storage.ts";
import { contentOf } from "../../../src/prefetch/model/task.ts";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import type { StorageBench } from "./bench.ts";

export function readingContract(bench: StorageBench): void {
  const { store, batchOf, change, sending } = bench;

  describe("tasks", () => {
    it("lists tasks page by page from the newest on, of one provider or of all", async () => {
      // Ids order tasks of the same millisecond.
      for (const [id, now, provider] of [
        ["pf_b", NOON, "fake-cdn"],
        ["pf_a", NOON, "other-cdn"],
        ["pf_c", NOON - 5, "fake-cdn"],
        ["pf_d", NOON + 5, "fake-cdn"],
      ] as const) {
        await store({ id, now, provider, urls: manyUrls(2, `https://${id.slice(3)}.example/`), rejected: ["bad"] });
      }
      const ids = async (query: Omit<TaskQuery, "tenant">) =>
        (await bench.storage.tasks({ tenant: undefined, ...query })).map(({ task }) => task.id);
      expect(await ids({ limit: 9 })).toEqual(["pf_d", "pf_b", "pf_a", "pf_c"]);
      expect(await ids({ limit: 2 })).toEqual(["pf_d", "pf_b"]);
      expect(await ids({ limit: 2, before: { createdAt: NOON, id: "pf_b" } })).toEqual(["pf_a", "pf_c"]);
      expect(await ids({ limit: 9, provider: "other-cdn" })).toEqual(["pf_a"]);
      expect(await ids({ limit: 9, provider: "no-cdn" })).toEqual([]);
      const [newest] = await bench.storage.tasks({ tenant: undefined, limit: 1 });
      expect(newest).toMatchObject({ task: { createdAt: NOON + 5 }, counts: { queued: 2, rejected: 1 } });
    });

    it("lists tasks of several states and of a span of time, the span's end not included", async () => {
      for (const nth of [0, 1, 2, 3]) await store({ id: `pf_${nth}`, now: NOON + nth, urls: manyUrls(2, `https://${nth}.example/`) });
      await bench.storage.cancel("pf_1");
      const ids = async (query: Partial<TaskQuery>) =>
        (await bench.storage.tasks({ tenant: undefined, limit: 9, ...query })).map(({ task }) => task.id);
      expect(await ids({ states: ["queued", "cancelled"] })).toEqual(["pf_3", "pf_2", "pf_1", "pf_0"]);
      expect(await ids({ states: ["queued", "queued", "failed"] })).toEqual(["pf_3", "pf_2", "pf_0"]);
      expect(await ids({ since: NOON + 1, until: NOON + 3 })).toEqual(["pf_2", "pf_1"]);
      expect(await ids({ until: NOON + 3, before: { createdAt: NOON + 2, id: "pf_2" } })).toEqual(["pf_1", "pf_0"]);
      expect(await ids({ since: NOON + 3, states: ["cancelled"] })).toEqual([]);
    });

    it("lists only tasks with problems, shows the first one of each, and forgets a task whose problem is over", async () => {
      const task = await store({ id: "pf_1", tenant: "a", urls: manyUrls(8) });
      await store({ id: "pf_2", tenant: "b", now: NOON + 1, urls: manyUrls(1, "https://fine.example/") });
      await store({ id: "pf_3", tenant: "b", now: NOON + 2, urls: manyUrls(1, "https://3.example/"), rejected: ["bad", "worse"] });
      const problems = async (query: Partial<TaskQuery> = {}) =>
        (await bench.storage.tasks({ tenant: undefined, limit: 9, hadProblems: true, ...query })).map(({ task, problem }) => [
          task.id,
          problem?.target,
          problem?.code,
        ]);
      expect(await problems()).toEqual([["pf_3", "bad", "invalid_argument"]]);
      expect(await problems({ states: ["failed"] })).toEqual([]);
      expect(await problems({ tenant: "a" })).toEqual([]);
      const items = [6, 7].map((index) => ({ index, state: "failed" as const, code: "vendor_failed" }));
      const batch = batchOf(task, 3);
      await change(batch, { kind: "report", items });
      expect(await problems({ provider: "fake-cdn" })).toEqual([
        ["pf_3", "bad", "invalid_argument"],
        ["pf_1", manyUrls(8)[6], "vendor_failed"],
      ]);
      expect(await problems({ tenant: "a", until: NOON + 1 })).toHaveLength(1);
      await change(batch, { kind: "report", items: items.map(({ index }) => ({ index, state: "succeeded" })) });
      expect(await problems()).toHaveLength(1);
    });

    it("finds the tasks of a URL and its item in each, with every other filter, and no task of another tenant", async () => {
      const [url = "", other = ""] = manyUrls(2);
      for (const nth of [0, 1, 2, 3]) {
        await store({
          id: `pf_${nth}`,
          tenant: nth === 2 ? "b" : "a",
          now: NOON + nth,
          urls: [other, ...(nth === 3 ? [] : [url])],
          rejected: ["x"],
        });
      }
      await store({ id: "pf_4", tenant: "", now: NOON + 4, assetId: "asset-1", provider: "other-cdn" });
      await bench.storage.cancel("pf_1");
      const found = async (query: Partial<TaskQuery>) =>
        (await bench.storage.tasks({ tenant: undefined, limit: 9, target: url, ...query })).map((each) => [
          each.task.id,
          each.found?.state,
        ]);
      expect(await found({})).toEqual([
        ["pf_2", "queued"],
        ["pf_1", "cancelled"],
        ["pf_0", "queued"],
      ]);
      expect(await found({ tenant: "a" })).toEqual([
        ["pf_1", "cancelled"],
        ["pf_0", "queued"],
      ]);
      expect(await found({ tenant: "c" })).toEqual([]);
      expect(await found({ tenant: "" })).toEqual([]);
      expect(await found({ tenant: "", target: "asset-1" })).toEqual([["pf_4", "queued"]]);
      expect(await found({ target: "asset-1", provider: "fake-cdn" })).toEqual([]);
      expect(await found({ tenant: "a", limit: 1, before: { createdAt: NOON + 1, id: "pf_1" } })).toEqual([["pf_0", "queued"]]);
      expect(await found({ states: ["queued"], since: NOON + 1 })).toEqual([["pf_2", "queued"]]);
      expect(await found({ until: NOON + 1, provider: "fake-cdn" })).toEqual([["pf_0", "queued"]]);
      expect(await found({ hadProblems: true, limit: 1 })).toEqual([["pf_2", "queued"]]);
      await bench.storage.clean(NOON + 1, 1_000);
      expect(await found({ tenant: "a" })).toEqual([["pf_1", "cancelled"]]);
    });
  });

  describe("tasks of a state", () => {
    it("are found by tenant and provider, newest first, and under another state after each change", async () => {
      const tasks = [];
      for (const [nth, tenant] of ["a", "b", "a"].entries()) {
        const provider = nth === 2 ? "other-cdn" : "fake-cdn";
        tasks.push(await store({ id: `pf_${nth}`, tenant, provider, now: NOON + nth, urls: manyUrls(2, `https://${nth}.example/`) }));
      }
      const ids = async (query: Partial<TaskQuery>) =>
        (await bench.storage.tasks({ tenant: undefined, limit: 9, ...query })).map(({ task }) => task.id);
      expect(await ids({ states: ["queued"] })).toEqual(["pf_2", "pf_1", "pf_0"]);
      expect(await ids({ states: ["queued"], tenant: "a" })).toEqual(["pf_2", "pf_0"]);
      expect(await ids({ states: ["queued"], tenant: "a", provider: "other-cdn" })).toEqual(["pf_2"]);
      expect(await ids({ states: ["queued"], provider: "fake-cdn" })).toEqual(["pf_1", "pf_0"]);
      const [first] = tasks;
      if (!first) throw new Error("There is no task.");
      const processing = { index: 0, state: "processing" } as const;
      const sent = await change(batchOf(first), { kind: "accept", followed: true, vendorTaskIds: [], items: [processing] });
      expect([await ids({ states: ["queued"] }), await ids({ states: ["running"], tenant: "a" })]).toEqual([["pf_2", "pf_1"], ["pf_0"]]);
      const items = [0, 1].map((index) => ({ index, state: "succeeded" as const }));
      await change(sent, { kind: "end", items });
      await bench.storage.cancel("pf_1");
      expect([await ids({ states: ["succeeded"] }), await ids({ states: ["cancelled"] }), await ids({ states: ["running"] })]).toEqual([
        ["pf_0"],
        ["pf_1"],
        [],
      ]);
      expect(await ids({})).toEqual(["pf_2", "pf_1", "pf_0"]);
      expect(await ids({ limit: 1, before: { createdAt: NOON + 2, id: "pf_2" } })).toEqual(["pf_1"]);
    });
  });

  describe("task, items and following", () => {
    it("return nothing for an unknown task", async () => {
      expect(await bench.storage.task("pf_9")).toBeUndefined();
      expect(await bench.storage.items("pf_9", { limit: 10 })).toEqual([]);
      expect(await bench.storage.following("pf_9")).toEqual([]);
    });

    it("count items by state, rejections by code, and batches by whether their items can still change", async () => {
      const task = await store({ urls: manyUrls(8), rejected: ["x", "y"] });
      await change(batchOf(task, 0), {
        kind: "end",
        items: [
          { index: 0, state: "succeeded" },
          { index: 1, state: "rejected", code: "forbidden_domain", reason: "No." },
        ],
      });
      await change(batchOf(task, 1), {
        kind: "accept",
        followed: true,
        vendorTaskIds: [],
        sentAt: NOON,
        items: [
          { index: 2, state: "processing" },
          { index: 3, state: "failed" },
        ],
      });
      await sending(NOON, NOON + 10);
      expect(await bench.storage.task("pf_1")).toEqual({
        task: task.task,
        counts: { queued: 4, processing: 1, succeeded: 1, failed: 1, rejected: 3, untracked: 0, cancelled: 0, unknown: 0 },
        batches: 4,
        openBatches: 3,
        sending: 2,
        held: [{ owner: undefined, isSent: true, items: 2, at: NOON + 10 }],
        bytes: 0,
        accounts: ["fake-cdn:1"],
        waitingAccounts: ["fake-cdn:1"],
        failedAgain: 0,
        byProvider: [],
        rejections: new Map([
          ["forbidden_domain", 1],
          ["invalid_argument", 2],
        ]),
      });
    });

    it("return items page by page in task order", async () => {
      const task = await store({ urls: manyUrls(7) });
      const pages: number[][] = [];
      let after = -1;
      for (;;) {
        const page = (await bench.storage.items("pf_1", { after, limit: 3 })).map((item) => item.index);
        if (page.length === 0) break;
        pages.push(page);
        after = page.at(-1) ?? after;
      }
      expect(pages).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      await change(batchOf(task, 1), {
        kind: "report",
        items: [
          { index: 2, state: "failed" },
          { index: 3, state: "unknown" },
        ],
      });
      const failed = async (after?: number) =>
        (await bench.storage.items("pf_1", { states: ["failed", "unknown"], limit: 9, ...(after !== undefined && { after }) })).map(
          (item) => item.index,
        );
      expect(await failed()).toEqual([2, 3]);
      expect(await failed(2)).toEqual([3]);
      expect(await bench.storage.items("pf_1", { states: [], limit: 9 })).toEqual([]);
    });

    it("return the batches that the vendor accepted, oldest first, with their items", async () => {
      const task = await store({ urls: manyUrls(8) });
      const items = (...indexes: number[]) => indexes.map((index) => ({ index, state: "processing" as const }));
      await change(batchOf(task, 2), { kind: "accept", followed: true, sentAt: NOON + 1, vendorTaskIds: ["c"], items: items(4, 5) });
      await change(batchOf(task, 0), { kind: "accept", followed: true, sentAt: NOON + 2, vendorTaskIds: ["a"], items: items(0, 1) });
      await change(batchOf(task, 1), { kind: "end", items: items(2, 3) });
      const followed = await bench.storage.following("pf_1");
      expect(followed.map((work) => work.batch.vendorTaskIds)).toEqual([["c"], ["a"]]);
      expect(followed.map((work) => contentOf(work.batch, work.items))).toEqual([
        { kind: "urls", urls: manyUrls(8).slice(4, 6) },
        { kind: "urls", urls: manyUrls(8).slice(0, 2) },
      ]);
    });
  });
}
