import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ItemRow, summaryOf } from "../../../src/prefetch/calls/view.ts";

describe("summaryOf", () => {
  it("shows every kind of problem while there is room, at most five of one kind and twenty in all, in their order", () => {
    const rows = fc.array(
      fc.record({ state: fc.constantFrom("failed" as const, "rejected" as const), reason: fc.constantFrom("one", "two", "three", "four") }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(rows, (kinds) => {
        const all = kinds.map((kind, index): ItemRow => ({ url: `https://a.example/${index}`, ...kind }));
        const shown = summaryOf(all);
        expect(shown).toEqual(all.filter((row) => shown.includes(row)));
        expect(shown.length).toBeLessThanOrEqual(20);
        const kindOf = ({ state, reason }: ItemRow) => `${state} ${reason}`;
        const counts = Map.groupBy(shown, kindOf);
        for (const alike of counts.values()) expect(alike.length).toBeLessThanOrEqual(5);
        if (shown.length === 20) return;
        for (const [kind, alike] of Map.groupBy(all, kindOf)) expect(counts.get(kind)?.length).toBe(Math.min(5, alike.length));
      }),
    );
  });
});
