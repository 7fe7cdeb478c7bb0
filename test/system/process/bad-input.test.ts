/** Bad input over stdio: the answer to each kind, word for word where the words help the caller. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arguments, modernSession, type Session, taskOf, usedOf } from "../harness/clients-harness.ts";

let session: Session;

beforeAll(async () => {
  session = await modernSession({ args: ["--sandbox"] });
});

afterAll(() => session.close());

const refusals: readonly (readonly [name: string, tool: string, args: Arguments, expected: RegExp])[] = [
  ["an empty list", "prefetch_urls", { urls: [] }, /^invalid_argument: urls: the list is empty\. Pass 1 to 10,000/],
  ["no list", "prefetch_urls", {}, /^invalid_argument: urls: is missing; it must be an array of URLs/],
  [
    "10,001 URLs",
    "prefetch_urls",
    { urls: Array.from({ length: 10_001 }, (_, index) => `https://example.com/${index}`) },
    /^invalid_argument: urls: 10,001 entries; one call takes at most 10,000\. .*Split/,
  ],
  [
    "a URL of 20 kB",
    "prefetch_urls",
    { urls: [`https://example.com/${"x".repeat(20_000)}`] },
    /20,020 characters when encoded; the limit is 10,240/,
  ],
  [
    "only ftp:",
    "prefetch_urls",
    { urls: ["ftp://example.com/a"] },
    /"ftp:\/\/example\.com\/a": The URL has the scheme "ftp:"; only http and https/,
  ],
  ["only javascript:", "prefetch_urls", { urls: ["javascript:alert(1)"] }, /scheme "javascript:"/],
  [
    "credentials in the URL",
    "prefetch_urls",
    { urls: ["https://bob:hunter22@example.com/a"] },
    /"https:\/\/\*\*\*@example\.com\/a": urls\[0\]: .*user name or password/,
  ],
  ["a bare URL instead of a list", "prefetch_urls", { urls: "https://example.com/a" }, /urls: must be an array of URLs, such as \["https:/],
  [
    "an unknown argument",
    "prefetch_urls",
    { url: ["https://example.com/a"] },
    /^invalid_argument: url: prefetch_urls has no such argument; use urls/,
  ],
  ["camel case", "prefetch_asset", { assetId: "abc" }, /assetId: prefetch_asset has no such argument; use asset_id/],
  ["camel case and plural", "prefetch_asset", { assetIds: ["abc"] }, /assetIds: prefetch_asset has no such argument; use asset_ids/],
  ["no asset id", "prefetch_asset", {}, /^invalid_argument: asset_id: is missing; .*or pass asset_ids/],
  ["null for both asset ids", "prefetch_asset", { asset_id: null, asset_ids: null }, /^invalid_argument: asset_id: is missing/],
  ["no asset ids in the list", "prefetch_asset", { asset_ids: [] }, /^invalid_argument: asset_ids: the list is empty; pass 1 to 100 ids/],
  ["a list as asset_id", "prefetch_asset", { asset_id: ["abc"] }, /asset_id: must be the id of one asset; pass several as asset_ids/],
  ["both asset_id and asset_ids", "prefetch_asset", { asset_id: "a", asset_ids: ["b"] }, /asset_ids: pass it or asset_id, not both/],
  ["a text as asset_ids", "prefetch_asset", { asset_ids: "abc" }, /asset_ids: must be an array of asset ids, such as/],
  [
    "101 asset ids",
    "prefetch_asset",
    { asset_ids: Array.from({ length: 101 }, (_, nth) => `a${nth}`), provider: "huawei-vod" },
    /^invalid_argument: asset_ids: 101 entries; one call takes at most 100/,
  ],
  [
    "only assets that do not exist",
    "prefetch_asset",
    { asset_ids: ["ffffffffffffffffffffffffffffffff", "ffffffffffffffffffffffffffffffff0"], provider: "huawei-vod" },
    /^not_found: asset_ids: no entry can be used: "f+": asset_id: .*has no asset/,
  ],
  ["both asset_id and urls", "prefetch_asset", { asset_id: "abc", urls: ["https://example.com/a"] }, /urls: .*for URLs call prefetch_urls/],
  [
    "both urls and asset_id",
    "prefetch_urls",
    { asset_id: "abc", urls: ["https://example.com/a"] },
    /asset_id: .*for an asset call prefetch_asset/,
  ],
  ["a URL as asset_id", "prefetch_asset", { asset_id: "https://example.com/a" }, /asset_id: this is a URL\. Call prefetch_urls/],
  [
    "an asset that does not exist",
    "prefetch_asset",
    { asset_id: "ffffffffffffffffffffffffffffffff", provider: "huawei-vod" },
    /^not_found: asset_id: .*has no asset/,
  ],
  [
    "an asset that is not published",
    "prefetch_asset",
    { asset_id: "0000000000000000000000000000c0de", provider: "huawei-vod" },
    /^not_published: .*Publish it/,
  ],
  [
    "an asset of the other vendor that does not exist",
    "prefetch_asset",
    { asset_id: "ffffffffffffffffffffffffffffffff", provider: "alibaba-vod" },
    /^not_found: .*InvalidVideo\.NotFound, request id .*PREFETCH_ALIBABA_VOD_REGION/,
  ],
  [
    "an asset of the other vendor that is not published",
    "prefetch_asset",
    { asset_id: "0000000000000000000000000000feed", provider: "alibaba-vod" },
    /^not_published: .*Forbidden\.IllegalStatus/,
  ],
  [
    "an asset that no provider knows",
    "prefetch_asset",
    { asset_id: "f488337c31c8e4622f1590735b134c66" },
    /^not_found: asset_id: neither huawei-vod nor alibaba-vod has an asset/,
  ],
  [
    "a URL that the named provider does not serve",
    "prefetch_urls",
    { urls: ["https://example.com/a"], provider: "alibaba-vod" },
    /^forbidden_domain: .*InvalidDomain\.NotFound, request id/,
  ],
  [
    "a URL that is too long for its provider",
    "prefetch_urls",
    { urls: [`https://vod.example.net/${"x".repeat(1_100)}`] },
    /1,124 characters when encoded; the limit is 1,024/,
  ],
  [
    "a URL that the vendor cannot read",
    "prefetch_urls",
    { urls: ["https://vod.example.net/malformed.mp4"] },
    /InvalidObjectPath\.Malformed/,
  ],
  [
    "an unknown provider",
    "prefetch_urls",
    { urls: ["https://example.com/a"], provider: "akamai" },
    /provider: "akamai" is not known\. A CDN without .* provider "http"\. Choose one of: huawei-vod/,
  ],
  ["an unknown provider's quota", "get_prefetch_quota", { provider: "akamai" }, /Choose one of: huawei-vod/],
  [
    "a task id that does not exist",
    "get_prefetch_status",
    { task_id: "pf_00000000-0000-7000-8000-000000000000" },
    /^not_found: task_id: there is no task pf_0000/,
  ],
  [
    "cancelling a task that does not exist",
    "cancel_prefetch",
    { task_id: "pf_00000000-0000-7000-8000-000000000000" },
    /^not_found: task_id: there is no task pf_0000/,
  ],
  [
    "a state that no task has",
    "list_prefetch_tasks",
    { state: "done" },
    /^invalid_argument: state\[0\]: must be one or several of queued, running, succeeded/,
  ],
  ["a limit beyond reason", "list_prefetch_tasks", { limit: 51 }, /^invalid_argument: limit: must be 1 to 50/],
  ["the tasks of an unknown provider", "list_prefetch_tasks", { provider: "akamai" }, /Choose one of: huawei-vod/],
  ["cancelling nothing in particular", "cancel_prefetch", {}, /^invalid_argument: task_id: is missing; it must be a task id/],
  ["cancelling a blank id", "cancel_prefetch", { task_id: "" }, /^invalid_argument: task_id: is missing; it must be a task id/],
  ["cancelling a vendor's task", "cancel_prefetch", { task_id: "704225001" }, /^not_found: task_id: there is no task 704225001/],
  [
    "a vendor's task id without provider",
    "get_prefetch_status",
    { task_id: "5199337c31c8e4622f1590735b13a263" },
    /^invalid_argument: task_id: .*pass provider too: huawei-vod/,
  ],
  [
    "a broken cursor",
    "get_prefetch_status",
    { task_id: "pf_x", detail: "all", cursor: "%%%" },
    /^invalid_argument: cursor: not a cursor of this tool\. Pass next_cursor/,
  ],
  ["a wait that is too long", "get_prefetch_status", { task_id: "pf_x", wait_seconds: 51 }, /wait_seconds: must be 0 to 50/],
  [
    "an unknown policy",
    "prefetch_urls",
    { urls: ["https://example.com/a"], on_quota_exceeded: "spend" },
    /on_quota_exceeded: must be "reject", "partial" or "defer"/,
  ],
];

describe("bad input", () => {
  it.each(refusals)("%s is refused with the reason", async (_, tool, args, expected) => {
    const answer = await session.call(tool, args);
    expect(answer.isError).toBe(true);
    expect(answer.structured).toBeUndefined();
    expect(answer.text).toMatch(expected);
    expect(answer.text).not.toMatch(/hunter22|\bat .*\.[jt]s:\d+/);
    expect(answer.text.length).toBeLessThan(1_500);
  });

  it("changes nothing: no quota was spent by any of it", async () => {
    const quota = await session.call("get_prefetch_quota", {});
    expect(usedOf(quota).every((used) => used === 0)).toBe(true);
  });

  it("an array sent as a JSON string is taken for the array that it is", async () => {
    const plan = taskOf(
      await session.call("prefetch_urls", { urls: '["https://example.com/a", "https://example.com/b"]', dry_run: "true" }),
    );
    expect(plan).toMatchObject({ dry_run: true, counts: { total: 2, planned: 2, queued: 0 } });
  });

  it("in a list, bad URLs are named and the good ones go on", async () => {
    const urls = [
      "https://example.com/a b/中文.mp4",
      "https://example.com/a%20b/%E4%B8%AD%E6%96%87.mp4",
      "HTTPS://example.COM:443/a b/中文.mp4#t",
      7,
      null,
      "",
      "https://u:p@example.com/x",
    ];
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 10 }));
    expect(task.counts).toMatchObject({ total: 5, succeeded: 1, rejected: 4 });
    expect(task.duplicates_removed).toBe(2);
    const all = taskOf(await session.call("get_prefetch_status", { task_id: task.task_id, detail: "all" }));
    expect(all.items?.[0]).toMatchObject({ url: urls[0], sent_as: "https://example.com/a%20b/%E4%B8%AD%E6%96%87.mp4" });
    expect(all.items?.map((row) => row.reason ?? "")).toEqual([
      "",
      "The URL is a number, not a string.",
      "The URL is null, not a string.",
      "The URL is empty.",
      expect.stringContaining("user name or password"),
    ]);
  });

  it("in a list of assets, bad ids are named and the good ones go on", async () => {
    const asset_ids = ["f488337c31c8e4622f1590735b134c65", "ffffffffffffffffffffffffffffffff", "a b"];
    const task = taskOf(await session.call("prefetch_asset", { asset_ids, provider: "huawei-vod", wait_seconds: 10 }));
    expect(task.counts).toMatchObject({ total: 3, succeeded: 1, rejected: 2 });
    expect(task.problems?.map(({ asset_id, code }) => [asset_id, code])).toEqual([
      ["ffffffffffffffffffffffffffffffff", "not_found"],
      ["a b", "invalid_argument"],
    ]);
  });

  it("an unknown tool is a protocol error", async () => {
    await expect(session.call("prefetch_everything", {})).rejects.toMatchObject({ code: -32602 });
  });
});
