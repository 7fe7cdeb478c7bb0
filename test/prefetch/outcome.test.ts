import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, errorCodes, PrefetchError } from "../../src/errors.ts";
import { abandoned, accepted, failed, lost, reported, returned } from "../../src/prefetch/outcome.ts";
import type { StatusRow, Submission } from "../../src/prefetch/provider.ts";
import type { WorkItem } from "../../src/prefetch/storage.ts";
import type { Item, ItemState } from "../../src/prefetch/task.ts";
import { manyUrls, NOON, newTask } from "../fakes.ts";

const policy = { random: () => 0.5 };

function workOf(urls: readonly string[], states: readonly ItemState[] = []): WorkItem {
  const { batches, items } = newTask({ id: "pf_1", urls, perBatch: urls.length });
  const [batch] = batches;
  if (!batch) throw new Error("A batch needs URLs.");
  return { batch, items: items.map((item, index): Item => ({ ...item, state: states[index] ?? "processing" })) };
}

function assetWork(cost: number): WorkItem {
  const { batches, items } = newTask({ id: "pf_1", assetId: "asset1", costPerBatch: cost });
  const [batch] = batches;
  if (!batch) throw new Error("An asset makes a batch.");
  return { batch, items: items.map((item): Item => ({ ...item, state: "processing" })) };
}

function row(url: string, state: StatusRow["state"], reason?: string): StatusRow {
  return { url, state, vendorState: state.toUpperCase(), ...(reason !== undefined && { reason }) };
}

const taken: Submission = { vendorTaskIds: ["vendor-1"], requestId: "request-1", refused: [] };

describe("accepted", () => {
  it("is followed under the vendor's ids", () => {
    expect(accepted(workOf(["https://a.example/1", "https://a.example/2"]), taken, true, NOON)).toEqual({
      batch: { state: "sent", leaseUntil: undefined, sentAt: NOON, vendorTaskIds: ["vendor-1"], requestId: "request-1" },
      items: [
        { index: 0, state: "processing" },
        { index: 1, state: "processing" },
      ],
      refund: 0,
    });
  });

  it.each([
    ["the vendor gave no id", { ...taken, vendorTaskIds: [] }, true],
    ["the vendor cannot be asked", taken, false],
  ])("is untracked, and over, when %s", (_, submission, trackable) => {
    const change = accepted(workOf(["https://a.example/1"]), submission, trackable, NOON);
    expect(change.batch).toMatchObject({ state: "ended", sentAt: NOON });
    expect(change.items).toMatchObject([{ index: 0, state: "untracked", reason: expect.stringContaining("no id to ask") }]);
    expect(change.refund).toBe(0);
  });

  it("names the vendor's reason for a URL that it turned down, and gives its unit back", () => {
    const change = accepted(
      workOf(["https://a.example/%E8%A7%86.mp4", "https://a.example/2"]),
      { ...taken, refused: [{ url: "https://a.example/视.mp4", code: "forbidden_domain", reason: "Not your domain." }] },
      true,
      NOON,
    );
    expect(change.items).toEqual([
      { index: 0, state: "rejected", code: "forbidden_domain", reason: "Not your domain." },
      { index: 1, state: "processing" },
    ]);
    expect(change).toMatchObject({ batch: { state: "sent" }, refund: 1 });
  });

  it("refuses only the URL that was named, though another differs from it in its scheme alone", () => {
    const change = accepted(
      workOf(["http://a.example/1", "https://a.example/1"]),
      { ...taken, refused: [{ url: "http://a.example/1", code: "invalid_argument", reason: "Only https." }] },
      true,
      NOON,
    );
    expect(change.items.map((item) => item.state)).toEqual(["rejected", "processing"]);
    expect(change.refund).toBe(1);
  });

  it("is over when every URL was turned down", () => {
    const urls = ["https://a.example/1", "https://a.example/2"];
    const refused = urls.map((url) => ({ url, code: "forbidden_domain", reason: "Not your domain." }));
    expect(accepted(workOf(urls), { ...taken, refused }, true, NOON)).toMatchObject({ batch: { state: "ended" }, refund: 2 });
  });

  it("keeps an asset's units: it is taken or refused whole", () => {
    expect(accepted(assetWork(4), taken, true, NOON).refund).toBe(0);
  });

  it("speaks of every item once and gives back one unit for each refusal, whatever is refused", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.nat({ max: 12 }), { maxLength: 12 }),
        fc.boolean(),
        (count, refused, trackable) => {
          const urls = manyUrls(count);
          const work = workOf(urls);
          // Refusals of URLs that were not in the batch mean nothing.
          const refusals = refused.map((index) => ({ url: manyUrls(13)[index] ?? "", code: "invalid_argument", reason: "No." }));
          const change = accepted(work, { ...taken, refused: refusals }, trackable, NOON);
          expect(change.items.map((item) => item.index)).toEqual(work.items.map((item) => item.index));
          const expected = new Set(refused.filter((index) => index < count));
          for (const item of change.items) expect(item.state === "rejected").toBe(expected.has(item.index));
          expect(change.refund).toBe(expected.size);
          expect(change.refund).toBeLessThanOrEqual(work.batch.cost);
        },
      ),
    );
  });
});

