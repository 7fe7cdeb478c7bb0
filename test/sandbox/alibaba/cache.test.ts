/** Prefetches: limits, quota and refusals. The vendor's own client sends the calls. */

import { describe, expect, it } from "vitest";
import type { DomainState } from "../../../src/sandbox/alibaba/domains.ts";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { exchange, type Parameters } from "../../providers/alibaba/official-harness.ts";
import { SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, assetId, many, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, ask, preload, idsOf, rowsOf, signed, expectError } = test;

describe("limits", () => {
  const remain = async () => (await ask("DescribeVodRefreshQuota")).body.PreloadRemain;

  it("counts 500 URLs a day, up to midnight in China", async () => {
    // 00:00:30 in Shanghai.
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

  it("writes the quota in numbers where it is told, and names it as the sister product does", async () => {
    await restart({ numbers: "numbers", quotaCode: "QuotaExceeded.Preload", dailyLimit: 1 });
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ PreloadQuota: 1, PreloadRemain: 1, blockRemain: 300 });
    expectError(await preload(many(2)), 400, "QuotaExceeded.Preload");
  });

  it("has a queue for each domain, which empties as URLs are done", async () => {
    await restart({ queueLimit: 2, firstMs: SECOND, eachMs: SECOND });
    await idsOf(many(2));
    expectError(await preload([url(9), url(9, "media.example.net")]), 403, "PreloadQueueFull");
    expect(test.vod.spentToday).toBe(2);
    await idsOf([url(9, "media.example.net")]);
    test.clock.advance(SECOND);
    await idsOf([url(9)]);
    expectError(await preload([url(10)]), 403, "PreloadQueueFull");
  });

  it.each([503, 400, 429] as const)("takes so many calls of an action a second and answers more with %d", async (throttlingStatus) => {
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
  });

  it("takes 50 calls a second unless told", async () => {
    for (let index = 0; index < 50; index += 1)
      expect((await exchange(signed({ action: "DescribeVodRefreshQuota", query: {} }))).status).toBe(200);
    expectError(await ask("DescribeVodRefreshQuota"), 503, "Throttling.User");
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [string, Parameters, number, string])[] = [
    ["no URL", {}, 400, "MissingParameter"],
    ["blank lines only", { ObjectPath: "\r\n \n" }, 400, "MissingParameter"],
    ["1,001 URLs", { ObjectPath: many(1_001).join("\n") }, 400, "InvalidObjectPath.Size.Malformed"],
    ["what is no URL", { ObjectPath: `${url(1)}\nhttps://[/` }, 400, "InvalidObjectPath.Malformed"],
    ["a URL with a blank", { ObjectPath: url("a b") }, 400, "InvalidObjectPath.Malformed"],
    ["a URL that is malformed by name", { ObjectPath: `${url(1)}\n${url("malformed-2")}` }, 400, "InvalidObjectPath.Malformed"],
    ["a wildcard domain", { ObjectPath: url(1, "*.example.net") }, 400, "InvalidExtensiveDomain.ValueNotSupported"],
    ["a foreign domain", { ObjectPath: `${url(1)}\n${url(1, "vod.example.org")}` }, 404, "InvalidDomain.NotFound"],
    ["a domain named like a member of every object", { ObjectPath: "constructor/1.mp4" }, 404, "InvalidDomain.NotFound"],
    ["an area that there is not", { ObjectPath: url(1), Area: "cn" }, 400, "InvalidArea.Malformed"],
    ["a truth that is neither", { ObjectPath: url(1), L2Preload: "yes" }, 400, "InvalidL2Preload.Malformed"],
    ["headers that are no JSON", { ObjectPath: url(1), WithHeader: "a: b" }, 400, "InvalidWithHeader.Malformed"],
    ["headers that are no map", { ObjectPath: url(1), WithHeader: '[["a"]]' }, 400, "InvalidWithHeader.Malformed"],
    ["headers that are no lists", { ObjectPath: url(1), WithHeader: '{"a":"b"}' }, 400, "InvalidWithHeader.Malformed"],
  ];

  it.each(cases)("refuses %s, and the whole request with it", async (_, params, status, code) => {
    const answer = await ask("PreloadVodObjectCaches", params);
    expectError(answer, status, code);
    expect(answer.body.Message).not.toContain("example");
    expect([test.vod.spentToday, test.vod.rows.length]).toEqual([0, 0]);
  });

  it("takes URLs without a scheme, as the vendor's examples write them", async () => {
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
  ] as const)("refuses everything where the account is %s", async (account, code) => {
    await restart({ account });
    for (const action of ["PreloadVodObjectCaches", "DescribeVodRefreshTasks", "DescribeVodRefreshQuota", "GetPlayInfo"]) {
      expectError(await ask(action), 403, code);
    }
  });

  it("knows its actions, its version and two methods", async () => {
    expectError(await ask("PushObjectCache"), 404, "InvalidAction.NotFound");
    expectError(await ask("constructor"), 404, "InvalidAction.NotFound");
    expectError(await ask("DescribeVodRefreshQuota", {}, { version: "2018-05-10" }), 400, "InvalidVersion");
    expectError(await exchange(signed({ method: "PUT" })), 404, "InvalidAction.NotFound");
    await restart({ missingActions: ["GetPlayInfo"] });
    expectError(await ask("GetPlayInfo", { VideoId: assetId }), 404, "InvalidAction.NotFound");
  });

  it("does not start with options that do not fit together", async () => {
    await expect(startAlibabaVod({ missingActions: ["Preload"] })).rejects.toThrow(RangeError);
    await expect(startAlibabaVod({ domainStates: { "other.example.net": "offline" } })).rejects.toThrow(RangeError);
  });
});
