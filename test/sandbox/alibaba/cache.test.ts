/** Prefetches: limits, quota and refusals. The vendor's own client sends the calls. */

import { describe, expect, it } from "vitest";
import type { DomainState } from "../../../src/sandbox/alibaba/domains.ts";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { exchange, type Parameters } from "../../providers/alibaba/official-harness.ts";
import { SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, assetId, many, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, ask, preload, idsOf, rowsOf, signed, expectError } = test;

describe("the list of domains", () => {
  it("has every domain with its state, 50 a page at most", async () => {
    const domains = Array.from({ length: 60 }, (_, index) => `h${index}.example.net`);
    await restart({ domains, domainStates: { "h0.example.net": "offline", "h1.example.net": "illegal" } });
    const page = (PageNumber: string, PageSize = "50") => ask("DescribeVodUserDomains", { PageNumber, PageSize });
    const [first, second] = [(await page("1")).body, (await page("2")).body];
    expect([first.TotalCount, second.Domains?.PageData.length]).toEqual([60, 10]);
    expect(first.Domains?.PageData.slice(0, 3).map((row) => [row.DomainName, row.DomainStatus])).toEqual([
      ["h0.example.net", "offline"],
      ["h1.example.net", "check_failed"],
      ["h2.example.net", "online"],
    ]);
    expectError(await page("1", "51"), 400, "InvalidPageSize.Malformed");
  });
});

describe("limits", () => {
  const remain = async () => (await ask("DescribeVodRefreshQuota")).body.PreloadRemain;

  it("allow 500 URLs a day, until midnight in China", async () => {
    // 00:00:30 in Shanghai: the test stays within one day until it advances the clock.
    await restart({}, Date.parse("2026-11-21T16:00:30Z"));
    await idsOf(many(498));
    expectError(await preload(many(3)), 400, "QuotaExceeded.Refresh");
    expect([test.vod.spentToday, await remain()]).toEqual([498, "2"]);
    await idsOf(many(2));
    expectError(await preload(many(1)), 400, "QuotaExceeded.Refresh");

    test.clock.advance(Date.parse("2026-11-22T15:59:59Z") - test.clock.now());
    expect(await remain()).toBe("0");
    expectError(await preload(many(1)), 400, "QuotaExceeded.Refresh");
    test.clock.advance(SECOND);
    expect([test.vod.spentToday, await remain()]).toEqual([0, "500"]);
    await idsOf(many(1));
    expect([test.vod.spentToday, await remain()]).toEqual([1, "499"]);
  });

  it("have numeric values and the error code of DCDN if configured", async () => {
    await restart({ numbers: "numbers", quotaCode: "QuotaExceeded.Preload", dailyLimit: 1 });
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ PreloadQuota: 1, PreloadRemain: 1, blockRemain: 300 });
    expectError(await preload(many(2)), 400, "QuotaExceeded.Preload");
  });

  it("include a queue for each domain, which empties as URLs finish", async () => {
    await restart({ queueLimit: 2, firstMs: SECOND, eachMs: SECOND });
    await idsOf(many(2));
    expectError(await preload([url(9), url(9, "media.example.net")]), 403, "PreloadQueueFull");
    expect(test.vod.spentToday).toBe(2);
    await idsOf([url(9, "media.example.net")]);
    test.clock.advance(SECOND);
    await idsOf([url(9)]);
    expectError(await preload([url(10)]), 403, "PreloadQueueFull");
  });

  it.each([503, 400, 429] as const)(
    "refuse further calls of an action in the same second with the configured status %d",
    async (throttlingStatus) => {
      await restart({ callsPerSecond: 2, throttlingStatus });
      for (let index = 0; index < 2; index += 1) expect((await preload([url(index)])).status).toBe(200);
      const refusal = await preload([url(3)]);
      expectError(refusal, throttlingStatus, "Throttling.User");
      expect([refusal.error, refusal.retryAfter]).toEqual(["ThrottlingError", undefined]);
      expect((await ask("DescribeVodRefreshQuota")).status).toBe(200);
      test.clock.advance(SECOND - 1);
      expectError(await preload([url(3)]), throttlingStatus, "Throttling.User");
      test.clock.advance(1);
      expect((await preload([url(3)])).status).toBe(200);
      expect(test.vod.spentToday).toBe(3);
    },
  );

  it("allow 50 calls a second by default", async () => {
    for (let index = 0; index < 50; index += 1)
      expect((await exchange(signed({ action: "DescribeVodRefreshQuota", query: {} }))).status).toBe(200);
    expectError(await ask("DescribeVodRefreshQuota"), 503, "Throttling.User");
  });
});

