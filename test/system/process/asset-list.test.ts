/** Several assets in one call, at both emulated vendors. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { endOf, type Session, taskOf } from "../harness/clients-harness.ts";
import { localSession } from "../harness/local-session-harness.ts";

let session: Session;

beforeAll(async () => {
  session = await localSession({ args: ["--sandbox"] });
});

afterAll(() => session.close());

const published = { "huawei-vod": "f488337c31c8e4622f1590735b134c65", "alibaba-vod": "93ab850b4f6f44eab54b6e91d24d81d4" };
const unknown = "ffffffffffffffffffffffffffffffff";

it.each(["huawei-vod", "alibaba-vod"] as const)(
  "%s prefetches the assets that can be, and one row names each that cannot",
  async (provider) => {
    const id = published[provider];
    const asset_ids = [id, unknown, id, "no id"];
    const plan = taskOf(await session.call("prefetch_asset", { asset_ids, provider, dry_run: true }));
    expect(plan).toMatchObject({ counts: { total: 3, planned: 1, rejected: 2 }, duplicates_removed: 1 });
    const alone = taskOf(await session.call("prefetch_asset", { asset_id: id, provider, dry_run: true }));
    expect(plan.cost).toBe(alone.cost);

    const task = taskOf(await session.call("prefetch_asset", { asset_ids: JSON.stringify(asset_ids), provider }));
    const ended = await endOf(session, task);
    expect(ended.counts).toMatchObject({ total: 3, succeeded: 1, rejected: 2 });
    expect(ended.problems.map((row) => [row.asset_id, row.code])).toEqual([
      [unknown, "not_found"],
      ["no id", "invalid_argument"],
    ]);
  },
);

it("expands the streams of each asset", async () => {
  const args = { asset_ids: [published["huawei-vod"], unknown], provider: "huawei-vod", expand: "streams", dry_run: true };
  const plan = taskOf(await session.call("prefetch_asset", args));
  expect(plan.counts.planned).toBeGreaterThan(1);
  expect(plan.counts.rejected).toBe(1);
  expect(plan.problems).toMatchObject([{ asset_id: unknown, code: "not_found" }]);
});

it.each([
  [
    { asset_ids: [unknown, "no id"], provider: "huawei-vod" },
    /^invalid_argument: asset_ids: no entry can be used: "f{32}": asset_id: .*"no id": asset_id: must be/,
  ],
  [{ asset_ids: [], provider: "huawei-vod" }, /^invalid_argument: asset_ids: the list is empty/],
  [{ asset_ids: "abc", provider: "huawei-vod" }, /^invalid_argument: asset_ids: must be an array of asset ids/],
  [{ asset_ids: [unknown], asset_id: unknown }, /^invalid_argument: asset_ids: pass it or asset_id, not both/],
  [{}, /^invalid_argument: asset_id: is missing; .*or pass asset_ids/],
])("%j is refused with the reason", async (args, expected) => {
  const answer = await session.call("prefetch_asset", args);
  expect(answer.isError).toBe(true);
  expect(answer.text).toMatch(expected);
});
