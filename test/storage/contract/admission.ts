/** Admission: the facts from which a task is planned, and the quota that it reserves. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { NewTask } from "../../../src/prefetch/model/storage.ts";
import { type ItemState, itemStates } from "../../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask, newTaskOf } from "../../fakes/task.ts";
import { ACCOUNT, LEASE, type StorageBench } from "./bench.ts";

export function admissionContract(bench: StorageBench): void {
  const { query, factsOf, store, batchOf, change, claim } = bench;

  describe("admit", () => {
    it("stores the task with its quota reserved, and returns it", async () => {
      const task = newTask({ id: "pf_1", urls: manyUrls(5), rejected: ["not a url"] });
      expect(await bench.storage.admit(query(), () => ({ task }))).toEqual({ task });
      expect(await bench.storage.task("pf_1")).toEqual({
        task: task.task,
        counts: expect.objectContaining({ queued: 5, rejected: 1, processing: 0 }),
        batches: 3,
        openBatches: 3,
        sending: 0,
        held: [],
        bytes: 0,
        accounts: ["fake-cdn:1"],
        waitingAccounts: ["fake-cdn:1"],
        rejections: new Map([["invalid_argument", 1]]),
        failedAgain: 0,
        byProvider: [],
      });
      expect(await bench.storage.items("pf_1", { limit: 100 })).toMatchObject(task.items);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 5, pending: 5, exhausted: false });
    });

    it("keeps the caller's spelling of the items that have one", async () => {
      const task = newTask({ id: "pf_1", urls: manyUrls(2) });
      const given = "https://MEDIA.example.com/0.mp4#t";
      const items = task.items.map((item) => (item.index === 0 ? { ...item, given } : item));
      await bench.storage.admit(query(), () => ({ task: { ...task, items } }));
      expect((await bench.storage.items("pf_1", { limit: 9 })).map((item) => item.given)).toEqual([given, undefined]);
      expect((await claim())?.items.map((item) => [item.target, item.given])[0]).toEqual([manyUrls(1)[0], given]);
    });

    it("knows an answer that a task was sent with, and takes it no second time", async () => {
      const { task, ...rest } = newTask({ id: "pf_1", urls: manyUrls(1) });
      const isUsed = async (answer: string) => (await bench.storage.facts(query({ answer })))[0]?.isAnswerUsed;
      expect(await isUsed("yes")).toBe(false);
      await bench.storage.admit(query(), () => ({ task: { ...rest, task: { ...task, answer: "yes" } } }));
      expect([await isUsed("yes"), await isUsed("another")]).toEqual([true, false]);
      expect((await bench.storage.task("pf_1"))?.task.answer).toBe("yes");
      const again = newTask({ id: "pf_2", urls: manyUrls(1) });
      const admitted = bench.storage.admit(query(), () => ({ task: { ...again, task: { ...again.task, answer: "yes" } } }));
      await expect(admitted).rejects.toThrow();
      expect(await bench.storage.task("pf_2")).toBeUndefined();
    });

    it("passes the facts of the account to the decision", async () => {
      await store({ urls: manyUrls(2) });
      const targets = [...manyUrls(1), "https://other.example/1"];
      const facts = await bench.storage.facts(query({ targets }));
      expect(facts).toEqual([
        {
          ledger: { used: 2, pending: 2, exhausted: false },
          own: 0,
          waiting: 2,
          later: [],
          recent: new Map([[manyUrls(1)[0], "pf_1"]]),
          isAnswerUsed: false,
        },
      ]);
      let seen: unknown;
      await bench.storage.admit(query({ targets }), (known) => {
        seen = known;
        return { task: undefined };
      });
      expect(seen).toEqual(facts);
    });

    it("stores nothing when the plan has no task", async () => {
      expect(await bench.storage.admit(query(), () => ({ task: undefined }))).toEqual({ task: undefined });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBeUndefined();
    });

    it("stores nothing and rejects with the decision's error when the decision throws", async () => {
      const over = new PrefetchError("quota_exhausted", "Too much");
      const refused = bench.storage.admit(query(), () => {
        throw over;
      });
      await expect(refused).rejects.toBe(over);
      await store();
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 4, pending: 4, exhausted: false });
    });

    it("stores nothing of a task when one of its items cannot be stored", async () => {
      const good = newTask({ id: "pf_1", urls: manyUrls(4) });
      // Two items have one index, so storing the last item fails.
      const bad: NewTask = { ...good, items: good.items.map((item, position) => (position === 3 ? { ...item, index: 0 } : item)) };
      await expect(bench.storage.admit(query(), () => ({ task: bad }))).rejects.toThrow(PrefetchError);
      expect(await bench.storage.task("pf_1")).toBeUndefined();
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
      expect(await bench.storage.claim(ACCOUNT, NOON, NOON + LEASE)).toBeUndefined();
      expect(await bench.storage.admit(query(), () => ({ task: good }))).toEqual({ task: good });
    });

    it("rejects a task whose id another task has", async () => {
      await store();
      await expect(store({ urls: ["https://other.example/1"], account: "other" })).rejects.toThrow(PrefetchError);
      expect(await bench.storage.items("pf_1", { limit: 100 })).toHaveLength(4);
      expect(await bench.storage.ledger("other", TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
    });

    it("keeps every character of a target", async () => {
      const odd = ['it\'s "quoted"', "back\\slash", "新闻 😀", "%_*?", "'; DROP TABLE items; --", "\u0001"];
      await store({ urls: odd, perBatch: 10 });
      expect((await bench.storage.items("pf_1", { limit: 100 })).map((item) => item.target)).toEqual(odd);
      expect([...(await factsOf({ targets: odd })).recent.keys()].sort()).toEqual([...odd].sort());
    });
  });

  describe("admit over several accounts", () => {
    const sketches = [
      { id: "pf_1", urls: manyUrls(3), account: "one" },
      { id: "pf_1", urls: manyUrls(4, "https://other.example/"), account: "two", day: "2026-11-22" },
    ];
    const queries = [accountQuery({ account: "one" }), accountQuery({ account: "two", day: "2026-11-22" })];

    it("reserves each account's units on the account's day, and stores one task", async () => {
      const task = newTaskOf(...sketches);
      expect(await bench.storage.admit(queries, () => ({ task }))).toEqual({ task });
      expect(await bench.storage.ledger("one", TODAY)).toEqual({ used: 3, pending: 3, exhausted: false });
      expect(await bench.storage.ledger("two", "2026-11-22")).toEqual({ used: 4, pending: 4, exhausted: false });
      expect(await bench.storage.ledger("two", TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
      expect(await bench.storage.items("pf_1", { limit: 99 })).toMatchObject(task.items);
      expect(await bench.storage.task("pf_1")).toMatchObject({ batches: 4, openBatches: 4, counts: { queued: 7 } });
      expect((await claim(NOON, "two")).items.map((item) => item.target)).toEqual(manyUrls(2, "https://other.example/"));
      expect((await claim(NOON, "one")).items.map((item) => item.target)).toEqual(manyUrls(2));
    });

    it("passes the facts of each account to the decision, in the order of the queries", async () => {
      await bench.storage.admit(queries, () => ({ task: newTaskOf(...sketches) }));
      const [shared = ""] = manyUrls(1);
      const asked = [
        accountQuery({ account: "two", day: "2026-11-22", targets: [shared] }),
        accountQuery({ account: "one", targets: [shared] }),
        accountQuery({ account: "unused", targets: [shared] }),
      ];
      const expected = [
        { ledger: { used: 4, pending: 4, exhausted: false }, own: 0, waiting: 4, later: [], recent: new Map(), isAnswerUsed: false },
        {
          ledger: { used: 3, pending: 3, exhausted: false },
          own: 0,
          waiting: 3,
          later: [],
          recent: new Map([[shared, "pf_1"]]),
          isAnswerUsed: false,
        },
        { ledger: { used: 0, pending: 0, exhausted: false }, own: 0, waiting: 0, later: [], recent: new Map(), isAnswerUsed: false },
      ];
      expect(await bench.storage.facts(asked)).toEqual(expected);
      let seen: unknown;
      await bench.storage.admit(asked, (facts) => {
        seen = facts;
        return { task: undefined };
      });
      expect(seen).toEqual(expected);
    });

    it("reserves units of no account when the task cannot be stored or the decision throws", async () => {
      const good = newTaskOf(...sketches);
      const bad: NewTask = { ...good, items: good.items.map((item, position) => (position === 6 ? { ...item, index: 0 } : item)) };
      await expect(bench.storage.admit(queries, () => ({ task: bad }))).rejects.toThrow(PrefetchError);
      const refused = bench.storage.admit(queries, () => {
        throw new PrefetchError("quota_exhausted", "Too much");
      });
      await expect(refused).rejects.toThrow("Too much");
      for (const { account, day } of queries) {
        expect(await bench.storage.ledger(account, day)).toEqual({ used: 0, pending: 0, exhausted: false });
        expect(await bench.storage.nextDue(account, NOON)).toBeUndefined();
      }
    });
  });

  describe("facts.recent", () => {
    const [url = ""] = manyUrls(1);
    const recent = async (since: number, account = ACCOUNT): Promise<string | undefined> =>
      (await factsOf({ account, targets: [url, "https://other.example/1"], recentSince: since })).recent.get(url);

    it("contains a target that still waits, however old its task is", async () => {
      await store({ urls: [url] });
      expect(await recent(NOON + 86_400_000)).toBe("pf_1");
    });

    it.each(itemStates.filter((state) => state !== "queued"))(
      "contains a target in state %s only if that state counts as sent",
      async (state) => {
        const task = await store({ urls: [url] });
        const sentNow = { kind: "accept", followed: false, sentAt: NOON + 5, vendorTaskIds: [] } as const;
        await change(batchOf(task), { ...sentNow, items: [{ index: 0, state }] });
        const sent: readonly ItemState[] = ["processing", "succeeded", "untracked", "unknown"];
        expect(await recent(NOON + 4)).toBe(sent.includes(state) ? "pf_1" : undefined);
        // `recentSince` is exclusive.
        expect(await recent(NOON + 5)).toBeUndefined();
      },
    );

    it("contains nothing that another account sent", async () => {
      await store({ urls: [url] });
      expect(await recent(0, "other")).toBeUndefined();
    });

    it("leaves out a target that was rejected before sending", async () => {
      await store({ urls: ["https://other.example/2"], rejected: [url] });
      expect(await recent(0)).toBeUndefined();
    });

    it("names the newest task that sent the target", async () => {
      await store({ id: "pf_2", urls: [url] });
      await store({ id: "pf_3", urls: [url] });
      await store({ id: "pf_1", urls: [url] });
      expect(await recent(0)).toBe("pf_3");
    });

    it("contains assets as well as URLs", async () => {
      await store({ assetId: "asset1" });
      expect((await factsOf({ targets: ["asset1", "asset2"] })).recent).toEqual(new Map([["asset1", "pf_1"]]));
    });
  });
}
