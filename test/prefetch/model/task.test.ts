import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentOf,
  countItems,
  type ItemState,
  isEnded,
  itemStates,
  noCounts,
  settledOf,
  type TaskState,
  taskState,
  taskStates,
  totalOf,
} from "../../../src/prefetch/model/task.ts";
import { newTask } from "../../fakes/task.ts";

const items = (states: readonly ItemState[]): { state: ItemState }[] => states.map((state) => ({ state }));
const stateOf = (states: readonly ItemState[]): TaskState => taskState(countItems(items(states)));

const someStates = fc.array(fc.constantFrom(...itemStates), { minLength: 1, maxLength: 12 });

/** The promise of each task state, item by item. */
function promised(states: readonly ItemState[]): TaskState {
  const some = (...wanted: ItemState[]): boolean => states.some((state) => wanted.includes(state));
  const all = (...wanted: ItemState[]): boolean => states.every((state) => wanted.includes(state));
  if (some("queued", "processing")) return all("queued", "rejected", "cancelled") ? "queued" : "running";
  if (all("succeeded")) return "succeeded";
  if (all("cancelled")) return "cancelled";
  return all("failed", "rejected") ? "failed" : "partial";
}

describe("taskState", () => {
  it("depends on which states occur, not on how often", () => {
    const counts = fc.record(
      Object.fromEntries(itemStates.map((state) => [state, fc.nat({ max: 9 })])) as Record<ItemState, fc.Arbitrary<number>>,
    );
    const property = fc.property(counts, (many) => {
      const once = Object.fromEntries(itemStates.map((state) => [state, Math.min(many[state], 1)])) as Record<ItemState, number>;
      expect(taskState(many)).toBe(taskState(once));
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it.each<[TaskState, string, readonly ItemState[]]>([
    ["queued", "nothing was sent yet", ["queued", "queued"]],
    ["queued", "items wait and the rest was never sent", ["queued", "rejected", "cancelled"]],
    ["running", "the first batch is accepted and the second waits", ["processing", "queued"]],
    ["running", "the first batch is done and the second waits", ["succeeded", "queued"]],
    ["running", "the first batch was lost and the second waits", ["unknown", "queued"]],
    ["running", "one item is processing", ["succeeded", "failed", "processing"]],
    ["succeeded", "every item succeeded", ["succeeded", "succeeded"]],
    ["partial", "one of two failed", ["succeeded", "failed"]],
    ["partial", "one of two was rejected", ["succeeded", "rejected"]],
    ["partial", "the rest was cancelled", ["succeeded", "cancelled"]],
    ["partial", "every item is untracked", ["untracked", "untracked"]],
    ["partial", "the answer was lost", ["unknown"]],
    ["failed", "every item failed", ["failed", "failed"]],
    ["failed", "every item was rejected", ["rejected", "rejected"]],
    ["failed", "some items failed and the rest was rejected", ["failed", "rejected"]],
    ["cancelled", "every item was cancelled", ["cancelled", "cancelled"]],
  ])("is %s when %s", (expected, _, states) => {
    expect(stateOf(states)).toBe(expected);
  });

  it("keeps the promise of its name for any items", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        expect(stateOf(states)).toBe(promised(states));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is an ended state exactly when no item can change", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        const counts = countItems(items(states));
        expect(isEnded(taskState(counts))).toBe(settledOf(counts) === totalOf(counts));
      }),
    );
    expect(taskStates.filter(isEnded)).toEqual(["succeeded", "partial", "failed", "cancelled"]);
  });
});

describe("countItems", () => {
  it("counts each item once", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        const counts = countItems(items(states));
        for (const state of itemStates) expect(counts[state]).toBe(states.filter((other) => other === state).length);
        expect(totalOf(counts)).toBe(states.length);
        expect(settledOf(counts)).toBe(states.filter((state) => state !== "queued" && state !== "processing").length);
      }),
    );
  });
});

describe("noCounts", () => {
  it("returns a new record of zeros at each call", () => {
    const counts = noCounts();
    counts.failed += 1;
    expect(totalOf(noCounts())).toBe(0);
    expect(Object.keys(noCounts()).sort()).toEqual([...itemStates].sort());
  });
});

describe("contentOf", () => {
  it("returns the URLs of a batch in their order", () => {
    const { batches, items } = newTask({ id: "pf_1", urls: ["https://a.example/2", "https://a.example/1"] });
    expect(contentOf({ kind: batches[0]?.kind ?? "asset" }, items)).toEqual({
      kind: "urls",
      urls: ["https://a.example/2", "https://a.example/1"],
    });
  });

  it("returns the asset id of an asset's batch", () => {
    const { batches, items } = newTask({ id: "pf_1", assetId: "asset1" });
    expect(contentOf({ kind: batches[0]?.kind ?? "urls" }, items)).toEqual({ kind: "asset", assetId: "asset1" });
  });
});