describe("failed", () => {
  const anyError = fc
    .record({
      code: fc.constantFrom(...errorCodes),
      delivery: fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
      retryable: fc.boolean(),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }),
    })
    .map(({ code, ...facts }) => new PrefetchError(code, "It went wrong", { ...facts, retryAfterMs: facts.retryAfterMs ?? undefined }));

  it("sends again later what was refused for now", () => {
    const error = new PrefetchError("rate_limited", "Too many requests", { delivery: "refused", retryable: true, retryAfterMs: 7_000 });
    const change = failed(workOf(["https://a.example/1"]), error, NOON, policy);
    expect(change).toEqual({
      batch: { state: "queued", attempts: 1, notBefore: NOON + 7_000, leaseUntil: undefined },
      items: [{ index: 0, state: "queued", code: "rate_limited", reason: "Will be sent again. Too many requests." }],
      refund: 0,
    });
  });

  it("refuses for good, gives the units back and remembers the vendor's request", () => {
    const error = new PrefetchError("forbidden_domain", "Not your domain", {
      delivery: "refused",
      vendorCode: "VOD.10088",
      requestId: "r-1",
    });
    const change = failed(workOf(["https://a.example/1", "https://a.example/2"]), error, NOON, policy);
    expect(change).toMatchObject({ batch: { state: "ended", requestId: "r-1" }, refund: 2, exhausted: false });
    expect(change.items).toMatchObject([
      { index: 0, state: "rejected", code: "forbidden_domain", reason: "Not your domain (VOD.10088, request id r-1)." },
      { index: 1, state: "rejected", code: "forbidden_domain" },
    ]);
  });

  it.each(["invalid_argument", "not_found", "not_published"] as const)(
    "says of several URLs refused together as %s that one may be to blame",
    (code) => {
      const error = new PrefetchError(code, "Not taken", { delivery: "refused" });
      const reasonOf = (urls: readonly string[]) => failed(workOf(urls), error, NOON, policy).items[0]?.reason;
      expect(reasonOf(manyUrls(3))).toBe("Not taken. The vendor refused a request of 3 URLs without saying which of them is at fault.");
      expect(reasonOf(manyUrls(1))).toBe("Not taken.");
    },
  );

  it("gives back all that an asset reserved", () => {
    expect(failed(assetWork(4), new PrefetchError("not_published", "Not published"), NOON, policy).refund).toBe(4);
  });

  it("tells the ledger when the vendor says that the day is used up", () => {
    const spent = new PrefetchError("quota_exhausted", "Used up", { delivery: "refused" });
    expect(failed(workOf(["https://a.example/1"]), spent, NOON, policy)).toMatchObject({ exhausted: true, refund: 1 });
  });

  it.each([
    ["not_sent", "vendor_unavailable", 5],
    ["refused", "vendor_unavailable", 3],
    ["refused", "rate_limited", 10],
    ["refused", "queue_full", 10],
  ] as const)("gives up a batch that is always %s with %s after %i attempts", (delivery, code, most) => {
    const error = new PrefetchError(code, "Not now", { delivery, retryable: true });
    let work = workOf(["https://a.example/1"]);
    for (let attempt = 1; attempt < most; attempt += 1) {
      const change = failed(work, error, NOON, policy);
      expect(change).toMatchObject({ batch: { state: "queued", attempts: attempt }, refund: 0 });
      work = { ...work, batch: { ...work.batch, ...change.batch } };
    }
    expect(failed(work, error, NOON, policy)).toMatchObject({
      batch: { state: "ended", attempts: most },
      items: [{ state: "rejected" }],
      refund: 1,
    });
  });

  it("waits longer each time, spread at random, but no longer than a minute", () => {
    const error = new PrefetchError("rate_limited", "Not now", { delivery: "refused", retryable: true });
    const waits = Array.from({ length: 9 }, (_, attempts) => {
      const work = workOf(["https://a.example/1"]);
      const change = failed({ ...work, batch: { ...work.batch, attempts } }, error, NOON, { random: () => 0.999_999 });
      return (change.batch.notBefore ?? 0) - NOON;
    });
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    expect(failed(workOf(["https://a.example/1"]), error, NOON, { random: () => 0 }).batch.notBefore).toBe(NOON);
  });

  it("never sends again what may have been carried out, and keeps its units", () => {
    fc.assert(
      fc.property(anyError, fc.nat({ max: 12 }), fc.integer({ min: 1, max: 4 }), (error, attempts, count) => {
        const work = workOf(manyUrls(count), ["queued", "queued", "queued", "queued"]);
        const change = failed({ ...work, batch: { ...work.batch, attempts } }, error, NOON, policy);
        const states = new Set(change.items.map((item) => item.state));
        expect(change.items.map((item) => item.index)).toEqual(work.items.map((item) => item.index));
        expect(states).toHaveLength(1);
        if (error.delivery === "unknown") {
          expect(change).toMatchObject({ batch: { state: "ended" }, refund: 0 });
          expect(change.batch.notBefore).toBeUndefined();
          expect(states).toContain("unknown");
          return;
        }
        expect(states).not.toContain("unknown");
        const again = change.batch.state === "queued";
        expect(states).toContain(again ? "queued" : "rejected");
        expect(change.refund).toBe(again ? 0 : work.batch.cost);
        if (again) {
          expect(error.retryable).toBe(true);
          expect(change.batch.attempts).toBeLessThan(10);
          expect(change.batch.notBefore).toBeGreaterThanOrEqual(NOON);
        }
        if (!again) expect(change.exhausted).toBe(error.code === "quota_exhausted");
      }),
      { numRuns: 500 },
    );
  });
});

