import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Provider, StatusQuery, StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { ItemState } from "../../../src/prefetch/model/task.ts";
import type { Follow } from "../../../src/prefetch/tracking/follow.ts";
import { fakeClock, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask, newTaskOf, type TaskSketch } from "../../fakes/task.ts";

/** Accounts with batches to send. */
const noAccount: ReadonlySet<string> = new Set();
const everyAccount: ReadonlySet<string> = new Set(["fake-cdn:1", "down:1", "fine:1"]);

function rowsFor(query: StatusQuery, state: StatusRow["state"]): StatusRow[] {
  const urls = query.content?.kind === "urls" ? query.content.urls : [];
  return urls.map((url) => ({ url, state, vendorState: state }));
}

/** A store with one task whose batches the vendor has accepted. */
async function setUp(sketch: Partial<TaskSketch> = {}) {
  const clock = fakeClock();
  const storage = await openMemoryStore(clock);
  const task = newTask({ id: "pf_1", urls: manyUrls(4), ...sketch });
  await storage.admit([accountQuery()], () => ({ task }));
  for (const batch of task.batches) {
    const items = task.items.filter((item) => item.batch === batch.number).map(({ index }) => ({ index, state: "processing" as const }));
    const vendorTaskIds = [`vendor-${batch.number}`];
    await storage.change(batch, { kind: "accept", followed: true, sentAt: clock.now() + batch.number, vendorTaskIds, items, refund: 0 });
  }
  const another = (): Follow => startProcess({ storage, clock }).follow;
  return {
    clock,
    storage,
    another,
    follow: another(),
    states: async (): Promise<ItemState[]> => (await storage.items("pf_1", { limit: 1_000 })).map((item) => item.state),
  };
}

const always = (provider: Provider) => async (): Promise<Provider> => provider;

