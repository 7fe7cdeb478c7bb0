import { setImmediate as settled } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWholeItemCursor } from "../../../src/prefetch/calls/cursors.ts";
import type { VerifyView } from "../../../src/prefetch/calls/verify.ts";
import type { CallContext, Caller } from "../../../src/prefetch/model/caller.ts";
import { type Warmth, warmths } from "../../../src/prefetch/model/edge.ts";
import type { Item } from "../../../src/prefetch/model/task.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { cdn, type EdgeScript, fakeEdge, row } from "../../fakes/edge.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { fakeTimeouts, rejectOnAbort, neverAborted as signal } from "../../fakes/signal.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { error, type ServiceOptions, startService } from "./service-harness.ts";

async function setUp(edge: EdgeScript = {}, { script, ...options }: ServiceOptions = {}) {
  const scripted = fakeEdge(edge);
  const harness = await startService({ ...options, script: { edge: scripted, ...script } });
  /** Stores a task of these items; an item has succeeded by default. */
  const store = async (items: readonly Partial<Item>[]): Promise<string> => {
    const { task, batches, items: planned } = newTask({ id: "pf_9", urls: manyUrls(items.length), perBatch: 1_000 });
    const changed = planned.map((item, index): Item => ({ ...item, state: "succeeded", ...items[index] }));
    await harness.storage.admit([accountQuery()], () => ({ task: { task, batches, items: changed } }));
    return task.id;
  };
  /** All pages of a task. Throws when there are more than `most`. */
  const pages = async (taskId: string, most = 20): Promise<VerifyView[]> => {
    const views: VerifyView[] = [];
    let cursor: string | undefined;
    do {
      if (views.length === most) throw new Error(`More than ${most} pages`);
      const view = await harness.verify({ taskId, cursor });
      views.push(view);
      cursor = view.nextCursor;
    } while (cursor !== undefined);
    return views;
  };
  return { ...harness, edge: scripted, store, pages };
}

const urlsIn = (views: readonly VerifyView[]): string[] => views.flatMap(({ rows }) => rows.map(({ url }) => url));
const asset = (target: string, more: Partial<Item> = {}): Partial<Item> => ({ kind: "asset", target, ...more });

