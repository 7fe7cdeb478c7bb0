/** The emulator as a whole: every call by the vendor's own client, faults and the log. */

import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../../src/sandbox/server/faults.ts";
import { exchange } from "../../providers/alibaba/official-harness.ts";
import { MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, assetId, hd, many, sd, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, ask, preload, list, idsOf, signed } = test;

describe("the vendor's own client", () => {
  it("preloads, by query and by form, with every option and beyond ASCII", async () => {
    const params = {
      ObjectPath: [url("it's (1)*!~"), url("片名"), url("%E7%89%87?x=1&y=2")].map((text) => text.replace(" ", "%20")).join("\r\n"),
      Area: "overseas",
      L2Preload: "true",
      WithHeader: '{"Accept-Encoding":["gzip, deflate, br"]}',
    };
    for (const form of [false, true]) {
      const { status, body } = await ask("PreloadVodObjectCaches", params, { form });
      expect(status).toBe(200);
      expect(body.PreloadTaskId).toMatch(/^\d+$/);
      expect(body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
    }
    expect(test.vod.log.map((entry) => entry.accepted)).toEqual([params.ObjectPath.split("\r\n"), params.ObjectPath.split("\r\n")]);
  });

  it("lists tasks", async () => {
    const [id = ""] = await idsOf([url(1)]);
    const { status, body } = await list({ TaskId: id });
    expect(status).toBe(200);
    expect(body).toMatchObject({ PageNumber: 1, PageSize: 20, TotalCount: 1 });
    expect(body.Tasks?.Task).toEqual([
      {
        TaskId: id,
        ObjectPath: url(1),
        ObjectType: "preload",
        Status: "Pending",
        Process: "0%",
        CreationTime: "2026-11-21T12:00:00Z",
        Description: "",
      },
    ]);
  });

  it("asks for the quota", async () => {
    await idsOf(many(3));
    const { status, body } = await ask("DescribeVodRefreshQuota");
    expect(status).toBe(200);
    expect(body).toMatchObject({ PreloadQuota: "500", PreloadRemain: "497", UrlRemain: "2000", blockRemain: "300" });
  });

  it.each(["GET", "POST"] as const)("preloads assets, and asks after it by %s", async (method) => {
    const { status, body } = await ask("RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Preload", UserData: '{"a":1}' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ NonExistMediaIds: "", ForbiddenMediaIds: "" });
    const id = body.MediaRefreshJobId ?? "";
    const job = await ask("GetMediaRefreshJobs", { MediaRefreshJobId: id }, { method });
    expect(job.status).toBe(200);
    expect(job.body.MediaRefreshJobs).toEqual([
      expect.objectContaining({
        MediaRefreshJobId: id,
        MediaId: assetId,
        TaskType: "Preload",
        Status: "success",
        SuccessPlayUrls: `${sd?.url},${hd?.url}`,
        TaskIds: expect.stringMatching(/^\d+,\d+$/),
        UserData: '{"a":1}',
        GmtCreate: "2026-11-21 12:00:00",
        GmtModified: "2026-11-21 12:00:00",
      }),
    ]);
  });

  it("looks up an asset", async () => {
    const { status, body } = await ask("GetPlayInfo", { VideoId: assetId });
    expect(status).toBe(200);
    expect(body.VideoBase).toMatchObject({ VideoId: assetId, Status: "Normal" });
    expect(body.PlayInfoList?.PlayInfo).toEqual([
      { PlayURL: sd?.url, Format: "mp4", Definition: "SD", StreamType: "video", Status: "Normal", Size: "1048576", Encrypt: 0 },
      { PlayURL: hd?.url, Format: "m3u8", Definition: "HD", StreamType: "video", Status: "Normal", Size: "1048576", Encrypt: 0 },
    ]);
  });

  it("works with temporary keys", async () => {
    await restart({ user: { securityToken: "sts-token+/==" } });
    expect((await preload([url(1)])).status).toBe(200);
  });

  it("takes its longest query, and 1,000 URLs in a form", async () => {
    await restart({ dailyLimit: 10_000 });
    const long = many(100).map((text) => `${text}?${"x".repeat(1_000)}`);
    expect((await preload(long)).status).toBe(200);
    expect((await ask("PreloadVodObjectCaches", { ObjectPath: many(1_000).join("\n") }, { form: true })).status).toBe(200);
  });

  it("sees refusals as the classes of errors that they are", async () => {
    expect((await preload([url(1, "foreign.example.org")])).error).toBe("ClientError");
    await restart({ callsPerSecond: 1, retryAfterMs: 2_000, domainStates: { "vod.example.net": "failed" } });
    expect((await preload([url(1)])).error).toBe("ServerError");
    expect(await preload([url(1)])).toMatchObject({ error: "ThrottlingError", retryAfter: 2_000 });
  });

  it.each([-15 * MINUTE, 15 * MINUTE])("may have a clock that is %d ms off", async (off) => {
    expect((await ask("DescribeVodRefreshQuota", {}, { now: test.clock.now() + off })).status).toBe(200);
  });
});