describe("follow", () => {
  it("asks about each accepted batch until it is ended, and stores the answers", async () => {
    const { clock, storage, follow, states } = await setUp();
    const questions: StatusQuery[] = [];
    const provider = fakeProvider({
      status: async (query) => {
        questions.push(query);
        return rowsFor(query, query.vendorTaskIds.includes("vendor-0") ? "succeeded" : "processing");
      },
    });
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBeUndefined();
    expect(questions).toEqual([
      { vendorTaskIds: ["vendor-0"], content: { kind: "urls", urls: manyUrls(4).slice(0, 2) }, submittedAt: expect.any(Number) },
      { vendorTaskIds: ["vendor-1"], content: { kind: "urls", urls: manyUrls(4).slice(2) }, submittedAt: expect.any(Number) },
    ]);
    expect(await states()).toEqual(["succeeded", "succeeded", "processing", "processing"]);
    expect((await storage.following("pf_1")).map((work) => work.batch.number)).toEqual([1]);

    await clock.advance(30_000);
    await follow("pf_1", always(provider), signal, noAccount);
    expect(questions.slice(2).map((query) => query.vendorTaskIds)).toEqual([["vendor-1"]]);
  });

  it.each([
    ["four batches at a time", false, 4],
    ["one batch at a time while batches wait to be sent", true, 1],
  ])("asks about %s", async (_, whileSending, expected) => {
    const { clock, follow } = await setUp({ urls: manyUrls(20) });
    let asking = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const provider = fakeProvider({
      status: async () => {
        asking += 1;
        most = Math.max(most, asking);
        await new Promise<void>((resolve) => answers.push(resolve));
        asking -= 1;
        return [];
      },
    });
    const following = follow("pf_1", always(provider), signal, whileSending ? everyAccount : noAccount);
    for (let answered = 0; answered < 10; answered += 1) {
      await clock.settle();
      answers.shift()?.();
    }
    await following;
    expect(most).toBe(expected);
    expect(asking).toBe(0);
  });

  it("stops at an error, returns it, and asks again at the next call", async () => {
    const { clock, storage, follow, states } = await setUp({ urls: manyUrls(20) });
    let down = true;
    let questions = 0;
    const provider = fakeProvider({
      status: async (query) => {
        questions += 1;
        if (down && query.vendorTaskIds.includes("vendor-1")) throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
        return rowsFor(query, "succeeded");
      },
    });
    const problem = await follow("pf_1", always(provider), signal, noAccount);
    expect(problem).toMatchObject({ code: "vendor_unavailable", message: "Down" });
    // The vendor is not asked ten times while it is down.
    expect(questions).toBeLessThan(10);
    const succeeded = (await states()).filter((state) => state === "succeeded").length;
    expect((await states()).filter((state) => state === "processing")).toHaveLength(20 - succeeded);
    expect(await storage.following("pf_1")).toHaveLength((20 - succeeded) / 2);

    down = false;
    await clock.advance(30_000);
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBeUndefined();
    expect(await states()).toEqual(Array(20).fill("succeeded"));
  });

  const unknownTask = new PrefetchError("not_found", "No such task");

  it("asks about the remaining batches when the vendor does not know one task yet", async () => {
    const { clock, follow, states } = await setUp({ urls: manyUrls(8) });
    let known = false;
    const provider = fakeProvider({
      status: async (query) => {
        if (!known && query.vendorTaskIds.includes("vendor-0")) throw unknownTask;
        return rowsFor(query, "succeeded");
      },
    });
    expect(await follow("pf_1", always(provider), signal, everyAccount)).toBe(unknownTask);
    expect(await states()).toEqual(["processing", "processing", ...Array(6).fill("succeeded")]);
    known = true;
    await clock.advance(30_000);
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBeUndefined();
    expect(await states()).toEqual(Array(8).fill("succeeded"));
  });

  it("ends a batch as untracked when the vendor does not know it ten minutes after accepting it", async () => {
    const { clock, storage, follow, states } = await setUp({ urls: manyUrls(2) });
    const provider = fakeProvider({
      status: async () => {
        throw unknownTask;
      },
    });
    await clock.advance(600_000);
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBe(unknownTask);
    expect(await states()).toEqual(["processing", "processing"]);
    await clock.advance(1);
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBeUndefined();
    expect(await storage.items("pf_1", { limit: 9 })).toMatchObject([
      { state: "untracked", code: "not_found", reason: expect.stringContaining("no longer knows") },
      { state: "untracked" },
    ]);
    expect(await storage.following("pf_1")).toEqual([]);
    expect((await storage.ledger("fake-cdn:1", TODAY)).used).toBe(2);
  });

  it("keeps a batch that the vendor does not list yet when the clock is set forward by hours", async () => {
    const { clock, storage, follow, states } = await setUp({ urls: manyUrls(2) });
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_2", urls: manyUrls(2) }) }));
    const work = await storage.claim("fake-cdn:1", clock.now(), clock.now() + 300_000);
    if (!work) throw new Error("Nothing to claim.");
    const sent = { now: clock.now(), monotonic: clock.monotonic(), boot: clock.boot, leaseUntil: clock.now() + 90_000, day: TODAY };
    expect(await storage.startSending(work.batch, { ...sent, allowance: undefined })).toBe("started");
    const batch = { ...work.batch, state: "sending", leaseUntil: sent.leaseUntil } as const;
    const items = work.items.map(({ index }) => ({ index, state: "processing" as const }));
    const accept = { kind: "accept", followed: true, sentAt: clock.now(), vendorTaskIds: ["vendor-9"], items, refund: 0 } as const;
    expect(await storage.change(batch, accept)).toBe(true);
    clock.step(3 * 3_600_000);
    await follow("pf_2", always(fakeProvider({ status: async () => [] })), signal, noAccount);
    expect((await storage.items("pf_2", { limit: 9 })).map(({ state }) => state)).toEqual(["processing", "processing"]);
    // A store of an earlier version has no measured time.
    await follow("pf_1", always(fakeProvider({ status: async () => [] })), signal, noAccount);
    expect(await states()).toEqual(["untracked", "untracked"]);
  });

  it("ends a URL as untracked when a finished answer leaves it out after ten minutes", async () => {
    const { clock, follow, states } = await setUp({ urls: manyUrls(2) });
    const answers = async (state: StatusRow["state"]): Promise<ItemState[]> => {
      const provider = fakeProvider({ status: async () => [{ url: manyUrls(1)[0] ?? "", state, vendorState: state }] });
      await clock.advance(30_000);
      await follow("pf_1", always(provider), signal, noAccount);
      return states();
    };
    expect(await answers("processing")).toEqual(["processing", "processing"]);
    await clock.advance(600_000);
    // While one URL is processing, the vendor may still list the rest.
    expect(await answers("processing")).toEqual(["processing", "processing"]);
    expect(await answers("succeeded")).toEqual(["succeeded", "untracked"]);
  });

  it("keeps a URL processing when a finished answer leaves it out in the first ten minutes", async () => {
    const { follow, states } = await setUp({ urls: manyUrls(2) });
    const provider = fakeProvider({ status: async (query) => rowsFor(query, "succeeded").slice(0, 1) });
    await follow("pf_1", always(provider), signal, noAccount);
    expect(await states()).toEqual(["succeeded", "processing"]);
  });

  it.each([
    ["", undefined, "The vendor no longer knows the task that it gave for this."],
    [
      ", with the time for which the vendor keeps records",
      3,
      "The vendor no longer knows the task that it gave for this; it keeps records for 3 days.",
    ],
  ])("ends a batch as untracked when the vendor lists nothing after ten minutes%s", async (_, recordDays, reason) => {
    const { clock, storage, follow, states } = await setUp({ urls: manyUrls(2) });
    const provider = fakeProvider({ status: async () => [], ...(recordDays !== undefined && { limits: { recordDays } }) });
    await clock.advance(600_000);
    expect(await follow("pf_1", always(provider), signal, noAccount)).toBeUndefined();
    expect(await states()).toEqual(["processing", "processing"]);
    await clock.advance(30_000);
    await follow("pf_1", always(provider), signal, noAccount);
    expect(await storage.items("pf_1", { limit: 9 })).toMatchObject([
      { state: "untracked", code: "not_found", reason },
      { state: "untracked", reason },
    ]);
    expect(await storage.following("pf_1")).toEqual([]);
    expect((await storage.ledger("fake-cdn:1", TODAY)).used).toBe(2);
  });

  it("ends a batch as untracked when it is older than the vendor's records", async () => {
    const { clock, follow, states } = await setUp();
    const provider = fakeProvider({ limits: { recordDays: 3 }, status: async (query) => rowsFor(query, "processing") });
    await clock.advance(3 * 86_400_000 - 60_000);
    await follow("pf_1", always(provider), signal, noAccount);
    expect(new Set(await states())).toEqual(new Set(["processing"]));
    await clock.advance(120_000);
    await follow("pf_1", always(provider), signal, noAccount);
    expect(new Set(await states())).toEqual(new Set(["untracked"]));
  });

  describe("over two vendors", () => {
    /** A task with batches of two vendors. */
    const setUpBoth = async () => {
      const clock = fakeClock();
      const storage = await openMemoryStore(clock);
      const task = newTaskOf(
        { id: "pf_1", provider: "down-cdn", account: "down:1", urls: manyUrls(16, "https://down.example/") },
        { id: "pf_1", provider: "fine-cdn", account: "fine:1", urls: manyUrls(16, "https://fine.example/") },
      );
      await storage.admit([], () => ({ task }));
      for (const batch of task.batches) {
        const items = task.items
          .filter((item) => item.batch === batch.number)
          .map(({ index }) => ({ index, state: "processing" as const }));
        const sentAt = clock.now() + (batch.number % 8);
        const accepted = { kind: "accept", followed: true, sentAt, vendorTaskIds: [`vendor-${batch.number}`] } as const;
        await storage.change(batch, { ...accepted, items, refund: 0 });
      }
      return { clock, storage, follow: startProcess({ storage, clock }).follow };
    };

    it("goes on asking one vendor, and stops asking the vendor that is down", async () => {
      const { storage, follow } = await setUpBoth();
      let refusals = 0;
      const down = fakeProvider({
        id: "down-cdn",
        account: "down:1",
        status: async () => {
          refusals += 1;
          throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
        },
      });
      const fine = fakeProvider({ id: "fine-cdn", account: "fine:1", status: async (query) => rowsFor(query, "succeeded") });
      const problem = await follow("pf_1", async (id) => (id === "down-cdn" ? down : fine), signal, noAccount);
      expect(problem).toMatchObject({ code: "vendor_unavailable" });
      expect(await storage.task("pf_1")).toMatchObject({ counts: { succeeded: 16, processing: 16 } });
      // Four questions were open when the first answer came.
      expect(refusals).toBeLessThanOrEqual(4);
    });

    it("stores one vendor's answers while the second vendor never answers", async () => {
      const { clock, storage, follow } = await setUpBoth();
      const silent = fakeProvider({ id: "down-cdn", account: "down:1", status: () => new Promise<never>(() => undefined) });
      const fine = fakeProvider({ id: "fine-cdn", account: "fine:1", status: async (query) => rowsFor(query, "succeeded") });
      const stop = new AbortController();
      const following = follow("pf_1", async (id) => (id === "down-cdn" ? silent : fine), stop.signal, everyAccount);
      await clock.settle();
      expect(await storage.task("pf_1")).toMatchObject({ counts: { succeeded: 16, processing: 16 } });
      stop.abort();
      expect(await following).toBeUndefined();
    });

    it("goes on asking one vendor when the second one is no longer configured", async () => {
      const { storage, follow } = await setUpBoth();
      const fine = fakeProvider({ id: "fine-cdn", account: "fine:1", status: async (query) => rowsFor(query, "succeeded") });
      const providerOf = async (id: string): Promise<Provider> => {
        if (id === "fine-cdn") return fine;
        throw new PrefetchError("not_configured", "Set DOWN_KEY");
      };
      expect(await follow("pf_1", providerOf, signal, everyAccount)).toMatchObject({ code: "not_configured" });
      expect(await storage.task("pf_1")).toMatchObject({ counts: { succeeded: 16, processing: 16 } });
    });
  });

  it("stops asking a vendor that is down after an unknown task", async () => {
    const { follow } = await setUp({ urls: manyUrls(20) });
    let questions = 0;
    const provider = fakeProvider({
      status: async () => {
        questions += 1;
        throw questions === 1 ? unknownTask : new PrefetchError("vendor_unavailable", "Down", { retryable: true });
      },
    });
    await follow("pf_1", always(provider), signal, everyAccount);
    // One at a time: the unknown task, and the first one after it.
    expect(questions).toBe(2);
  });

  it("returns the problem when a provider is no longer configured", async () => {
    const { follow, states } = await setUp();
    const gone = async (): Promise<Provider> => {
      throw new PrefetchError("not_configured", "Set FAKE_KEY");
    };
    expect(await follow("pf_1", gone, signal, noAccount)).toMatchObject({ code: "not_configured" });
    expect(await states()).toEqual(Array(4).fill("processing"));
  });

  it("returns an unforeseen error without its text", async () => {
    const { follow } = await setUp();
    const provider = fakeProvider({
      status: async () => {
        throw new TypeError("secret detail");
      },
    });
    const problem = await follow("pf_1", always(provider), signal, noAccount);
    expect(problem).toMatchObject({ code: "internal" });
    expect(problem?.message).not.toContain("secret detail");
  });

  it("asks nothing more, and returns no problem, when its caller stops", async () => {
    const { clock, follow, states } = await setUp({ urls: manyUrls(20) });
    let questions = 0;
    const provider = fakeProvider({
      status: () => {
        questions += 1;
        return new Promise(() => undefined);
      },
    });
    const stop = new AbortController();
    const following = follow("pf_1", always(provider), stop.signal, noAccount);
    await clock.settle();
    stop.abort();
    expect(await following).toBeUndefined();
    expect(questions).toBe(4);
    expect(await states()).toEqual(Array(20).fill("processing"));
  });

  it("returns no problem for a task that does not exist", async () => {
    const { follow } = await setUp();
    expect(await follow("pf_2", always(fakeProvider()), signal, noAccount)).toBeUndefined();
  });

  it("ignores a late answer when another process has stored a newer one", async () => {
    const { clock, storage, another, states } = await setUp({ assetId: "asset1" });
    const part = (state: StatusRow["state"]): StatusRow[] => [{ url: "https://a.example/1.m3u8", state, vendorState: state }];
    let arrive = (): void => undefined;
    const slow = fakeProvider({
      status: () =>
        new Promise((resolve) => {
          arrive = () => resolve(part("processing"));
        }),
    });
    const late = another()("pf_1", always(slow), signal, noAccount);
    await clock.settle();
    await another()("pf_1", always(fakeProvider({ status: async () => part("succeeded") })), signal, noAccount);
    expect(await states()).toEqual(["succeeded"]);
    arrive();
    await late;
    // An ended batch is never asked about again, so its item must not return to processing.
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
    expect(await states()).toEqual(["succeeded"]);
  });
});