describe("verify, of a task", () => {
  it("asks the edge about the URLs that were sent", async () => {
    const { urls, verify, edge } = await setUp();
    const { taskId = "" } = await urls(["bad", ...manyUrls(3)]);
    expect(await verify({ taskId: ` ${taskId} ` })).toEqual({
      rows: manyUrls(3).map((url) => row(url)),
      counts: { warm: 3, "warm-parent-only": 0, cold: 0, uncacheable: 0, unknown: 0 },
      cdns: [],
      nextStep: "Every URL that was sent is warm; 1 of the task were not sent, and not checked.",
    });
    expect(edge.verified).toEqual(manyUrls(3));
  });

  it("asks only about items that may have reached the vendor", async () => {
    const { store, pages } = await setUp();
    const states = ["queued", "processing", "succeeded", "failed", "rejected", "untracked", "cancelled", "unknown"] as const;
    const views = await pages(await store(states.map((state) => ({ state, target: `https://a.example/${state}` }))));
    expect(urlsIn(views).map((url) => url.slice("https://a.example/".length))).toEqual([
      "processing",
      "succeeded",
      "failed",
      "untracked",
      "unknown",
    ]);
  });

  it.each([1, 49, 50, 51, 100, 101, 120])("goes through %i URLs in pages of fifty, each URL once", async (count) => {
    const { store, pages } = await setUp();
    const views = await pages(await store(manyUrls(count).map((target) => ({ target }))));
    expect(urlsIn(views)).toEqual(manyUrls(count));
    expect(views).toHaveLength(Math.ceil(count / 50));
    for (const { nextCursor, nextStep } of views) expect(nextStep.includes("call again with next_cursor")).toBe(nextCursor !== undefined);
  });

  it("asks about each URL of an asset, across pages", async () => {
    const many = manyUrls(120, "https://asset.example/");
    const { store, pages } = await setUp({}, { script: { resolveAsset: async () => ({ urls: many, cost: 120 }) } });
    const views = await pages(await store([{}, asset("film"), {}]));
    expect(views.map(({ rows }) => rows.length)).toEqual([50, 50, 22]);
    expect(urlsIn(views)).toEqual([manyUrls(3)[0], ...many, manyUrls(3)[2]]);
  });

  const reportedAs = (urls: readonly string[]) => async () => urls.map((url) => ({ url, state: "succeeded" as const, vendorState: "x" }));

  it("asks about all URLs of an asset when the stored parts are cut", async () => {
    const many = manyUrls(60, "https://asset.example/");
    const { asset: prefetch, pages } = await setUp(
      {},
      { script: { resolveAsset: async () => ({ urls: many, cost: 60 }), status: reportedAs(many) } },
    );
    const { taskId = "" } = await prefetch("film", { waitSeconds: 50 });
    expect(urlsIn(await pages(taskId))).toEqual(many);
  });

  it("asks about the stored parts of an asset that cannot be resolved", async () => {
    const script = { resolveAsset: undefined, status: reportedAs(["https://asset.example/1.m3u8", "asset.example/2.m3u8"]) };
    const { asset: prefetch, pages } = await setUp({}, { script });
    const { taskId = "" } = await prefetch("film", { waitSeconds: 50 });
    expect(urlsIn(await pages(taskId))).toEqual(["https://asset.example/1.m3u8", "https://asset.example/2.m3u8"]);
    const bare = await setUp({}, { script: { resolveAsset: undefined } });
    await expect(bare.pages(await bare.store([asset("film")]))).rejects.toThrow(error("unsupported"));
  });

  it("skips an asset without URLs, and calls nothing warm when nothing was asked", async () => {
    const { store, pages } = await setUp({}, { script: { resolveAsset: async () => ({ urls: [], cost: 0 }) } });
    const [only, ...more] = await pages(await store([asset("empty")]));
    expect(only).toMatchObject({ rows: [], nextStep: "No URLs are known for this, so nothing was asked." });
    expect(more).toEqual([]);
    const mixed = await setUp({}, { script: { resolveAsset: async () => ({ urls: [], cost: 0 }) } });
    const items = [...Array.from({ length: 60 }, (_, index) => asset(`empty${index}`)), { target: "https://a.example/last" }];
    expect(urlsIn(await mixed.pages(await mixed.store(items)))).toEqual(["https://a.example/last"]);
  });

  it("asks about each URL once and in order, for any mix of URLs and assets", async () => {
    const sizes = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant("url" as const) }, fc.nat({ max: 130 })), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (made) => {
        const { store, pages } = await setUp(
          {},
          { script: { resolveAsset: async (id) => ({ urls: manyUrls(Number(id.split("-")[1]), `https://${id}.example/`), cost: 1 }) } },
        );
        const items = made.map((size, index) => (size === "url" ? { target: `https://a.example/${index}` } : asset(`x${index}-${size}`)));
        const expected = made.flatMap((size, index) =>
          size === "url" ? [`https://a.example/${index}`] : manyUrls(size, `https://x${index}-${size}.example/`),
        );
        const views = await pages(await store(items), 80);
        expect(urlsIn(views)).toEqual(expected);
        for (const { rows } of views) expect(rows.length).toBeLessThanOrEqual(50);
      }),
      { numRuns: 15 },
    );
  });

  it("ends a page when its time is up, and goes on with the next one", async () => {
    const clock = fakeClock();
    const slow: EdgeScript = {
      found: async (url) => {
        await clock.sleep(15_000);
        return [row(url)];
      },
    };
    const { store, pages } = await setUp(slow, { clock });
    const views = await pages(await store(manyUrls(60).map((target) => ({ target }))));
    expect(urlsIn(views)).toEqual(manyUrls(60));
    expect(views.map(({ rows }) => rows.length)).toEqual([48, 12]);
  });

  it("ends a page early when many PoPs make its rows long", async () => {
    const evidence = ["cf-cache-status: HIT", "x".repeat(300)];
    const found = (url: string) => Array.from({ length: 20 }, (_, nth) => row(url, { edge: `pop-${nth}`, evidence }));
    const wordy: EdgeScript = { rowsPerUrl: 20, found };
    const { store, pages, verify } = await setUp(wordy);
    const views = await pages(await store(manyUrls(60).map((target) => ({ target }))));
    expect(new Set(urlsIn(views))).toEqual(new Set(manyUrls(60)));
    expect(urlsIn(views)).toHaveLength(1_200);
    for (const { rows } of views) expect(JSON.stringify(rows).length).toBeLessThan(80_000);
    const list = await verify({ urls: manyUrls(50) });
    expect(new Set(urlsIn([list]))).toEqual(new Set(manyUrls(50)));
    expect(list.counts.unknown).toBeGreaterThan(20);
  });

  it("makes progress when each answer takes as long as a call", async () => {
    const clock = fakeClock();
    const stuck: EdgeScript = {
      found: async (url) => {
        await clock.sleep(45_000);
        return [row(url)];
      },
    };
    const many = manyUrls(40, "https://asset.example/");
    const resolveAsset = async () => {
      await clock.sleep(45_000);
      return { urls: many, cost: 40 };
    };
    const { store, pages } = await setUp(stuck, { clock, script: { resolveAsset } });
    const views = await pages(await store([asset("film"), {}]));
    expect(urlsIn(views)).toEqual([...many, manyUrls(2)[1]]);
    for (const { rows } of views) expect(rows.length).toBeLessThanOrEqual(16);
  });

  it("goes on with the next item when the asset has lost the URLs before the cursor", async () => {
    let size = 120;
    const { clock, store, verify } = await setUp(
      {},
      { script: { resolveAsset: async () => ({ urls: manyUrls(size, "https://asset.example/"), cost: 1 }) } },
    );
    const taskId = await store([asset("film"), { target: "https://a.example/next" }]);
    const { nextCursor } = await verify({ taskId });
    size = 10;
    // The look-up of an asset is kept for a minute.
    await clock.advance(60_000);
    const view = await verify({ taskId, cursor: nextCursor });
    expect(urlsIn([view])).toEqual(["https://a.example/next"]);
    expect(view.nextCursor).toBeUndefined();
  });

  it("fails when nothing was sent yet, and when nothing will be sent", async () => {
    const { store, verify, edge } = await setUp();
    const taskId = await store([{ state: "queued" }, { state: "rejected" }]);
    await expect(verify({ taskId })).rejects.toThrow(
      error("not_found", {
        message: "task_id: nothing of pf_9 has been sent yet",
        hint: "get_prefetch_status says when it will be. Call this tool after that.",
      }),
    );
    const other = await setUp();
    const ended = await other.store([{ state: "cancelled" }, { state: "rejected" }]);
    await expect(other.verify({ taskId: ended })).rejects.toThrow(
      error("not_found", { message: "task_id: nothing of pf_9 was sent", hint: expect.stringContaining('detail "problems" says why') }),
    );
    expect([...edge.verified, ...other.edge.verified]).toEqual([]);
  });

  it.each(["nonsense", "YWZ0ZXIgeA", Buffer.from("after 3:").toString("base64url"), Buffer.from("after -1").toString("base64url")])(
    "refuses the foreign cursor %j",
    async (cursor) => {
      const { store, verify } = await setUp();
      await expect(verify({ taskId: await store([{}]), cursor })).rejects.toThrow(
        error("invalid_argument", { message: "cursor: not a cursor of this tool" }),
      );
    },
  );

  it("gives a cursor in the middle of an asset, and reads an empty cursor as none", async () => {
    const { store, verify } = await setUp(
      {},
      { script: { resolveAsset: async () => ({ urls: manyUrls(60, "https://asset.example/"), cost: 1 }) } },
    );
    const taskId = await store([asset("film")]);
    const { nextCursor } = await verify({ taskId, cursor: "" });
    expect(() => readWholeItemCursor(nextCursor)).toThrow(error("invalid_argument"));
    const beyond = Buffer.from("after 99").toString("base64url");
    await expect(verify({ taskId, cursor: beyond })).rejects.toThrow(
      error("not_found", { message: "task_id: nothing of pf_9 from this page on was sent" }),
    );
  });

  it("refuses another tenant", async () => {
    const { urls, verify, edge } = await setUp();
    const callOf = (tenant: string, more: Partial<Caller> = {}): CallContext => ({ signal, caller: { tenant, seesAll: false, ...more } });
    const { taskId = "" } = await urls(manyUrls(2), {}, callOf("token:one"));
    const missing = error("not_found", { message: expect.stringContaining("there is no task") });
    await expect(verify({ taskId }, callOf("token:two"))).rejects.toEqual(missing);
    await expect(verify({ taskId: "pf_none" }, callOf("token:one"))).rejects.toEqual(missing);
    expect(edge.verified).toEqual([]);
    expect((await verify({ taskId }, callOf("token:one"))).rows).toHaveLength(2);
    expect((await verify({ taskId }, callOf("token:admin", { seesAll: true }))).rows).toHaveLength(2);
  });

  it("asks about no host that is no longer allowed", async () => {
    const { store, verify, edge } = await setUp({}, { guards: { allowedDomains: ["*.example.com"] } });
    const { rows } = await verify({ taskId: await store([{}, { target: "https://elsewhere.test/a" }]) });
    expect(rows[1]).toMatchObject({
      url: "https://elsewhere.test/a",
      state: "unknown",
      reason: "Not asked: the URL is on elsewhere.test, which PREFETCH_ALLOWED_DOMAINS does not list.",
    });
    expect(edge.verified).toEqual([manyUrls(1)[0]]);
  });
});

