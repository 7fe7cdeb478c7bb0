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

/** What the words of the task states promise, told item by item. */
function promised(states: readonly ItemState[]): TaskState {
  const some = (...wanted: ItemState[]): boolean => states.some((state) => wanted.includes(state));
  const all = (...wanted: ItemState[]): boolean => states.every((state) => wanted.includes(state));
  if (some("queued", "processing")) return all("queued", "rejected", "cancelled") ? "queued" : "running";
  if (all("succeeded")) return "succeeded";
  if (all("cancelled")) return "cancelled";
  return all("failed", "rejected") ? "failed" : "partial";
}

describe("taskState", () => {
  it.each<[TaskState, string, readonly ItemState[]]>([
    ["queued", "nothing was sent yet", ["queued", "queued"]],
    ["queued", "what is not waiting was turned down", ["queued", "rejected", "cancelled"]],
    ["running", "the first batch was taken, the second waits", ["processing", "queued"]],
    ["running", "the first batch is done, the second waits", ["succeeded", "queued"]],
    ["running", "the first batch was lost, the second waits", ["unknown", "queued"]],
    ["running", "one item is still going on", ["succeeded", "failed", "processing"]],
    ["succeeded", "everything succeeded", ["succeeded", "succeeded"]],
    ["partial", "one of two failed", ["succeeded", "failed"]],
    ["partial", "one of two was never accepted", ["succeeded", "rejected"]],
    ["partial", "the rest was cancelled", ["succeeded", "cancelled"]],
    ["partial", "everything was accepted and nobody can tell more", ["untracked", "untracked"]],
    ["partial", "the answer was lost", ["unknown"]],
    ["failed", "everything failed", ["failed", "failed"]],
    ["failed", "everything was refused", ["rejected", "rejected"]],
    ["failed", "some failed and some were refused", ["failed", "rejected"]],
    ["cancelled", "everything was cancelled", ["cancelled", "cancelled"]],
  ])("is %s when %s", (expected, _, states) => {
    expect(stateOf(states)).toBe(expected);
  });

  it("keeps what its words promise", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        expect(stateOf(states)).toBe(promised(states));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is ended exactly when no item can change any more", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        const counts = countItems(items(states));
        expect(isEnded(taskState(counts))).toBe(settledOf(counts) === totalOf(counts));
      }),
    );
    expect(taskStates.filter(isEnded)).toEqual(["succeeded", "partial", "failed", "cancelled"]);
  });
});

describe("counts", () => {
  it("count every item once", () => {
    fc.assert(
      fc.property(someStates, (states) => {
        const counts = countItems(items(states));
        for (const state of itemStates) expect(counts[state]).toBe(states.filter((other) => other === state).length);
        expect(totalOf(counts)).toBe(states.length);
        expect(settledOf(counts)).toBe(states.filter((state) => state !== "queued" && state !== "processing").length);
      }),
    );
  });

  it("start at nothing, anew each time", () => {
    const counts = noCounts();
    counts.failed += 1;
    expect(totalOf(noCounts())).toBe(0);
    expect(Object.keys(noCounts()).sort()).toEqual([...itemStates].sort());
  });
});

describe("contentOf", () => {
  it("is the URLs of a batch in their order", () => {
    const { batches, items } = newTask({ id: "pf_1", urls: ["https://a.example/2", "https://a.example/1"] });
    expect(contentOf({ kind: batches[0]?.kind ?? "asset" }, items)).toEqual({
      kind: "urls",
      urls: ["https://a.example/2", "https://a.example/1"],
    });
  });

  it("is the asset of an asset's batch", () => {
    const { batches, items } = newTask({ id: "pf_1", assetId: "asset1" });
    expect(contentOf({ kind: batches[0]?.kind ?? "urls" }, items)).toEqual({ kind: "asset", assetId: "asset1" });
  });
});
