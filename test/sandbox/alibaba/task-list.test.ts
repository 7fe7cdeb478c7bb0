/** Task ids and the list of tasks. The vendor's own client sends the calls. */

import { describe, expect, it } from "vitest";
import type { Parameters } from "../../providers/alibaba/official-harness.ts";
import { MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, DAY, many, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, list, idsOf, rowsOf, expectError } = test;

describe("task ids", () => {
  it("are shared by URLs of one host and second, over requests too", async () => {
    const first = await idsOf([url(1), url(2, "media.example.net"), url(3)]);
    expect(new Set(first).size).toBe(2);
    test.clock.advance(999);
    const [again = ""] = await idsOf([url(4)]);
    expect(again).toBe(first[0]);
    expect((await rowsOf({ TaskId: again })).map((row) => row.ObjectPath)).toEqual([url(1), url(3), url(4)]);
    test.clock.advance(1);
    expect(first).not.toContain((await idsOf([url(5)]))[0]);
  });

  it("stand for 500 URLs at most", async () => {
    await restart({ dailyLimit: 2_000 });
    expect(await idsOf(many(499))).toHaveLength(1);
    const [, second = ""] = await idsOf(many(502));
    expect((await list({ TaskId: second })).body.TotalCount).toBe(500);
    expect(new Set(test.vod.rows.map((row) => row.taskId)).size).toBe(3);
  });
});