describe("verify, of URLs", () => {
  it("asks about each URL once in any spelling, and names unusable entries", async () => {
    const { verify, edge } = await setUp();
    const { rows, counts, nextStep } = await verify({
      urls: ["HTTPS://Media.example.com/a#t=1", " https://media.example.com/a ", "nonsense", 7, "nonsense", "https://media.example.com/b"],
    });
    expect(edge.verified).toEqual(["https://media.example.com/a", "https://media.example.com/b"]);
    expect(rows.map(({ sentAs }) => sentAs)).toEqual(["https://media.example.com/a", undefined, undefined, undefined]);
    expect(rows.map(({ url, state, reason }) => [url, state, reason])).toEqual([
      ["HTTPS://Media.example.com/a#t=1", "warm", "The edge had it."],
      ["nonsense", "unknown", "Not asked: the URL is not an absolute URL such as https://media.example.com/a.mp4."],
      ["7", "unknown", "Not asked: the URL is a number, not a string."],
      ["https://media.example.com/b", "warm", "The edge had it."],
    ]);
    expect(counts).toMatchObject({ warm: 2, unknown: 2 });
    expect(nextStep).toBe("Of 2 URL(s) it cannot be told whether a cache holds them: the reasons say why.");
  });

  it("shows no password, and at most 200 characters of an unusable entry", async () => {
    const { verify } = await setUp();
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const { rows } = await verify({
      urls: ["https://user:S3cr3t@h.example/a", { url: "https://u:S3cr3t@h.example" }, "x".repeat(9_000), deep],
    });
    expect(JSON.stringify(rows)).not.toContain("S3cr3t");
    for (const { url, state } of rows) {
      expect(url.length).toBeLessThanOrEqual(201);
      expect(state).toBe("unknown");
    }
    expect(rows[3]?.url).toBe("(nested too deeply)");
  });

  it("shows at most 1,000 characters of a URL", async () => {
    const { verify, edge } = await setUp();
    const long = `https://media.example.com/${"a".repeat(5_000)}`;
    const { rows } = await verify({ urls: [long] });
    expect(edge.verified).toEqual([long]);
    expect(rows[0]?.url).toHaveLength(1_001);
  });

  it("refuses an empty list and a list longer than a page", async () => {
    const { verify, edge } = await setUp();
    await expect(verify({ urls: [] })).rejects.toThrow(error("invalid_argument", { message: "urls: the list is empty" }));
    await expect(verify({ urls: manyUrls(51) })).rejects.toThrow(
      error("invalid_argument", {
        message: "urls: 51 entries; one call looks at 50 at most",
        hint: expect.stringContaining("Nothing was asked."),
      }),
    );
    expect(edge.verified).toEqual([]);
    expect((await verify({ urls: manyUrls(50) })).counts).toMatchObject({ warm: 50 });
  });

  it("names the URLs that it had no time for", async () => {
    const clock = fakeClock();
    const slow: EdgeScript = {
      found: async (url) => {
        await clock.sleep(25_000);
        return [row(url)];
      },
    };
    const { verify } = await setUp(slow, { clock });
    const { rows, counts, nextStep, nextCursor } = await verify({ urls: manyUrls(40) });
    expect(rows.map(({ url }) => url)).toEqual(manyUrls(40));
    expect(counts).toMatchObject({ warm: 32, unknown: 8 });
    expect(rows[39]?.reason).toBe("Not asked: this call had no time or room left for it. Call again with it.");
    expect(nextCursor).toBeUndefined();
    expect(nextStep).not.toContain("next_cursor");
  });
});

