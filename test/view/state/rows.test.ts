/** Which rows are held, let through by a filter, and drawn. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ItemRow, ItemState } from "../../../src/view/answers/task.ts";
import { filterRows, isFiltering, noFilter, problemsFirst } from "../../../src/view/state/filter.ts";
import { createItemPages } from "../../../src/view/state/item-pages.ts";
import { rowAfterKey, rowWindow, scrollTo } from "../../../src/view/state/row-window.ts";

const row = (name: string, state: ItemState = "succeeded", reason?: string): ItemRow => ({
  name,
  state,
  reason,
  sentAs: undefined,
  provider: undefined,
  code: undefined,
  notBefore: undefined,
});
const rows = (from: number, count: number) => Array.from({ length: count }, (_, nth) => row(String(from + nth)));

describe("the item pages", () => {
  it("ask for the next page until there are enough rows, and are complete without a cursor", () => {
    const pages = createItemPages();
    expect([pages.isComplete(), pages.wanted(500)]).toEqual([false, undefined]);
    pages.put(0, rows(0, 100), "c1");
    expect(pages.wanted(500)).toEqual({ index: 1, cursor: "c1" });
    expect(pages.wanted(100)).toBeUndefined();
    pages.put(1, rows(100, 50), undefined);
    expect(pages.wanted(500)).toBeUndefined();
    expect(pages.isComplete()).toBe(true);
    expect(pages.rows().map(({ name }) => name)).toEqual(rows(0, 150).map(({ name }) => name));
  });

  it("read stale pages again, in order, however few rows are asked for", () => {
    const pages = createItemPages();
    pages.put(0, rows(0, 2), "c1");
    pages.put(1, rows(2, 2), "c2");
    pages.put(2, rows(4, 2), undefined);
    pages.age();
    pages.put(0, rows(0, 2), "c1");
    expect(pages.isComplete()).toBe(false);
    expect(pages.wanted(1)).toEqual({ index: 1, cursor: "c1" });
    pages.put(1, [row("2", "failed"), row("3")], "c2");
    expect(pages.wanted(1)).toEqual({ index: 2, cursor: "c2" });
    pages.put(2, rows(4, 2), undefined);
    expect(pages.isComplete()).toBe(true);
    expect(pages.rows()[2]?.state).toBe("failed");
  });

  it("drop the pages behind one that ends elsewhere now", () => {
    const pages = createItemPages();
    pages.put(0, rows(0, 2), "c1");
    pages.put(1, rows(2, 2), undefined);
    pages.put(0, rows(0, 1), "c0");
    expect(pages.rows()).toHaveLength(1);
    expect(pages.wanted(9)).toEqual({ index: 1, cursor: "c0" });
    pages.put(5, rows(0, 9), undefined);
    expect(pages.rows()).toHaveLength(1);
  });
});

describe("a filter", () => {
  const found = [
    row("https://a.example/Film.mp4"),
    row("https://a.example/b", "failed", "Status 404"),
    row("https://a.example/c", "rejected"),
  ];

  it.each([
    [{ text: "film", state: undefined }, [0]],
    [{ text: " STATUS 404 ", state: undefined }, [1]],
    [{ text: "a.example", state: "rejected" }, [2]],
    [{ text: "film", state: "failed" }, []],
    [{ text: "  ", state: undefined }, [0, 1, 2]],
  ] as const)("%j lets the rows %j through", (filter, expected) => {
    expect(filterRows(found, filter)).toEqual(expected.map((index) => found[index]));
  });

  it("is none when it has neither text nor state", () => {
    expect([isFiltering(noFilter), isFiltering({ text: " ", state: undefined }), isFiltering({ text: "", state: "failed" })]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("has problems first in a short list, and the list's own order in a long one", () => {
    expect(problemsFirst(found).map(({ state }) => state)).toEqual(["failed", "rejected", "succeeded"]);
    const long = [...rows(0, 600), row("bad", "failed")];
    expect(problemsFirst(long)).toBe(long);
  });
});

describe("the window of rows", () => {
  const viewport = fc.record({
    scrollTop: fc.nat(600_000),
    height: fc.integer({ min: 0, max: 4_000 }),
    rowHeight: fc.constantFrom(34, 52),
  });

  it("holds every visible row, few others, and no row that does not exist", () => {
    fc.assert(
      fc.property(fc.nat(10_000), viewport, (count, view) => {
        const { from, to } = rowWindow(count, view);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(count);
        expect(to - from).toBeLessThanOrEqual(120);
        // A browser scrolls no further than the last row.
        const most = Math.max(0, count * view.rowHeight - view.height);
        const top = Math.min(view.scrollTop, most);
        const first = Math.floor(top / view.rowHeight);
        const last = Math.min(count - 1, Math.ceil((top + Math.min(view.height, 3_000)) / view.rowHeight) - 1);
        const held = rowWindow(count, { ...view, scrollTop: top });
        if (count > 0 && view.height > 0) {
          expect(held.from).toBeLessThanOrEqual(first);
          expect(held.to).toBeGreaterThan(last);
        }
      }),
    );
  });

  it("scrolls to a row as little as possible", () => {
    fc.assert(
      fc.property(
        fc.nat(9_999),
        viewport.filter(({ height, rowHeight }) => height >= rowHeight),
        (index, view) => {
          const top = scrollTo(index, view);
          expect(top).toBeLessThanOrEqual(index * view.rowHeight);
          expect(top + view.height).toBeGreaterThanOrEqual((index + 1) * view.rowHeight);
          expect(scrollTo(index, { ...view, scrollTop: top })).toBe(top);
        },
      ),
    );
  });

  it.each([
    ["ArrowDown", 4, 5],
    ["ArrowDown", 9, 9],
    ["ArrowUp", 0, 0],
    ["PageDown", 4, 9],
    ["PageUp", 4, 0],
    ["Home", 4, 0],
    ["End", 4, 9],
    ["a", 4, undefined],
  ])("%s leads from row %i to row %s of 10", (key, from, to) => {
    expect(rowAfterKey(key, from, 10, 6)).toBe(to);
    expect(rowAfterKey(key, 0, 0, 6)).toBeUndefined();
  });
});
