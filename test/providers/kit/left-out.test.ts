import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leftOutOf } from "../../../src/providers/kit/left-out.ts";
import type { TaskRows } from "../../../src/providers/kit/task-rows.ts";

const vendor = { name: "Example CDN" };
const all = Array.from({ length: 5 }, (_, index) => `https://example.com/${index}%20.mp4`);
const rowsOf = (urls: readonly string[], complete = true): TaskRows => ({
  rows: urls.map((url) => ({ taskId: "1", url, state: "processing", vendorState: "running" })),
  complete,
  clockOffset: 0,
});
const named = async (urls: readonly string[], taken: number | undefined, list: () => Promise<TaskRows>) =>
  (await leftOutOf({ vendor, urls, taken, list })).map(({ url }) => url);

describe("leftOutOf", () => {
  it("names exactly the URLs that the vendor did not take, in any spelling of its list", async () => {
    const property = fc.asyncProperty(fc.subarray(all), fc.boolean(), async (taken, decoded) => {
      const listed = taken.map((url) => (decoded ? decodeURIComponent(url).replace("https://", "") : url));
      const missing = all.filter((url) => !taken.includes(url));
      expect(await named(all, taken.length, async () => rowsOf(listed))).toEqual(missing);
    });
    await fc.assert(property);
  });

  it.each([undefined, 5, 6])("asks for no list when the vendor took %s of 5", async (taken) => {
    const list = () => Promise.reject(new Error("Nothing was to be asked"));
    expect(await named(all, taken, list)).toEqual([]);
  });

  it.each<readonly [string, () => Promise<TaskRows>]>([
    ["the list fails", () => Promise.reject(new Error("No list"))],
    ["the list has fewer rows", async () => rowsOf(all.slice(0, 3))],
    ["the list has more rows", async () => rowsOf(all)],
    ["the list is not complete", async () => rowsOf(all.slice(0, 4), false)],
    ["a row is of another URL", async () => rowsOf([...all.slice(0, 3), "https://other.example/1"])],
    ["a URL has two rows", async () => rowsOf([...all.slice(0, 3), all[0] ?? ""])],
  ])("names none when %s", async (_, list) => {
    expect(await named(all, 4, list)).toEqual([]);
  });
});
