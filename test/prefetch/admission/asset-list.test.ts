import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { MOST_ASSETS, resolveAssets } from "../../../src/prefetch/admission/asset-list.ts";

const signal = new AbortController().signal;
const clean = <Value>(value: Value): Value => value;
const missing = new PrefetchError("not_found", "asset_id: there is no such asset", { hint: "Check the id." });

describe("resolveAssets", () => {
  it("rejects each asset that cannot be used and keeps the order of the list when look-ups end in another order", async () => {
    const lookUp = async (id: string) => {
      if (id === "gone") throw missing;
      for (let turn = id === "a" ? 9 : 0; turn > 0; turn -= 1) await Promise.resolve();
      return { cost: id.length };
    };
    const { found, rejected, duplicatesRemoved } = await resolveAssets(["a", "gone", " a ", "not an id", 7, "bb", "https://x.example/a"], {
      lookUp,
      signal,
      clean,
    });
    expect(found).toEqual([
      { assetId: "a", position: 0, cost: 1 },
      { assetId: "bb", position: 5, cost: 2 },
    ]);
    expect(rejected.map(({ target, code, position }) => [target, code, position])).toEqual([
      ["gone", "not_found", 1],
      ["not an id", "invalid_argument", 3],
      ["7", "invalid_argument", 4],
      ["https://x.example/a", "invalid_argument", 6],
    ]);
    expect(rejected[0]?.reason).toBe("asset_id: there is no such asset. Check the id.");
    expect(duplicatesRemoved).toBe(1);
  });

  it("looks up at most four assets at a time", async () => {
    let [running, most] = [0, 0];
    const lookUp = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return {};
    };
    const ids = Array.from({ length: MOST_ASSETS }, (_, index) => `asset-${index}`);
    expect((await resolveAssets(ids, { lookUp, signal, clean })).found).toHaveLength(MOST_ASSETS);
    expect(most).toBe(4);
  });

  it.each([
    ["it is empty", [], "asset_ids: the list is empty"],
    ["it has 101 entries", Array.from({ length: 101 }, (_, index) => `a${index}`), "asset_ids: 101 entries; one call takes at most 100"],
  ])("refuses the list when %s", async (_, ids, message) => {
    await expect(resolveAssets(ids, { lookUp: async () => ({}), signal, clean })).rejects.toMatchObject({ message });
  });

  it("throws an unforeseen error, and the reason of an abort, instead of rejecting assets", async () => {
    const bug = new TypeError("x is not a function");
    await expect(resolveAssets(["a"], { lookUp: () => Promise.reject(bug), signal, clean })).rejects.toBe(bug);
    const stopping = new AbortController();
    const lookUp = () => {
      stopping.abort(new Error("stopped"));
      return Promise.reject(missing);
    };
    await expect(resolveAssets(["a", "b"], { lookUp, signal: stopping.signal, clean })).rejects.toThrow("stopped");
  });
});
