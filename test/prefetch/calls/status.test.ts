import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Detail, ItemRow, TaskView } from "../../../src/prefetch/calls/view.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { StatusRow } from "../../../src/prefetch/model/provider.ts";
import { manyUrls, neverAnswered } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { error, startService } from "./service-harness.ts";

const error503 = () => new PrefetchError("vendor_unavailable", "HTTP 503", { retryable: true });

describe("status", () => {
  it("asks a vendor that cannot answer every five seconds while a call waits", async () => {
    let questions = 0;
    const harness = await startService({
      script: {
        status: async () => {
          questions += 1;
          throw error503();
        },
      },
    });
    const { taskId } = await harness.urls(manyUrls(2));
    questions = 0;
    const view = await harness.status(taskId, "summary", { waitSeconds: 50 });
    expect(view.nextStep).toContain("The vendor gave no news just now");
    // One question every five seconds, and one at the deadline.
    expect(questions).toBeGreaterThanOrEqual(8);
    expect(questions).toBeLessThanOrEqual(12);
  });

  it("pages through each item once, with and without a filter", async () => {
    const { urls, status, outcomes, clock } = await startService({ script: { limits: { urlsPerRequest: 50, urlsPerDay: 1_000 } } });
    const wanted = manyUrls(250);
    for (const [index, url] of wanted.entries()) outcomes.set(url, index % 2 === 0 ? "failed" : "succeeded");
    const list = [...wanted.slice(0, 120), "not a url", ...wanted.slice(120)];
    const { taskId } = await urls(list, { waitSeconds: 50 });
    await clock.settle();

    const pages = async (detail: Detail): Promise<ItemRow[][]> => {
      const found: ItemRow[][] = [];
      let cursor: string | undefined;
      do {
        const view: TaskView = await status(taskId, detail, cursor === undefined ? {} : { cursor });
        found.push([...(view.items ?? [])]);
        cursor = view.nextCursor;
      } while (cursor !== undefined);
      return found;
    };
    const all = await pages("all");
    expect(all.map((page) => page.length)).toEqual([100, 100, 51]);
    expect(all.flat().map((row) => row.url)).toEqual(list);
    const problems = await pages("problems");
    expect(problems.flat().map((row) => row.url)).toEqual(list.filter((url) => outcomes.get(url) !== "succeeded"));
    // Five of the failures that are alike, and the one row of another kind.
    expect((await status(taskId)).problems.map(({ state }) => state).sort()).toEqual([...Array(5).fill("failed"), "rejected"]);
    expect((await status(taskId)).items).toBeUndefined();
  });

  it("lists items in the caller's order, whatever their states", async () => {
    const { urls, status } = await startService({ dailyBudget: 2 });
    const [first = "", second = "", third = ""] = manyUrls(3);
    const { taskId } = await urls(["not a url", first, 7, second, third], { onQuotaExceeded: "partial" });
    const { items } = await status(taskId, "all");
    expect(items?.map(({ url, state, code }) => [url, state, code])).toEqual([
      ["not a url", "rejected", "invalid_argument"],
      [first, "processing", undefined],
      ["7", "rejected", "invalid_argument"],
      [second, "processing", undefined],
      [third, "rejected", "quota_exhausted"],
    ]);
  });

  it("gives no reason for an item that has not been tried", async () => {
    const { urls, status } = await startService({ script: { limits: { requestsPerMinute: 1 } } });
    const { taskId } = await urls(manyUrls(4));
    expect((await status(taskId, "all")).items?.at(-1)).toEqual({ url: manyUrls(4).at(-1), state: "queued" });
  });

  it("starts no delivery when a task has unsent batches", async () => {
    const { clock, status, storage, sent, resume } = await startService();
    const task = newTask({ id: "pf_0001", urls: manyUrls(2), now: clock.now() });
    await storage.admit([accountQuery()], () => ({ task }));
    expect(await status("pf_0001")).toMatchObject({ state: "queued" });
    await clock.advance(60_000);
    expect(sent()).toEqual([]);
    resume();
    await clock.advance(5_000);
    expect(sent()).toEqual(manyUrls(2));
    expect(await status("pf_0001")).toMatchObject({ state: "running", counts: { processing: 2 } });
  });

  it("ends pages early when URLs are long, and shows each URL once", async () => {
    const { urls, status } = await startService({ script: { limits: { urlsPerRequest: 200 } } });
    const wanted = manyUrls(80, `https://media.example.com/${"long".repeat(300)}/`);
    const { taskId } = await urls(wanted);
    const shown: ItemRow[] = [];
    let cursor: string | undefined;
    do {
      const view: TaskView = await status(taskId, "all", cursor === undefined ? {} : { cursor });
      expect(JSON.stringify(view.items).length).toBeLessThan(35_000);
      shown.push(...(view.items ?? []));
      cursor = view.nextCursor;
    } while (cursor !== undefined);
    expect(shown).toHaveLength(80);
    expect(shown[0]?.url).toMatch(/…$/);
  });

  it("refuses an unknown task, a foreign cursor, and a cursor for a summary", async () => {
    const { urls, status } = await startService();
    const { taskId } = await urls(manyUrls(1));
    await expect(status("pf_9999")).rejects.toThrow(error("not_found", { message: expect.stringContaining("pf_9999") }));
    await expect(status(taskId, "all", { cursor: "nonsense" })).rejects.toThrow(
      error("invalid_argument", { message: expect.stringContaining("cursor") }),
    );
    const cursor = Buffer.from("after 0").toString("base64url");
    await expect(status(taskId, "summary", { cursor })).rejects.toThrow(error("invalid_argument"));
  });

  it("asks about the vendor's own task id when the provider is named", async () => {
    const rows: StatusRow[] = [
      { url: "https://media.example.com/0.mp4", state: "succeeded", vendorState: "succeed" },
      { url: "https://media.example.com/1.mp4", state: "failed", vendorState: "failed", reason: "403" },
    ];
    const asked: (readonly string[])[] = [];
    const { status, clock } = await startService({
      script: {
        status: async ({ vendorTaskIds }) => {
          asked.push(vendorTaskIds);
          return vendorTaskIds.includes("vendor-77") ? rows : [];
        },
      },
    });
    expect(await status("vendor-77", "all", { provider: "fake-cdn", waitSeconds: 50 })).toMatchObject({
      taskId: "vendor-77",
      state: "partial",
      counts: { succeeded: 1, failed: 1 },
      problems: [{ url: "https://media.example.com/1.mp4", state: "failed", reason: "403" }],
      items: [{ state: "succeeded" }, { state: "failed" }],
    });
    expect(asked).toEqual([["vendor-77"]]);
    await expect(status("vendor-77")).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining("fake-cdn") }));
    const before = clock.now();
    expect(await status("vendor-88", "summary", { provider: "fake-cdn", waitSeconds: 5 })).toMatchObject({
      state: "running",
      nextStep: expect.stringContaining("lists nothing for this id"),
    });
    expect(clock.now() - before).toBe(5_000);
  });

  it("reports rising progress while it waits, and stops when the caller stops", async () => {
    const { clock, urls, service, outcomes } = await startService();
    const { taskId = "" } = await urls(manyUrls(4));
    const start = clock.now();
    for (const [index, url] of manyUrls(4).entries())
      outcomes.set(url, () => (index < 2 || clock.now() > start + 45_000 ? "succeeded" : "processing"));
    await clock.advance(30_000);
    const progress: number[] = [];
    const request = { taskId, detail: "summary", waitSeconds: 50 } as const;
    expect(
      await clock.drive(service.status(request, { caller: localCaller, signal, onProgress: (settled) => progress.push(settled) })),
    ).toMatchObject({
      state: "succeeded",
    });
    expect(progress).toEqual([2, 4]);

    const { taskId: other = "" } = await urls(["https://media.example.com/never.mp4"]);
    const stop = new AbortController();
    const waiting = clock.drive(
      service.status(
        { ...request, taskId: other },
        { caller: localCaller, signal: stop.signal, onProgress: () => stop.abort(new Error("gone")) },
      ),
    );
    await expect(waiting).rejects.toThrow("gone");
  });

  it("shows unknown URLs when another server ended the batch of a dead server", async () => {
    const { clock, urls, startAnother, storage, die, resume } = await startService({
      script: { answer: (_batch, _nth, aborted) => neverAnswered(aborted) },
    });
    const { taskId = "" } = await urls(manyUrls(2));
    die();
    const other = startAnother();
    resume();
    const early = await clock.drive(other.status({ taskId, detail: "summary", waitSeconds: 0 }, { signal, caller: localCaller }));
    expect(early.nextStep).toMatch(
      /^2 held by another server process, perhaps a dead one\. Unless it shows life, this server takes them up by \S+Z( \(in \d+ min\))?\./,
    );
    expect(early.nextStep).toContain("It had begun to send 2 of them");
    expect(early.nextStep).not.toContain("right now");
    await clock.advance(15_000);
    const view = await clock.drive(other.status({ taskId, detail: "summary", waitSeconds: 0 }, { signal, caller: localCaller }));
    expect(view).toMatchObject({
      state: "partial",
      counts: { unknown: 2 },
      nextStep: expect.stringContaining("may or may not have reached the vendor"),
    });
    expect(await storage.task(taskId)).toMatchObject({ openBatches: 0 });
  });
});
