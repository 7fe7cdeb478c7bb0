/** What every store promises, whatever it is made of. */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/errors.ts";
import type { AccountQuery, NewTask, SendResult, SendStart, Storage, WorkItem } from "../../src/prefetch/storage.ts";
import { type Batch, type BatchChange, contentOf, type ItemState, itemStates } from "../../src/prefetch/task.ts";
import { manyUrls, NOON, newTask, type TaskSketch, TODAY } from "../fakes.ts";

const ACCOUNT = "fake-cdn:1";
const LEASE = 60_000;

export function storageContract(name: string, open: () => Promise<Storage>): void {
  describe(`storage: ${name}`, () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(() => storage.close());

    const query = (more: Partial<AccountQuery> = {}): AccountQuery => ({
      account: ACCOUNT,
      day: TODAY,
      targets: [],
      recentSince: 0,
      ...more,
    });

    const store = async (sketch: Partial<TaskSketch> = {}): Promise<NewTask> => {
      const task = newTask({ id: "pf_1", urls: manyUrls(4), ...sketch });
      await storage.admit(query({ account: sketch.account ?? ACCOUNT }), () => task);
      return task;
    };

    const batchOf = (task: NewTask, number = 0): Batch => {
      const batch = task.batches[number];
      if (!batch) throw new Error(`The task has no batch ${number}.`);
      return batch;
    };

    /** Changes a batch as it is known, and returns it as it is known then. */
    const change = async (batch: Batch, changes: Partial<BatchChange>): Promise<Batch> => {
      expect(await storage.change(batch, { batch: {}, items: [], refund: 0, ...changes })).toBe(true);
      return { ...batch, ...changes.batch };
    };

    const send = async (batch: Batch, now: number, leaseUntil: number, more: Partial<SendStart> = {}): Promise<SendResult> =>
      storage.startSending(batch, { now, leaseUntil, day: TODAY, limit: undefined, ...more });

    /** A batch that is claimed and on the wire. */
    const sending = async (now: number, leaseUntil: number): Promise<Batch> => {
      const { batch } = await claim(now);
      expect(await send(batch, now, leaseUntil)).toBe("started");
      return { ...batch, state: "sending", leaseUntil, sentAt: now };
    };

    const claim = async (now = NOON, account = ACCOUNT): Promise<WorkItem> => {
      const work = await storage.claim(account, now, now + LEASE, "due");
      if (!work) throw new Error("Nothing is due.");
      return work;
    };

    describe("admit", () => {
      it("stores the task with its quota reserved, and returns it", async () => {
        const task = newTask({ id: "pf_1", urls: manyUrls(5), rejected: ["not a url"] });
        expect(await storage.admit(query(), () => task)).toEqual(task);
        expect(await storage.task("pf_1")).toEqual({
          task: task.task,
          counts: expect.objectContaining({ queued: 5, rejected: 1, processing: 0 }),
          batches: 3,
          openBatches: 3,
          sending: 0,
          rejections: new Map([["invalid_argument", 1]]),
        });
        expect(await storage.items("pf_1", { limit: 100 })).toEqual(task.items);
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 5, exhausted: false });
      });

      it("shows the decision what it needs to know", async () => {
        await store({ urls: manyUrls(2) });
        const targets = [...manyUrls(1), "https://other.example/1"];
        const facts = await storage.facts(query({ targets }));
        expect(facts).toEqual({ ledger: { used: 2, exhausted: false }, recent: new Map([[manyUrls(1)[0], "pf_1"]]) });
        let seen: unknown;
        await storage.admit(query({ targets }), (known) => {
          seen = known;
          return undefined;
        });
        expect(seen).toEqual(facts);
      });

      it("stores nothing when there is nothing to store", async () => {
        expect(await storage.admit(query(), () => undefined)).toBeUndefined();
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, exhausted: false });
        expect(await storage.nextDue(ACCOUNT, NOON)).toBeUndefined();
      });

      it("stores nothing when the decision is against it, and passes its error on", async () => {
        const over = new PrefetchError("quota_exhausted", "Too much");
        const refused = storage.admit(query(), () => {
          throw over;
        });
        await expect(refused).rejects.toBe(over);
        await store();
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 4, exhausted: false });
      });

      it("stores all of it or nothing", async () => {
        const good = newTask({ id: "pf_1", urls: manyUrls(4) });
        // Two items in one place: the last thing to be stored cannot be.
        const bad: NewTask = { ...good, items: good.items.map((item, position) => (position === 3 ? { ...item, index: 0 } : item)) };
        await expect(storage.admit(query(), () => bad)).rejects.toThrow(PrefetchError);
        expect(await storage.task("pf_1")).toBeUndefined();
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, exhausted: false });
        expect(await storage.claim(ACCOUNT, NOON, NOON + LEASE, "due")).toBeUndefined();
        expect(await storage.admit(query(), () => good)).toEqual(good);
      });

      it("does not store a task over another of the same id", async () => {
        await store();
        await expect(store({ urls: ["https://other.example/1"], account: "other" })).rejects.toThrow(PrefetchError);
        expect(await storage.items("pf_1", { limit: 100 })).toHaveLength(4);
        expect(await storage.ledger("other", TODAY)).toEqual({ used: 0, exhausted: false });
      });

      it("takes whatever characters a target has", async () => {
        const odd = ['it\'s "quoted"', "back\\slash", "新闻 😀", "%_*?", "'; DROP TABLE items; --", "\u0001"];
        await store({ urls: odd, perBatch: 10 });
        expect((await storage.items("pf_1", { limit: 100 })).map((item) => item.target)).toEqual(odd);
        expect([...(await storage.facts(query({ targets: odd }))).recent.keys()].sort()).toEqual([...odd].sort());
      });
    });

    describe("facts: what was sent lately", () => {
      const [url = ""] = manyUrls(1);
      const recent = async (since: number, account = ACCOUNT): Promise<string | undefined> =>
        (await storage.facts(query({ account, targets: [url, "https://other.example/1"], recentSince: since }))).recent.get(url);

      it("is what still waits, however old it is", async () => {
        await store({ urls: [url] });
        expect(await recent(NOON + 86_400_000)).toBe("pf_1");
      });

      it.each(itemStates.filter((state) => state !== "queued"))("of an item that is %s", async (state) => {
        const task = await store({ urls: [url] });
        await change(batchOf(task), { batch: { state: "ended", sentAt: NOON + 5 }, items: [{ index: 0, state }] });
        const sent: readonly ItemState[] = ["processing", "succeeded", "untracked", "unknown"];
        expect(await recent(NOON + 4)).toBe(sent.includes(state) ? "pf_1" : undefined);
        // Sent at that very moment is not after it.
        expect(await recent(NOON + 5)).toBeUndefined();
      });

      it("is told of one account only", async () => {
        await store({ urls: [url] });
        expect(await recent(0, "other")).toBeUndefined();
      });

      it("leaves out what was turned down before sending", async () => {
        await store({ urls: ["https://other.example/2"], rejected: [url] });
        expect(await recent(0)).toBeUndefined();
      });

      it("names the newest task that sent it", async () => {
        await store({ id: "pf_2", urls: [url] });
        await store({ id: "pf_3", urls: [url] });
        await store({ id: "pf_1", urls: [url] });
        expect(await recent(0)).toBe("pf_3");
      });

      it("knows assets too", async () => {
        await store({ assetId: "asset1" });
        expect((await storage.facts(query({ targets: ["asset1", "asset2"] }))).recent).toEqual(new Map([["asset1", "pf_1"]]));
      });
    });

    describe("claim", () => {
      it("takes the batch that is due longest, with its items, for as long as the lease", async () => {
        await store({ id: "pf_1", urls: manyUrls(1), now: NOON + 10 });
        const earlier = await store({ id: "pf_2", urls: manyUrls(3), now: NOON + 5 });
        const work = await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "due");
        expect(work).toEqual({ batch: { ...batchOf(earlier), state: "claimed", leaseUntil: NOON + 99 }, items: earlier.items.slice(0, 2) });
        expect((await claim(NOON + 10)).batch).toMatchObject({ taskId: "pf_2", number: 1 });
        expect((await claim(NOON + 10)).batch).toMatchObject({ taskId: "pf_1", number: 0 });
        expect(await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "due")).toBeUndefined();
      });

      it("takes nothing before it is due, and nothing of another account", async () => {
        await store({ now: NOON + 10 });
        expect(await storage.claim(ACCOUNT, NOON + 9, NOON + 99, "due")).toBeUndefined();
        expect(await storage.claim("other", NOON + 10, NOON + 99, "due")).toBeUndefined();
        expect(await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "due")).toBeDefined();
      });

      it("hands a claimed batch on when the lease has run out, and not before", async () => {
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        expect(await storage.claim(ACCOUNT, NOON + LEASE - 1, NOON + 2 * LEASE, "due")).toBeUndefined();
        expect((await claim(NOON + LEASE)).batch).toEqual({ ...batch, leaseUntil: NOON + 2 * LEASE });
      });

      it("hands a batch that was being sent on as just that, also when only those are asked for", async () => {
        await store({ urls: manyUrls(6) });
        await sending(NOON, NOON + 10);
        await sending(NOON, NOON + 10);
        await claim();
        expect(await storage.claim(ACCOUNT, NOON + 9, NOON + 99, "lapsed")).toBeUndefined();
        expect((await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "lapsed"))?.batch).toMatchObject({
          number: 0,
          state: "sending",
          leaseUntil: NOON + 99,
        });
        expect((await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "due"))?.batch).toMatchObject({ number: 1, state: "sending" });
        // The third is claimed, not sending: nothing of it was lost.
        expect(await storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE, "lapsed")).toMatchObject({ batch: { number: 0 } });
        expect(await storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE, "lapsed")).toMatchObject({ batch: { number: 1 } });
        expect(await storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE, "lapsed")).toBeUndefined();
        expect(await storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE, "due")).toMatchObject({
          batch: { number: 2, state: "claimed" },
        });
      });

      it("does not hand out what was sent, has ended, or was never sent and only asked for as lapsed", async () => {
        const task = await store({ urls: manyUrls(6) });
        await change(batchOf(task, 0), { batch: { state: "sent", sentAt: NOON } });
        await change(batchOf(task, 1), { batch: { state: "ended" } });
        expect(await storage.claim(ACCOUNT, NOON + 1, NOON + 99, "lapsed")).toBeUndefined();
        expect((await claim(NOON + 1)).batch.number).toBe(2);
        expect(await storage.claim(ACCOUNT, NOON + 1, NOON + 99, "due")).toBeUndefined();
      });
    });

    describe("startSending", () => {
      it("marks the batch as on the wire, extends its lease and counts it as sent now", async () => {
        await store({ urls: manyUrls(3) });
        const batch = await sending(NOON + 7, NOON + 100);
        expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 3 }, sending: 2, openBatches: 2 });
        const lapsed = await storage.claim(ACCOUNT, NOON + 100, NOON + 200, "lapsed");
        expect(lapsed?.batch).toEqual({ ...batch, leaseUntil: NOON + 200 });
        if (lapsed)
          await change(lapsed.batch, { batch: { state: "ended", leaseUntil: undefined }, items: [{ index: 0, state: "unknown" }] });
        const since = async (recentSince: number) => (await storage.facts(query({ targets: manyUrls(1), recentSince }))).recent.size;
        expect([await since(NOON + 6), await since(NOON + 7)]).toEqual([1, 0]);
      });

      it("is refused when the lease has run out, even if nobody else took the batch", async () => {
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        expect(await send(batch, NOON + LEASE, NOON + 2 * LEASE)).toBe("lost");
        expect((await claim(NOON + LEASE)).batch.state).toBe("claimed");
      });

      it("is refused when another process has taken the batch over", async () => {
        await store({ urls: manyUrls(2) });
        const mine = await claim();
        const theirs = await claim(NOON + LEASE);
        expect(await send(mine.batch, NOON + LEASE + 1, NOON + 3 * LEASE)).toBe("lost");
        expect(await send(theirs.batch, NOON + LEASE + 1, NOON + 3 * LEASE)).toBe("started");
      });

      it("is refused for a batch that was never claimed, is on the wire already, or has ended", async () => {
        const task = await store({ urls: manyUrls(6) });
        expect(await send(batchOf(task), NOON, NOON + 100)).toBe("lost");
        const onTheWire = await sending(NOON, NOON + 100);
        expect(await send(onTheWire, NOON + 1, NOON + 200)).toBe("lost");
        const { batch } = await claim();
        await change(batch, { batch: { state: "ended", leaseUntil: undefined } });
        expect(await send(batch, NOON, NOON + 100)).toBe("lost");
        expect(await storage.task("pf_1")).toMatchObject({ openBatches: 2, sending: 2 });
      });

      it("does not ask for room on the day on which it was reserved: it has that already", async () => {
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        expect(await send(batch, NOON, NOON + 100, { limit: 2 })).toBe("started");
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 2, exhausted: false });
      });

      it.each([
        ["with room for it", 7, "started", 0, 7],
        ["without a limit", undefined, "started", 0, 7],
        ["without room for it", 6, "over_quota", 2, 5],
      ] as const)("on another day %s, spends or keeps the units together", async (_, limit, result, usedBefore, usedThen) => {
        const day = "2026-11-22";
        await store({ id: "pf_0", urls: manyUrls(5), perBatch: 5, day, now: NOON + 1 });
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        expect(await send(batch, NOON, NOON + 100, { day, limit })).toBe(result);
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: usedBefore, exhausted: false });
        expect(await storage.ledger(ACCOUNT, day)).toEqual({ used: usedThen, exhausted: false });
        expect(await storage.task("pf_1")).toMatchObject({ sending: result === "started" ? 2 : 0 });
        // What comes back goes to the day on which it was spent, whichever the caller has in mind.
        const known: Batch = result === "started" ? { ...batch, state: "sending", leaseUntil: NOON + 100 } : batch;
        await change(known, { batch: { state: "ended", leaseUntil: undefined }, refund: 2 });
        expect((await storage.ledger(ACCOUNT, TODAY)).used).toBe(0);
        expect((await storage.ledger(ACCOUNT, day)).used).toBe(5);
      });

      it("finds no room on a day that the vendor has called used up", async () => {
        const day = "2026-11-22";
        const other = await store({ id: "pf_0", urls: manyUrls(2), day, now: NOON + 1 });
        await change(batchOf(other), { exhausted: true });
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        expect(await send(batch, NOON, NOON + 100, { day })).toBe("over_quota");
        // It is still this process's own, to be rejected or put back.
        await change(batch, { batch: { state: "queued", leaseUntil: undefined } });
      });
    });

    describe("nextDue", () => {
      it("is the soonest moment at which a batch of the account can be taken", async () => {
        expect(await storage.nextDue(ACCOUNT, NOON)).toBeUndefined();
        await store({ id: "pf_1", urls: manyUrls(2), now: NOON + 500 });
        await store({ id: "pf_2", urls: manyUrls(2), now: NOON + 400 });
        await store({ id: "pf_3", urls: manyUrls(2), now: NOON, account: "other" });
        expect(await storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 400);
        const batch = await sending(NOON + 400, NOON + 450);
        expect(await storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 450);
        await change(batch, { batch: { state: "sent", leaseUntil: undefined } });
        expect(await storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 500);
      });
    });

    describe("change", () => {
      it("puts a batch back for later", async () => {
        await store({ urls: manyUrls(2) });
        const { batch } = await claim();
        await change(batch, {
          batch: { state: "queued", attempts: 3, notBefore: NOON + 500, leaseUntil: undefined },
          items: [{ index: 1, state: "queued", code: "rate_limited", reason: "Later." }],
        });
        expect(await storage.claim(ACCOUNT, NOON + 499, NOON + 999, "due")).toBeUndefined();
        const again = await storage.claim(ACCOUNT, NOON + 500, NOON + 999, "due");
        expect(again?.batch).toMatchObject({ attempts: 3, notBefore: NOON + 500, state: "claimed" });
        expect(again?.items).toMatchObject([
          { index: 0, code: undefined, reason: undefined },
          { index: 1, code: "rate_limited", reason: "Later." },
        ]);
      });

      it("keeps what the vendor said, until it says something else", async () => {
        const task = await store({ assetId: "asset1" });
        const sent = await change(batchOf(task), {
          batch: { state: "sent", sentAt: NOON, vendorTaskIds: ["v-1", "v-2"], requestId: "r-1" },
        });
        const parts = [
          { url: "https://a.example/1", state: "failed" as const, reason: "403" },
          { url: "https://a.example/2", state: "processing" as const, reason: undefined },
        ];
        await change(sent, { items: [{ index: 0, state: "processing", code: "c", reason: "r", parts }] });
        const [work] = await storage.following("pf_1");
        expect(work?.batch).toEqual(sent);
        expect(work?.items).toMatchObject([{ state: "processing", code: "c", reason: "r", parts }]);

        // A reason belongs to its state; the parts stay until there are new ones.
        await change(sent, { items: [{ index: 0, state: "succeeded" }] });
        expect(await storage.items("pf_1", { limit: 1 })).toMatchObject([
          { state: "succeeded", code: undefined, reason: undefined, parts },
        ]);
      });

      it("touches no other task, batch or item", async () => {
        const task = await store({ id: "pf_1" });
        const other = await store({ id: "pf_2", urls: manyUrls(4, "https://other.example/") });
        await change(batchOf(task, 1), { batch: { state: "ended" }, items: [{ index: 2, state: "failed" }] });
        expect((await storage.items("pf_1", { limit: 9 })).map((item) => item.state)).toEqual(["queued", "queued", "failed", "queued"]);
        expect(await storage.items("pf_2", { limit: 9 })).toEqual(other.items);
        expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1 });
        expect(await storage.task("pf_2")).toMatchObject({ openBatches: 2 });
      });

      it("changes nothing when somebody else has dealt with the batch", async () => {
        await store({ urls: manyUrls(2) });
        const mine = await sending(NOON, NOON + 10);
        const theirs = await storage.claim(ACCOUNT, NOON + 10, NOON + 99, "lapsed");
        if (!theirs) throw new Error("Nothing has lapsed.");
        const late: BatchChange = { batch: { state: "ended" }, items: [{ index: 0, state: "rejected" }], refund: 2, exhausted: true };
        const refused = async (batch: Batch): Promise<void> => {
          expect(await storage.change(batch, late)).toBe(false);
          expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 2, exhausted: false });
        };
        await refused(mine);
        await refused({ ...theirs.batch, state: "claimed" });
        await refused({ ...theirs.batch, leaseUntil: undefined });
        await refused({ ...theirs.batch, taskId: "pf_9" });
        await change(theirs.batch, { batch: { state: "ended", leaseUntil: undefined }, items: [{ index: 0, state: "unknown" }] });
        await refused(theirs.batch);
        expect((await storage.items("pf_1", { limit: 9 })).map((item) => item.state)).toEqual(["unknown", "queued"]);
        expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
      });

      it("gives units back, but never more than there are", async () => {
        const task = await store();
        await change(batchOf(task), { refund: 3 });
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 1, exhausted: false });
        await change(batchOf(task), { refund: 3 });
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, exhausted: false });
        const free = await store({ id: "pf_2", day: "1999-01-01", costPerBatch: 0 });
        await change(batchOf(free), { refund: 5 });
        expect(await storage.ledger(ACCOUNT, "1999-01-01")).toEqual({ used: 0, exhausted: false });
      });

      it("remembers that a day is used up, whatever comes after", async () => {
        const task = await store();
        await change(batchOf(task, 0), { refund: 1, exhausted: true });
        await change(batchOf(task, 1), { refund: 1, exhausted: false });
        await store({ id: "pf_2" });
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 6, exhausted: true });
        expect((await storage.facts(query())).ledger).toEqual({ used: 6, exhausted: true });
      });
    });

    describe("ledger", () => {
      it("is kept apart by account and by day", async () => {
        await store({ id: "pf_1", urls: manyUrls(1) });
        await store({ id: "pf_2", urls: manyUrls(2), day: "2026-11-22" });
        await store({ id: "pf_3", urls: manyUrls(3), account: "other" });
        const other = await store({ id: "pf_4", urls: manyUrls(4), account: "other", day: "2026-11-22" });
        await change(batchOf(other), { exhausted: true });
        expect(await storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 1, exhausted: false });
        expect(await storage.ledger(ACCOUNT, "2026-11-22")).toEqual({ used: 2, exhausted: false });
        expect(await storage.ledger("other", TODAY)).toEqual({ used: 3, exhausted: false });
        expect(await storage.ledger("other", "2026-11-22")).toEqual({ used: 4, exhausted: true });
        expect(await storage.ledger("nobody", TODAY)).toEqual({ used: 0, exhausted: false });
      });

      it("adds up, whatever is spent and given back", async () => {
        let accounts = 0;
        let tasks = 0;
        const step = fc.oneof(
          fc.record({ spend: fc.integer({ min: 1, max: 9 }) }),
          fc.record({ refund: fc.integer({ min: 0, max: 9 }), exhausted: fc.boolean() }),
        );
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
            const account = `account-${++accounts}`;
            const first = batchOf(await store({ id: `pf_property_${++tasks}`, account, urls: manyUrls(1), costPerBatch: 1 }));
            const model = { used: 1, exhausted: false };
            for (const each of steps) {
              if ("spend" in each) {
                await store({ id: `pf_property_${++tasks}`, account, urls: manyUrls(1), costPerBatch: each.spend });
                model.used += each.spend;
              } else {
                await change(first, each);
                model.used = Math.max(0, model.used - each.refund);
                model.exhausted ||= each.exhausted;
              }
              expect(await storage.ledger(account, TODAY)).toEqual(model);
            }
          }),
          { numRuns: 15 },
        );
      });
    });

    describe("task, items and following", () => {
      it("know nothing of a task that nobody stored", async () => {
        expect(await storage.task("pf_9")).toBeUndefined();
        expect(await storage.items("pf_9", { limit: 10 })).toEqual([]);
        expect(await storage.following("pf_9")).toEqual([]);
      });

      it("count items by state, rejections by code, and batches by whether their items can still change", async () => {
        const task = await store({ urls: manyUrls(8), rejected: ["x", "y"] });
        await change(batchOf(task, 0), {
          batch: { state: "ended" },
          items: [
            { index: 0, state: "succeeded" },
            { index: 1, state: "rejected", code: "forbidden_domain", reason: "No." },
          ],
        });
        await change(batchOf(task, 1), {
          batch: { state: "sent", sentAt: NOON },
          items: [
            { index: 2, state: "processing" },
            { index: 3, state: "failed" },
          ],
        });
        await sending(NOON, NOON + 10);
        expect(await storage.task("pf_1")).toEqual({
          task: task.task,
          counts: { queued: 4, processing: 1, succeeded: 1, failed: 1, rejected: 3, untracked: 0, cancelled: 0, unknown: 0 },
          batches: 4,
          openBatches: 3,
          sending: 2,
          rejections: new Map([
            ["forbidden_domain", 1],
            ["invalid_argument", 2],
          ]),
        });
      });

      it("page through items in task order", async () => {
        const task = await store({ urls: manyUrls(7) });
        const pages: number[][] = [];
        let after = -1;
        for (;;) {
          const page = (await storage.items("pf_1", { after, limit: 3 })).map((item) => item.index);
          if (page.length === 0) break;
          pages.push(page);
          after = page.at(-1) ?? after;
        }
        expect(pages).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
        await change(batchOf(task, 1), {
          items: [
            { index: 2, state: "failed" },
            { index: 3, state: "unknown" },
          ],
        });
        const failed = async (after?: number) =>
          (await storage.items("pf_1", { states: ["failed", "unknown"], limit: 9, ...(after !== undefined && { after }) })).map(
            (item) => item.index,
          );
        expect(await failed()).toEqual([2, 3]);
        expect(await failed(2)).toEqual([3]);
        expect(await storage.items("pf_1", { states: [], limit: 9 })).toEqual([]);
      });

      it("follow what the vendor accepted, oldest first, with everything needed to ask", async () => {
        const task = await store({ urls: manyUrls(8) });
        const items = (...indexes: number[]) => indexes.map((index) => ({ index, state: "processing" as const }));
        await change(batchOf(task, 2), { batch: { state: "sent", sentAt: NOON + 1, vendorTaskIds: ["c"] }, items: items(4, 5) });
        await change(batchOf(task, 0), { batch: { state: "sent", sentAt: NOON + 2, vendorTaskIds: ["a"] }, items: items(0, 1) });
        await change(batchOf(task, 1), { batch: { state: "ended", sentAt: NOON }, items: items(2, 3) });
        const followed = await storage.following("pf_1");
        expect(followed.map((work) => work.batch.vendorTaskIds)).toEqual([["c"], ["a"]]);
        expect(followed.map((work) => contentOf(work.batch, work.items))).toEqual([
          { kind: "urls", urls: manyUrls(8).slice(4, 6) },
          { kind: "urls", urls: manyUrls(8).slice(0, 2) },
        ]);
      });
    });

    describe("reserveSlot", () => {
      const slots = async (count: number, now: number, burst: number, account = ACCOUNT): Promise<number[]> => {
        const waits: number[] = [];
        for (let slot = 0; slot < count; slot += 1) waits.push(await storage.reserveSlot(account, 1_000, burst, now));
        return waits;
      };

      it("lets a burst go at once and spaces out the rest", async () => {
        expect(await slots(5, NOON, 2)).toEqual([0, 0, 1_000, 2_000, 3_000]);
      });

      it("counts from now, whenever that is", async () => {
        await slots(3, NOON, 1);
        expect(await slots(2, NOON + 2_500, 1)).toEqual([500, 1_500]);
      });

      it("saves up no more than one burst in a quiet time", async () => {
        await slots(4, NOON, 3);
        expect(await slots(5, NOON + 60_000, 3)).toEqual([0, 0, 0, 1_000, 2_000]);
      });

      it("saves up as the time goes by", async () => {
        await slots(3, NOON, 3);
        expect(await slots(2, NOON + 1_000, 3)).toEqual([0, 1_000]);
      });

      it("keeps accounts apart", async () => {
        await slots(3, NOON, 1);
        expect(await slots(2, NOON, 1, "other")).toEqual([0, 1_000]);
      });

      it("waits for the end of a hold, after which there is no burst", async () => {
        await slots(1, NOON, 3);
        await storage.holdSlots(ACCOUNT, NOON + 5_000);
        expect(await slots(3, NOON + 1_000, 3)).toEqual([4_000, 5_000, 6_000]);
        expect(await slots(1, NOON, 3, "other")).toEqual([0]);
      });

      it("is not brought forward by a hold", async () => {
        await slots(4, NOON, 1);
        await storage.holdSlots(ACCOUNT, NOON + 2_000);
        expect(await slots(1, NOON, 1)).toEqual([4_000]);
      });

      it("can be held before the first request", async () => {
        await storage.holdSlots(ACCOUNT, NOON + 2_000);
        expect(await slots(2, NOON, 2)).toEqual([2_000, 3_000]);
      });
    });
  });
}