describe("a refresh", () => {
  const refresh = (urls: readonly string[], more: Parameters = {}) =>
    ask("RefreshVodObjectCaches", { ObjectPath: urls.join("\n"), ...more });

  it("drops the copy of each URL, and uses a quota of its own", async () => {
    await restart({ firstMs: SECOND, eachMs: 0 });
    await idsOf([url(1)]);
    test.clock.advance(SECOND);
    expect(test.vod.warmedAt(url(1))).toBeDefined();
    const { status, body } = await refresh([url(1)], { ObjectType: "File" });
    const TaskId = body.RefreshTaskId ?? "";
    expect([status, TaskId]).toEqual([200, expect.stringMatching(/^\d+$/)]);
    expect(test.vod.warmedAt(url(1))).toBeDefined();
    test.clock.advance(SECOND);
    expect(test.vod.warmedAt(url(1))).toBeUndefined();
    expect(await rowsOf({ TaskId, ObjectType: "file" })).toMatchObject([{ ObjectPath: url(1), ObjectType: "file", Status: "Complete" }]);
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ UrlQuota: "2000", UrlRemain: "1999", PreloadRemain: "499" });
    await idsOf([url(1)]);
    test.clock.advance(SECOND);
    expect(test.vod.warmedAt(url(1))).toBeDefined();
  });

  it("is refused beyond 2,000 URLs a day, for a type that is no file, and for a foreign domain", async () => {
    await restart({ callsPerSecond: 10 });
    for (let nth = 0; nth < 2; nth += 1) expect((await refresh(many(1_000))).status).toBe(200);
    expectError(await refresh([url(1)]), 400, "QuotaExceeded.Refresh");
    expectError(await refresh([url(1)], { ObjectType: "Folder" }), 400, "InvalidObjectType.Malformed");
    expectError(await refresh([url(1, "vod.example.org")]), 404, "InvalidDomain.NotFound");
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [string, Parameters, number, string])[] = [
    ["an absent list of URLs", {}, 400, "MissingParameter"],
    ["a list of blank lines", { ObjectPath: "\r\n \n" }, 400, "MissingParameter"],
    ["1,001 URLs", { ObjectPath: many(1_001).join("\n") }, 400, "InvalidObjectPath.Size.Malformed"],
    ["text that is not a URL", { ObjectPath: `${url(1)}\nhttps://[/` }, 400, "InvalidObjectPath.Malformed"],
    ["a URL with a blank", { ObjectPath: url("a b") }, 400, "InvalidObjectPath.Malformed"],
    [
      "a URL with the file name that means malformed",
      { ObjectPath: `${url(1)}\n${url("malformed-2")}` },
      400,
      "InvalidObjectPath.Malformed",
    ],
    ["a wildcard domain", { ObjectPath: url(1, "*.example.net") }, 400, "InvalidExtensiveDomain.ValueNotSupported"],
    ["a foreign domain", { ObjectPath: `${url(1)}\n${url(1, "vod.example.org")}` }, 404, "InvalidDomain.NotFound"],
    ["a domain with the name of an object's built-in member", { ObjectPath: "constructor/1.mp4" }, 404, "InvalidDomain.NotFound"],
    ["an unknown area", { ObjectPath: url(1), Area: "cn" }, 400, "InvalidArea.Malformed"],
    ["a flag that is neither true nor false", { ObjectPath: url(1), L2Preload: "yes" }, 400, "InvalidL2Preload.Malformed"],
    ["headers that are not JSON", { ObjectPath: url(1), WithHeader: "a: b" }, 400, "InvalidWithHeader.Malformed"],
    ["headers that are not a map", { ObjectPath: url(1), WithHeader: '[["a"]]' }, 400, "InvalidWithHeader.Malformed"],
    ["headers without lists of values", { ObjectPath: url(1), WithHeader: '{"a":"b"}' }, 400, "InvalidWithHeader.Malformed"],
  ];

  it.each(cases)("refuses %s and prefetches nothing", async (_, params, status, code) => {
    const answer = await ask("PreloadVodObjectCaches", params);
    expectError(answer, status, code);
    expect(answer.body.Message).not.toContain("example");
    expect([test.vod.spentToday, test.vod.rows.length]).toEqual([0, 0]);
  });

  it("accepts URLs without a scheme, as in the vendor's examples", async () => {
    const [TaskId = ""] = await idsOf(["vod.example.net/test.txt"]);
    expect((await rowsOf({ TaskId }))[0]?.ObjectPath).toBe("http://vod.example.net/test.txt");
  });

  it.each<[DomainState, number, string]>([
    ["offline", 404, "InvalidDomain.Offline"],
    ["configuring", 403, "ServiceBusy"],
    ["failed", 500, "InvalidDomain.Configure_failed"],
    ["illegal", 403, "IllegalOperation"],
  ])("refuses a domain that is %s", async (state, status, code) => {
    await restart({ domainStates: { "media.example.net": state } });
    expectError(await preload([url(1), url(1, "media.example.net")]), status, code);
    expect((await preload([url(1)])).status).toBe(200);
  });

  it.each([
    ["closed", "OperationDenied"],
    ["suspended", "OperationDenied.Suspended"],
  ] as const)("refuses every call when the account is %s", async (account, code) => {
    await restart({ account });
    for (const action of ["PreloadVodObjectCaches", "DescribeVodRefreshTasks", "DescribeVodRefreshQuota", "GetPlayInfo"]) {
      expectError(await ask(action), 403, code);
    }
  });

  it("refuses unknown actions, other versions and other methods", async () => {
    expectError(await ask("PushObjectCache"), 404, "InvalidAction.NotFound");
    expectError(await ask("constructor"), 404, "InvalidAction.NotFound");
    expectError(await ask("DescribeVodRefreshQuota", {}, { version: "2018-05-10" }), 400, "InvalidVersion");
    expectError(await exchange(signed({ method: "PUT" })), 404, "InvalidAction.NotFound");
    await restart({ missingActions: ["GetPlayInfo"] });
    expectError(await ask("GetPlayInfo", { VideoId: assetId }), 404, "InvalidAction.NotFound");
  });

  it("refuses to start with options that contradict each other", async () => {
    await expect(startAlibabaVod({ missingActions: ["Preload"] })).rejects.toThrow(RangeError);
    await expect(startAlibabaVod({ domainStates: { "other.example.net": "offline" } })).rejects.toThrow(RangeError);
  });
});