describe("lost and returned", () => {
  it("what may have been carried out is unknown for good, and its units stay spent", () => {
    expect(lost(workOf(["https://a.example/1", "https://a.example/2"]), "Nobody knows.")).toEqual({
      batch: { state: "ended", leaseUntil: undefined },
      items: [
        { index: 0, state: "unknown", code: "timeout", reason: "Nobody knows." },
        { index: 1, state: "unknown", code: "timeout", reason: "Nobody knows." },
      ],
      refund: 0,
    });
  });

  it("what was never sent goes back as it was", () => {
    expect(returned()).toEqual({ batch: { state: "queued", leaseUntil: undefined }, items: [], refund: 0 });
  });
});

describe("abandoned", () => {
  it("gives up what is still open, keeps what is settled, and gives nothing back: it was accepted", () => {
    expect(abandoned(workOf(manyUrls(3), ["succeeded", "processing", "rejected"]), "Not listed.")).toEqual({
      batch: { state: "ended" },
      items: [{ index: 1, state: "untracked", code: "not_found", reason: "Not listed." }],
      refund: 0,
    });
  });
});

describe("reported", () => {
  const urls = ["https://a.example/%E8%A7%86%20a.mp4", "https://a.example/2.mp4"];

  it.each([
    ["as sent", urls[0]],
    ["decoded", "https://a.example/视 a.mp4"],
    ["with escapes in small letters", "https://a.example/%e8%a7%86%20a.mp4"],
    ["without its scheme", "a.example/视%20a.mp4"],
    ["with another scheme", "http://a.example/%E8%A7%86%20a.mp4"],
  ])("finds the item of a URL that comes back %s", (_, echo = "") => {
    const change = reported(workOf(urls), [row(echo, "succeeded"), row("https://a.example/2.mp4", "processing")]);
    expect(change).toEqual({ batch: {}, items: [{ index: 0, state: "succeeded" }], refund: 0 });
  });

  it("ends the batch when nothing of it goes on", () => {
    const change = reported(
      workOf(urls),
      urls.map((url) => row(url, "succeeded")),
    );
    expect(change.batch).toEqual({ state: "ended" });
    expect(change.items).toHaveLength(2);
  });

  it("keeps the vendor's reason for a failure, and says so where there is none", () => {
    const change = reported(workOf(urls), [row(urls[0] ?? "", "failed", "403 from the origin"), row(urls[1] ?? "", "failed")]);
    expect(change.items).toEqual([
      { index: 0, state: "failed", code: "vendor_failed", reason: "403 from the origin" },
      { index: 1, state: "failed", code: "vendor_failed", reason: "The vendor reports that it failed." },
    ]);
  });

  it("changes nothing when the vendor has nothing to say, or speaks of something else", () => {
    expect(reported(workOf(urls), [])).toEqual({ batch: {}, items: [], refund: 0 });
    expect(reported(workOf(urls), [row("https://other.example/2.mp4", "failed")])).toEqual({ batch: {}, items: [], refund: 0 });
  });

  it("lets the least finished of several rows speak for an item, then the worst, in any order", () => {
    const [url = ""] = urls;
    const rows = [row(url, "succeeded"), row(url, "failed", "one node"), row(url, "processing")];
    for (const order of [rows, [...rows].reverse()]) expect(reported(workOf([url]), order)).toEqual({ batch: {}, items: [], refund: 0 });
    for (const order of [rows.slice(0, 2), rows.slice(0, 2).reverse()]) {
      expect(reported(workOf([url]), order).items).toMatchObject([{ state: "failed", reason: "one node" }]);
    }
  });

  it.each([
    ["as sent", "http://a.example/%E8%A7%86.mp4", "https://a.example/%E8%A7%86.mp4"],
    ["decoded", "http://a.example/视.mp4", "https://a.example/视.mp4"],
    ["with escapes in small letters", "http://a.example/%e8%a7%86.mp4", "https://a.example/%e8%a7%86.mp4"],
  ])("tells apart items that differ in their scheme alone, when they come back %s", (_, plain, secure) => {
    const work = workOf(["http://a.example/%E8%A7%86.mp4", "https://a.example/%E8%A7%86.mp4"]);
    expect(reported(work, [row(plain, "succeeded"), row(secure, "failed", "TLS")]).items).toEqual([
      { index: 0, state: "succeeded" },
      { index: 1, state: "failed", code: "vendor_failed", reason: "TLS" },
    ]);
    expect(reported(work, [row(plain, "failed", "no"), row(secure, "processing")])).toMatchObject({
      batch: {},
      items: [{ index: 0, state: "failed" }],
    });
  });

  it("believes one row about two items when it does not say which", () => {
    const work = workOf(["http://a.example/1.mp4", "https://a.example/1.mp4"]);
    expect(reported(work, [row("a.example/1.mp4", "succeeded")]).items.map((item) => item.state)).toEqual(["succeeded", "succeeded"]);
  });

  it("does not touch what is settled", () => {
    const settled: ItemState[] = ["succeeded", "failed", "rejected"];
    fc.assert(
      fc.property(
        fc.constantFrom(...settled),
        fc.constantFrom("processing" as const, "succeeded" as const, "failed" as const),
        (before, said) => {
          const work = workOf(urls, [before, "processing"]);
          const change = reported(work, [row(urls[0] ?? "", said), row(urls[1] ?? "", "succeeded")]);
          expect(change.items.map((item) => item.index)).toEqual([1]);
          expect(change.batch).toEqual({ state: "ended" });
        },
      ),
    );
  });

  it("gives every item the state that its own rows say, and no other item any", () => {
    const spell: readonly ((url: string) => string)[] = [
      (url) => url,
      (url) => decodeURI(url),
      (url) => url.toLowerCase(),
      (url) => url.replace("https://", ""),
    ];
    const state = fc.constantFrom("processing" as const, "succeeded" as const, "failed" as const);
    const said = fc.record({ index: fc.nat({ max: 7 }), state, spelling: fc.constantFrom(...spell) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(said, { maxLength: 20 }), (count, rows) => {
        const all = manyUrls(8, "https://a.example/%E8%A7%86%20");
        const work = workOf(all.slice(0, count));
        const change = reported(
          work,
          rows.map(({ index, state, spelling }) => row(spelling(all[index] ?? ""), state)),
        );
        const expected = work.items.map((item) => {
          const states = rows.filter((entry) => entry.index === item.index).map((entry) => entry.state);
          if (states.length === 0 || states.includes("processing")) return "processing";
          return states.includes("failed") ? "failed" : "succeeded";
        });
        const after = work.items.map((item) => change.items.find((entry) => entry.index === item.index)?.state ?? item.state);
        expect(after).toEqual(expected);
        // Only what changed is written.
        expect(change.items).toHaveLength(expected.filter((state) => state !== "processing").length);
        expect(change.batch.state).toBe(expected.includes("processing") ? undefined : "ended");
        expect(change.refund).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("tells an asset's parts, and its own state from them", () => {
    const work = assetWork(3);
    const parts = (...states: StatusRow["state"][]): StatusRow[] =>
      states.map((state, index) => row(`https://a.example/${index}.m3u8`, state));
    expect(reported(work, parts("succeeded", "processing", "failed"))).toMatchObject({
      batch: {},
      items: [{ index: 0, state: "processing", parts: [{ state: "succeeded" }, { state: "processing" }, { state: "failed" }] }],
    });
    expect(reported(work, parts("succeeded", "succeeded"))).toMatchObject({
      batch: { state: "ended" },
      items: [{ index: 0, state: "succeeded" }],
    });
    expect(reported(work, parts("succeeded", "failed"))).toMatchObject({
      batch: { state: "ended" },
      items: [{ index: 0, state: "failed", code: "vendor_failed", reason: "1 of the asset's 2 URLs failed." }],
    });
    expect(reported(work, [])).toEqual({ batch: {}, items: [], refund: 0 });
  });

  it("keeps no more parts than an answer can carry, but counts them all", () => {
    const rows = manyUrls(80).map((url, index) => row(url, index === 79 ? "failed" : "succeeded"));
    const [item] = reported(assetWork(80), rows).items;
    expect(item).toMatchObject({ state: "failed", reason: "1 of the asset's 80 URLs failed." });
    expect(item?.parts).toHaveLength(50);
  });
});