describe("the task list", () => {
  const states = async (params: Parameters) => (await rowsOf(params)).map((row) => `${row.Status} ${row.Process}`);

  it("shows each URL on its way, and how it ends", async () => {
    await restart({ firstMs: 10 * SECOND, eachMs: 5 * SECOND });
    const [TaskId = ""] = await idsOf([url(1), url("fail-2")]);
    expect(await states({ TaskId })).toEqual(["Pending 0%", "Pending 0%"]);
    test.clock.advance(5 * SECOND);
    expect(await states({ TaskId })).toEqual(["Refreshing 50%", "Pending 0%"]);
    test.clock.advance(4_937);
    expect(await states({ TaskId })).toEqual(["Refreshing 99.37%", "Pending 0%"]);
    test.clock.advance(63);
    expect(await states({ TaskId })).toEqual(["Complete 100%", "Refreshing 50%"]);
    test.clock.advance(5 * SECOND);
    const [good, bad] = await rowsOf({ TaskId });
    expect([good?.Description, bad?.Status, bad?.Description]).toEqual(["", "Failed", "Origin Return StatusCode 5XX"]);
  });

  it("comes in pages of 20, or as asked up to 50", async () => {
    const [TaskId = ""] = await idsOf(many(120));
    const first = await list({ TaskId });
    expect(first.body).toMatchObject({ PageNumber: 1, PageSize: 20, TotalCount: 120 });
    expect(first.body.Tasks?.Task).toHaveLength(20);
    const found: (string | undefined)[] = [];
    for (const PageNumber of ["1", "2", "3", "4"]) {
      found.push(...(await rowsOf({ TaskId, PageNumber, PageSize: "50" })).map((row) => row.ObjectPath));
    }
    expect(found).toEqual(many(120));
    for (const wrong of [{ PageSize: "51" }, { PageSize: "0" }, { PageSize: "x" }]) {
      expectError(await list({ TaskId, ...wrong }), 400, "InvalidPageSize.Malformed");
    }
    expectError(await list({ TaskId, PageNumber: "0" }), 400, "InvalidPageNumber.Malformed");
  });

  it("is filtered by URL, type, domain, state and time", async () => {
    await restart({ firstMs: SECOND, eachMs: 0 });
    await idsOf([url(1), url("fail-2")]);
    // The list's times are whole seconds, whatever the moment.
    test.clock.advance(MINUTE + 900);
    await idsOf([url(1, "media.example.net")]);
    test.clock.advance(2 * SECOND);
    const found = async (params: Parameters) => (await rowsOf(params)).map((row) => row.ObjectPath);
    const all = { ObjectType: "preload" };
    expect(await found({})).toHaveLength(3);
    expect(await found({ ObjectPath: url(1) })).toEqual([url(1)]);
    expect(await found({ ObjectPath: "https://vod.example.net/" })).toEqual([]);
    expect(await found({ ObjectType: "directory" })).toEqual([]);
    expect(await found({ ...all, DomainName: "media.example.net" })).toEqual([url(1, "media.example.net")]);
    expect(await found({ ...all, Status: "Complete" })).toEqual([url(1), url(1, "media.example.net")]);
    expect(await found({ ...all, Status: "Failed" })).toEqual([url("fail-2")]);
    expect(await found({ ...all, StartTime: "2026-11-21T12:00:01Z" })).toEqual([url(1, "media.example.net")]);
    expect(await found({ ...all, StartTime: "2026-11-21T12:00:00Z", EndTime: "2026-11-21T12:00:59Z" })).toHaveLength(2);
    const second = "2026-11-21T12:01:00Z";
    expect(await found({ ...all, StartTime: second, EndTime: second })).toEqual([url(1, "media.example.net")]);
  });

  const wrong: readonly (readonly [string, Parameters, string])[] = [
    ["a malformed id", { TaskId: "x1" }, "InvalidTaskId.Malformed"],
    ["several ids at once", { TaskId: "1,2" }, "InvalidTaskId.Malformed"],
    ["a domain without a type", { DomainName: "vod.example.net" }, "MissingParameter"],
    ["a state without a type", { Status: "Complete" }, "MissingParameter"],
    ["the state Pending", { Status: "Pending", ObjectType: "preload" }, "InvalidStatus.Malformed"],
    ["an unknown type", { ObjectType: "Preloads" }, "InvalidObjectType.Malformed"],
    ["a malformed time", { StartTime: "yesterday" }, "InvalidStartTime.Malformed"],
    ["an end before the start", { StartTime: "2026-11-21T12:00:01Z", EndTime: "2026-11-21T12:00:00Z" }, "InvalidEndTime.Malformed"],
  ];

  it.each(wrong)("refuses %s", async (_, params, code) => {
    expectError(await list(params), 400, code);
  });

  it("says nothing of an id that is unknown", async () => {
    await idsOf([url(1)]);
    const { status, body } = await list({ TaskId: "123456789" });
    expect([status, body.TotalCount, body.Tasks]).toEqual([200, 0, { Task: [] }]);
  });

  it("forgets what is older than three days", async () => {
    const [TaskId = ""] = await idsOf([url(1)]);
    test.clock.advance(3 * DAY);
    expect(await rowsOf({ TaskId })).toHaveLength(1);
    test.clock.advance(1);
    const asked: readonly Parameters[] = [{ TaskId }, { ObjectPath: url(1) }, { StartTime: "2026-11-21T00:00:00Z" }];
    for (const params of asked) {
      expect(await rowsOf(params)).toEqual([]);
    }
  });

  it("shows a task after the delay that it is told", async () => {
    await restart({ listDelayMs: 3 * SECOND });
    const [TaskId = ""] = await idsOf([url(1)]);
    test.clock.advance(3 * SECOND - 1);
    expect(await rowsOf({ TaskId })).toEqual([]);
    test.clock.advance(1);
    expect(await rowsOf({ TaskId })).toHaveLength(1);
  });

  it("may leave schemes out, as the vendor's examples do, and finds its own spelling again", async () => {
    await restart({ echoScheme: false });
    const [TaskId = ""] = await idsOf([url(1)]);
    const [row] = await rowsOf({ TaskId });
    expect(row?.ObjectPath).toBe("vod.example.net/1.mp4");
    for (const ObjectPath of ["vod.example.net/1.mp4", url(1)]) expect(await rowsOf({ ObjectPath })).toEqual([row]);
  });
});
