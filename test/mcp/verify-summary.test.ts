import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summaryRows } from "../../src/mcp/verify-summary.ts";
import { type Verification, warmths } from "../../src/prefetch/model/edge.ts";
import { cdn, row } from "../fakes/edge.ts";

const obstacle = (code: string) => ({ code, reason: "Why.", change: "What to change." });
const url = (nth: number) => `https://media.example.com/${nth}`;

describe("summaryRows", () => {
  it("has one example of each kind of warm row", () => {
    const rows = [row(url(0)), row(url(1)), row(url(2), { cdn: cdn() }), row(url(3), { layer: "parent" }), row(url(4), { cdn: cdn() })];
    expect(summaryRows(rows)).toEqual([rows[0], rows[2], rows[3]]);
  });

  it("has every row that is not warm, and what it shares with an example only once", () => {
    const cold = { state: "cold", obstacles: [obstacle("no-store")], status: 200 } as const;
    const rows = [
      row(url(0), cold),
      row(url(1), { ...cold, variant: "variant 2 (accept)" }),
      row(url(2), { ...cold, obstacles: [obstacle("set-cookie")] }),
      row(url(3), cold),
    ];
    expect(summaryRows(rows)).toEqual([
      rows[0],
      { url: url(1), state: "cold", variant: "variant 2 (accept)", like: 0 },
      rows[2],
      { url: url(3), state: "cold", like: 0 },
    ]);
  });

  it("keeps rows without an answer apart by their reason", () => {
    const [first, second] = ["The host does not resolve.", "Not asked: the URL is empty."];
    const rows = [first, second, first].map((reason, nth) => row(url(nth), { state: "unknown", reason }));
    expect(summaryRows(rows)).toEqual([rows[0], rows[1], { url: url(2), state: "unknown", like: 0 }]);
  });

  it("names each URL that is not warm exactly once, and refers to full rows of the same state only", () => {
    const anyRow = fc.record({
      state: fc.constantFrom(...warmths),
      code: fc.constantFrom("a", "b", undefined),
      status: fc.constantFrom(200, 404, undefined),
    });
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 30 }), (kinds) => {
        const rows = kinds.map(
          ({ state, code, status }, nth): Verification =>
            row(url(nth), { state, obstacles: code === undefined ? [] : [obstacle(code)], ...(status !== undefined && { status }) }),
        );
        const summary = summaryRows(rows);
        const notWarm = (all: readonly { readonly url: string; readonly state: string }[]) =>
          all.filter(({ state }) => state !== "warm").map((each) => each.url);
        expect(notWarm(summary)).toEqual(notWarm(rows));
        for (const each of summary) {
          if (!("like" in each)) continue;
          expect(summary[each.like]).not.toHaveProperty("like");
          expect(summary[each.like]?.state).toBe(each.state);
        }
      }),
    );
  });
});