describe("verify, in its answer", () => {
  const scripted = (states: readonly Warmth[]): EdgeScript => ({ found: (url, nth) => [row(url, { state: states[nth] ?? "unknown" })] });

  it("counts the rows of each PoP", async () => {
    const { verify } = await setUp({ found: (url) => warmths.map((state, nth) => row(url, { state, edge: `pop-${nth}` })) });
    const { rows, counts } = await verify({ urls: manyUrls(2) });
    expect(rows).toHaveLength(10);
    expect(counts).toEqual({ warm: 2, "warm-parent-only": 2, cold: 2, uncacheable: 2, unknown: 2 });
  });

  it.each<readonly [readonly Warmth[], string]>([
    [["warm", "warm"], "Every URL is warm."],
    [["warm", "cold"], "1 cold: read why. Where a prefetch can help, call prefetch_urls with just those, and verify again."],
    [
      ["warm-parent-only"],
      '1 held by a tier behind the edge: an edge fetches them from there at its first request. Provider "http" makes that request to the edge that serves this server.',
    ],
    [["uncacheable", "warm"], "1 cannot be warm as they are served: change what obstacles say first."],
    [["unknown", "unknown"], "Of 2 URL(s) it cannot be told whether a cache holds them: the reasons say why."],
  ])("gives the next step for %j", async (states, expected) => {
    const { verify } = await setUp(scripted(states));
    expect((await verify({ urls: manyUrls(states.length) })).nextStep).toBe(expected);
  });

  it("advises waiting instead of sending again when the task is still open", async () => {
    const { urls, verify, outcomes } = await setUp(scripted(["cold", "warm"]));
    const { taskId = "" } = await urls(manyUrls(2));
    expect((await verify({ taskId })).nextStep).toBe(
      "1 cold, but the task is under way: call get_prefetch_status with wait_seconds until its state is final, then verify again.",
    );
    const other = await setUp(scripted(["cold", "warm"]));
    for (const url of manyUrls(2)) other.outcomes.set(url, "succeeded");
    const { taskId: done = "" } = await other.urls(manyUrls(2), { waitSeconds: 50 });
    expect((await other.verify({ taskId: done })).nextStep).toContain("force true");
    expect(outcomes.size).toBe(0);
  });

  it("does not advise to warm again what expires within seconds", async () => {
    const obstacles = [{ code: "short-lived", reason: "Too short.", change: "Send more." }];
    const found = (url: string, nth: number) => [row(url, { state: nth === 0 ? "warm" : "cold", ...(nth < 2 && { obstacles }) })];
    const expected =
      "2 may be kept for a few seconds only: do not warm them again, as they expire before viewers come. obstacles say what helps.";
    const two = await setUp({ found });
    expect((await two.verify({ urls: manyUrls(2) })).nextStep).toBe(expected);
    const three = await setUp({ found });
    expect((await three.verify({ urls: manyUrls(3) })).nextStep).toMatch(/^1 cold: read why\. .* verify again\. 2 may be kept/);
    const alone = await setUp({ found });
    expect((await alone.verify({ urls: manyUrls(1) })).nextStep).toMatch(/^Every URL is warm\. 1 may be kept/);
  });

  it("advises against sending again what the vendor reported as failed, above all a second time", async () => {
    const { urls, verify, outcomes } = await setUp(scripted(["cold", "cold", "cold", "cold"]));
    for (const url of manyUrls(2)) outcomes.set(url, "failed");
    const { taskId: first = "" } = await urls(manyUrls(2), { waitSeconds: 50 });
    expect((await verify({ taskId: first })).nextStep).toMatch(
      /Leave out what the vendor reported as failed \(2 in this task\) until its cause is found, and send those once more at most: a good answer of the edge says nothing about the vendor's prefetch API\./,
    );
    const { taskId: second = "" } = await urls(manyUrls(2), { waitSeconds: 50 });
    expect((await verify({ taskId: second })).nextStep).toContain("do not send the 2 that failed before, too");
  });

  it("names the configured one of a vendor's products", async () => {
    const found = cdn({ id: "fake", name: "Fake CDN", confidence: "certain", by: "headers", provider: "fake-vod" });
    const { verify } = await setUp({ found: (url) => [row(url, { cdn: found })] });
    const { cdns } = await verify({ urls: ["https://one.example/1"] });
    expect(cdns).toEqual([{ ...found, provider: "fake-cdn", host: "one.example", configured: true, siblings: [] }]);
  });

  it("names the product whose vendor lists the host, once a call has read the lists, and asks no vendor itself", async () => {
    let asked = 0;
    const hosts = async () => {
      asked += 1;
      return [{ pattern: "*.example" }];
    };
    const found = cdn({ id: "fake", name: "Fake CDN", confidence: "certain", by: "headers", provider: "fake-cdn" });
    const script = { moreProviders: [{ id: "fake-vod", account: "fake-vod:1", hosts }], routes: ["auto"] as const };
    const { urls, verify } = await setUp({ found: (url) => [row(url, { cdn: found })] }, script);
    const serving = async () => (await verify({ urls: ["https://one.example/1"] })).cdns.map(({ provider }) => provider);
    expect([await serving(), asked]).toEqual([["fake-cdn"], 0]);
    await urls(["https://one.example/1"], { dryRun: true });
    expect([await serving(), asked]).toEqual([["fake-vod"], 1]);
  });

  it("names the CDN of each host once, and a provider that is not configured", async () => {
    const huawei = cdn({ id: "huawei", name: "Huawei Cloud CDN", confidence: "likely", by: "cname", provider: "huawei-cdn" });
    const { verify } = await setUp(
      { found: (url) => [row(url, url.includes("one") ? { cdn: huawei } : url.includes("two") ? { cdn: cdn() } : {})] },
      { known: ["fake-cdn", "huawei-vod", "huawei-cdn"], configured: ["fake-cdn"] },
    );
    const { cdns, nextStep } = await verify({
      urls: ["https://one.example/1", "https://one.example/2", "https://two.example:8443/1", "https://three.example/1"],
    });
    expect(cdns).toEqual([
      { ...huawei, host: "one.example", configured: false, siblings: ["huawei-vod"] },
      { ...cdn(), host: "two.example", configured: true, siblings: [] },
    ]);
    expect(nextStep).toBe(
      "Every URL is warm. one.example is served by Huawei Cloud CDN (likely): provider huawei-cdn (or huawei-vod, if the host is a domain of that product) would serve it best, but is not configured.",
    );
  });

  it("names the CDN of a host by its most certain answer", async () => {
    const likely = cdn({ name: "Some cache", confidence: "likely", provider: "http" });
    const { verify } = await setUp({ found: (url, nth) => [row(url, { cdn: nth === 1 ? cdn() : likely })] });
    expect((await verify({ urls: manyUrls(3) })).cdns).toEqual([{ ...cdn(), host: "media.example.com", configured: true, siblings: [] }]);
  });

  it("asks about sixteen URLs at a time and reports progress", async () => {
    const clock = fakeClock();
    let underWay = 0;
    let most = 0;
    const { verify } = await setUp(
      {
        found: async (url, nth) => {
          underWay += 1;
          most = Math.max(most, underWay);
          await clock.sleep(1_000 + nth);
          underWay -= 1;
          return [row(url)];
        },
      },
      { clock },
    );
    const progress: string[] = [];
    const { rows } = await verify({ urls: manyUrls(40) }, { onProgress: (settled, total) => progress.push(`${settled}/${total}`) });
    expect(progress).toEqual(Array.from({ length: 40 }, (_, index) => `${index + 1}/40`));
    expect(rows.map(({ url }) => url)).toEqual(manyUrls(40));
    expect(most).toBe(16);
  });

  it("ends a row as unknown when its answer takes longer than the call may", async () => {
    const timeouts = fakeTimeouts();
    const clock = fakeClock();
    const { service, edge } = await setUp(
      {
        found: (url, nth, aborted) => (nth === 1 ? rejectOnAbort(aborted) : [row(url)]),
      },
      { clock },
    );
    const asking = service.verify({ urls: manyUrls(3) }, { signal, caller: { tenant: "", seesAll: true } });
    await clock.settle();
    expect(timeouts.requested).toEqual([50_000]);
    timeouts.expire(50_000);
    expect((await asking).rows).toEqual([
      row(manyUrls(3)[0] ?? ""),
      row(manyUrls(3)[1] ?? "", { state: "unknown", reason: "There was no answer for as long as a call may take." }),
      row(manyUrls(3)[2] ?? ""),
    ]);
    expect(edge.verified).toHaveLength(3);
  });

  it("stops asking when the caller stops", async () => {
    const stop = new AbortController();
    const { service, edge } = await setUp({
      found: (_url, _nth, aborted) => rejectOnAbort(aborted),
    });
    const asking = service.verify({ urls: manyUrls(40) }, { signal: stop.signal, caller: { tenant: "", seesAll: true } });
    await settled();
    stop.abort(new Error("gone"));
    await expect(asking).rejects.toThrow("gone");
    await settled();
    expect(edge.verified).toHaveLength(16);
  });

  it("asks the edge of a provider that has one, and fails when no provider has one", async () => {
    const edge = fakeEdge();
    const second = await startService({ moreProviders: [{ id: "other-cdn", account: "other:1", edge }] });
    expect((await second.verify({ urls: manyUrls(1) })).counts.warm).toBe(1);
    const none = await startService({
      known: ["fake-cdn", "http"],
      configured: ["fake-cdn"],
      problems: ["http needs HTTP_POPS to be readable."],
    });
    await expect(none.verify({ urls: manyUrls(1) })).rejects.toThrow(
      error("not_configured", { hint: expect.stringContaining("http needs HTTP_POPS to be readable.") }),
    );
  });
});
