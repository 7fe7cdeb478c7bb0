import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { ItemState } from "../../../src/prefetch/model/task.ts";
import { abandoned, applyStatus } from "../../../src/prefetch/tracking/apply-status.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { assetWork, workOf } from "../work-harness.ts";

function row(url: string, state: StatusRow["state"], reason?: string): StatusRow {
  return { url, state, vendorState: state.toUpperCase(), ...(reason !== undefined && { reason }) };
}

describe("abandoned", () => {
  it("ends processing items as untracked, without a refund, and keeps settled items", () => {
    expect(abandoned(workOf(manyUrls(3), ["succeeded", "processing", "rejected"]).items, "Not listed.")).toEqual({
      kind: "end",
      items: [{ index: 1, state: "untracked", code: "not_found", reason: "Not listed." }],
      refund: 0,
    });
  });
});

describe("applyStatus", () => {
  const urls = ["https://a.example/%E8%A7%86%20a.mp4", "https://a.example/2.mp4"];

  it.each([
    ["as sent", urls[0]],
    ["decoded", "https://a.example/视 a.mp4"],
    ["with lower-case escapes", "https://a.example/%e8%a7%86%20a.mp4"],
    ["without its scheme", "a.example/视%20a.mp4"],
    ["with another scheme", "http://a.example/%E8%A7%86%20a.mp4"],
  ])("matches a URL that comes back %s", (_, echo = "") => {
    const change = applyStatus(workOf(urls), [row(echo, "succeeded"), row("https://a.example/2.mp4", "processing")]);
    expect(change).toEqual({ kind: "report", items: [{ index: 0, state: "succeeded" }], refund: 0 });
  });

  it("ends a URL as untracked when the vendor is done and does not say whether the URL is warm", () => {
    const change = applyStatus(workOf(urls), [
      row(urls[0] ?? "", "untracked", "60 % of the task succeeded."),
      row(urls[1] ?? "", "succeeded"),
    ]);
    expect(change).toEqual({
      kind: "end",
      items: [
        { index: 0, state: "untracked", code: "unsupported", reason: "60 % of the task succeeded." },
        { index: 1, state: "succeeded" },
      ],
      refund: 0,
    });
    const both = applyStatus(workOf(urls), [
      row(urls[0] ?? "", "untracked"),
      row(urls[0] ?? "", "failed"),
      row(urls[1] ?? "", "succeeded"),
    ]);
    expect(both.items[0]).toMatchObject({ index: 0, state: "failed" });
  });

  it("ends the batch when no item is processing", () => {
    const change = applyStatus(
      workOf(urls),
      urls.map((url) => row(url, "succeeded")),
    );
    expect(change.kind).toBe("end");
    expect(change.items).toHaveLength(2);
  });

  it("keeps the vendor's reason for a failure, and gives its own when there is none", () => {
    const change = applyStatus(workOf(urls), [row(urls[0] ?? "", "failed", "403 from the origin"), row(urls[1] ?? "", "failed")]);
    expect(change.items).toEqual([
      { index: 0, state: "failed", code: "vendor_failed", reason: "403 from the origin" },
      { index: 1, state: "failed", code: "vendor_failed", reason: 'The vendor reports "FAILED" and gives no reason.' },
    ]);
  });

  it("changes nothing when no row names an item", () => {
    expect(applyStatus(workOf(urls), [])).toEqual({ kind: "report", items: [], refund: 0 });
    expect(applyStatus(workOf(urls), [row("https://other.example/2.mp4", "failed")])).toEqual({ kind: "report", items: [], refund: 0 });
  });

  it("takes the least finished and then the worst of several rows for one item, in any order", () => {
    const [url = ""] = urls;
    const rows = [row(url, "succeeded"), row(url, "failed", "one node"), row(url, "processing")];
    for (const order of [rows, [...rows].reverse()])
      expect(applyStatus(workOf([url]), order)).toEqual({ kind: "report", items: [], refund: 0 });
    for (const order of [rows.slice(0, 2), rows.slice(0, 2).reverse()]) {
      expect(applyStatus(workOf([url]), order).items).toMatchObject([{ state: "failed", reason: "one node" }]);
    }
  });

  it.each([
    ["as sent", "http://a.example/%E8%A7%86.mp4", "https://a.example/%E8%A7%86.mp4"],
    ["decoded", "http://a.example/视.mp4", "https://a.example/视.mp4"],
    ["with lower-case escapes", "http://a.example/%e8%a7%86.mp4", "https://a.example/%e8%a7%86.mp4"],
  ])("distinguishes items that differ in their scheme alone when they come back %s", (_, plain, secure) => {
    const work = workOf(["http://a.example/%E8%A7%86.mp4", "https://a.example/%E8%A7%86.mp4"]);
    expect(applyStatus(work, [row(plain, "succeeded"), row(secure, "failed", "TLS")]).items).toEqual([
      { index: 0, state: "succeeded" },
      { index: 1, state: "failed", code: "vendor_failed", reason: "TLS" },
    ]);
    expect(applyStatus(work, [row(plain, "failed", "no"), row(secure, "processing")])).toMatchObject({
      kind: "report",
      items: [{ index: 0, state: "failed" }],
    });
  });

  it("applies a row without a scheme to both items that differ in their scheme alone", () => {
    const work = workOf(["http://a.example/1.mp4", "https://a.example/1.mp4"]);
    expect(applyStatus(work, [row("a.example/1.mp4", "succeeded")]).items.map((item) => item.state)).toEqual(["succeeded", "succeeded"]);
  });

  it("changes no settled item", () => {
    const settled: ItemState[] = ["succeeded", "failed", "rejected"];
    fc.assert(
      fc.property(
        fc.constantFrom(...settled),
        fc.constantFrom("processing" as const, "succeeded" as const, "failed" as const),
        (before, after) => {
          const work = workOf(urls, [before, "processing"]);
          const change = applyStatus(work, [row(urls[0] ?? "", after), row(urls[1] ?? "", "succeeded")]);
          expect(change.items.map((item) => item.index)).toEqual([1]);
          expect(change.kind).toBe("end");
        },
      ),
    );
  });

  it("gives each item the state of its own rows, for any rows", () => {
    const spellings: readonly ((url: string) => string)[] = [
      (url) => url,
      (url) => decodeURI(url),
      (url) => url.toLowerCase(),
      (url) => url.replace("https://", ""),
    ];
    const state = fc.constantFrom("processing" as const, "succeeded" as const, "failed" as const);
    const report = fc.record({ index: fc.nat({ max: 7 }), state, spelling: fc.constantFrom(...spellings) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(report, { maxLength: 20 }), (count, rows) => {
        const all = manyUrls(8, "https://a.example/%E8%A7%86%20");
        const work = workOf(all.slice(0, count));
        const change = applyStatus(
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
        // Unchanged items are not written.
        expect(change.items).toHaveLength(expected.filter((state) => state !== "processing").length);
        expect(change.kind).toBe(expected.includes("processing") ? "report" : "end");
        expect(change.refund).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("stores the parts of an asset and derives its state from them", () => {
    const work = assetWork(3);
    const parts = (...states: StatusRow["state"][]): StatusRow[] =>
      states.map((state, index) => row(`https://a.example/${index}.m3u8`, state));
    expect(applyStatus(work, parts("succeeded", "processing", "failed"))).toMatchObject({
      kind: "report",
      items: [{ index: 0, state: "processing", parts: [{ state: "succeeded" }, { state: "processing" }, { state: "failed" }] }],
    });
    expect(applyStatus(work, parts("succeeded", "succeeded"))).toMatchObject({
      kind: "end",
      items: [{ index: 0, state: "succeeded" }],
    });
    expect(applyStatus(work, parts("succeeded", "failed"))).toMatchObject({
      kind: "end",
      items: [{ index: 0, state: "failed", code: "vendor_failed", reason: "1 of the asset's 2 URLs failed." }],
    });
    expect(applyStatus(work, [])).toEqual({ kind: "report", items: [], refund: 0 });
  });

  it("stores at most 50 parts of an asset and counts all of them", () => {
    const rows = manyUrls(80).map((url, index) => row(url, index === 79 ? "failed" : "succeeded"));
    const [item] = applyStatus(assetWork(80), rows).items;
    expect(item).toMatchObject({ state: "failed", reason: "1 of the asset's 80 URLs failed." });
    expect(item?.parts).toHaveLength(50);
  });

  it("takes a row about the asset itself as its state", () => {
    const rows = [row("https://a.example/1.m3u8", "succeeded"), row("asset1", "failed", "The job failed.")];
    expect(applyStatus(assetWork(3), rows)).toEqual({
      kind: "end",
      items: [{ index: 0, state: "failed", code: "vendor_failed", reason: "The job failed." }],
      refund: 0,
    });
    expect(applyStatus(assetWork(3), [row("asset1", "succeeded")])).toMatchObject({
      kind: "end",
      items: [{ index: 0, state: "succeeded" }],
    });
    expect(applyStatus(assetWork(3), [row("asset1", "processing")])).toEqual({ kind: "report", items: [], refund: 0 });
  });

  it("takes a row about another asset as a part", () => {
    expect(applyStatus(assetWork(3), [row("asset2", "failed")]).items).toMatchObject([
      { index: 0, state: "failed", parts: [{ url: "asset2" }] },
    ]);
  });
});
