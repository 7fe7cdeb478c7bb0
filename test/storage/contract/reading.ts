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
      expect(await ids({ state: "queued" })).toEqual(["pf_2", "pf_1", "pf_0"]);
      expect(await ids({ state: "queued", tenant: "a" })).toEqual(["pf_2", "pf_0"]);
      expect(await ids({ state: "queued", tenant: "a", provider: "other-cdn" })).toEqual(["pf_2"]);
      expect(await ids({ state: "queued", provider: "fake-cdn" })).toEqual(["pf_1", "pf_0"]);
      const [first] = tasks;
      if (!first) throw new Error("There is no task.");
      const processing = { index: 0, state: "processing" } as const;
      const sent = await change(batchOf(first), { kind: "accept", followed: true, vendorTaskIds: [], items: [processing] });
      expect([await ids({ state: "queued" }), await ids({ state: "running", tenant: "a" })]).toEqual([["pf_2", "pf_1"], ["pf_0"]]);
      const items = [0, 1].map((index) => ({ index, state: "succeeded" as const }));
      await change(sent, { kind: "end", items });
      await bench.storage.cancel("pf_1");
      expect([await ids({ state: "succeeded" }), await ids({ state: "cancelled" }), await ids({ state: "running" })]).toEqual([
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