describe("faults", () => {
  const busy: FaultRule = { fault: { kind: "answer", status: 502, body: "<html>" } };
  const quota = async () => (await exchange(signed({ action: "DescribeVodRefreshQuota", query: {} }))).status;
  const send = async () => (await exchange(signed())).status;

  it("happen to the action that is named", async () => {
    test.vod.inject({ ...busy, action: "PreloadVodObjectCaches", times: 2, after: 1 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push(await quota(), await send());
    expect(statuses).toEqual([200, 200, 200, 502, 200, 502, 200, 200]);
    expect(test.vod.spentToday).toBe(2);
  });

  it("happen to the method that is named, and to both together", async () => {
    test.vod.inject({ ...busy, method: "GET" });
    test.vod.inject({ ...busy, method: "POST", action: "GetPlayInfo" });
    expect(await send()).toBe(200);
    expect((await exchange(signed({ method: "GET" }))).status).toBe(502);
    expect((await exchange(signed({ method: "GET", action: "GetPlayInfo" }))).status).toBe(400);
    expect((await exchange(signed({ action: "GetPlayInfo" }))).status).toBe(502);
  });

  it("end when they are cleared", async () => {
    test.vod.inject({ ...busy, times: 9 });
    test.vod.clearFaults();
    expect(await send()).toBe(200);
  });

  it("break the connection before or after the call is carried out", async () => {
    test.vod.inject({ fault: { kind: "reset", when: "before" } });
    await expect(send()).rejects.toThrow();
    expect([test.vod.spentToday, test.vod.log.length]).toEqual([0, 0]);
    for (const fault of [{ kind: "reset", when: "after" }, { kind: "truncate" }] as const) {
      test.vod.inject({ fault });
      await expect(send()).rejects.toThrow();
    }
    expect(test.vod.spentToday).toBe(2);
  });
});

describe("the log", () => {
  it("says of every request when it came, what it was, and what came of it", async () => {
    const start = test.clock.now();
    await preload([url(1)], { Area: "domestic" });
    test.clock.advance(SECOND);
    await preload([url(1, "foreign.example.org")]);
    await ask("GetPlayInfo", { VideoId: assetId }, { method: "GET" });
    expect(test.vod.log.map(({ params, ...entry }) => ({ ...entry, params: Object.fromEntries(params) }))).toEqual([
      {
        at: start,
        method: "POST",
        action: "PreloadVodObjectCaches",
        status: 200,
        params: { ObjectPath: url(1), Area: "domestic" },
        accepted: [url(1)],
      },
      {
        at: start + SECOND,
        method: "POST",
        action: "PreloadVodObjectCaches",
        status: 404,
        code: "InvalidDomain.NotFound",
        params: { ObjectPath: url(1, "foreign.example.org") },
        accepted: [],
      },
      { at: start + SECOND, method: "GET", action: "GetPlayInfo", status: 200, params: { VideoId: assetId }, accepted: [] },
    ]);
  });
});
