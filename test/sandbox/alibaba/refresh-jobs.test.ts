/** Jobs that prefetch or purge assets. The vendor's own client sends the calls. */

import { describe, expect, it } from "vitest";
import type { Parameters } from "../../providers/alibaba/official-harness.ts";
import { MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { alibabaForEachTest, assetId, hd, sd, uploadingId, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, ask, rowsOf, expectError } = test;

describe("assets", () => {
  const refresh = (params: Parameters) => ask("RefreshMediaPlayUrls", { TaskType: "Preload", ...params });
  const jobsOf = async (MediaRefreshJobId = "", more: Parameters = {}) =>
    (await ask("GetMediaRefreshJobs", { MediaRefreshJobId, ...more })).body.MediaRefreshJobs ?? [];
  const urlsOf = async (params: Parameters) => {
    const { body } = await refresh({ MediaIds: assetId, ...params });
    const [job] = await jobsOf(body.MediaRefreshJobId);
    return job?.SuccessPlayUrls?.split(",");
  };

  it("cost a unit, and get a task of its own, for each URL", async () => {
    const { body } = await refresh({ MediaIds: assetId });
    const [job] = await jobsOf(body.MediaRefreshJobId);
    const [first = "", second = ""] = job?.TaskIds?.split(",") ?? [];
    expect(first).not.toBe(second);
    expect((await rowsOf({ TaskId: first })).map((row) => row.ObjectPath)).toEqual([sd?.url]);
    expect((await rowsOf({ TaskId: second })).map((row) => row.ObjectPath)).toEqual([hd?.url]);
    expect(test.vod.spentToday).toBe(2);
  });

  it("are filtered by format, definition and kind of stream, and bring their first segments if asked to", async () => {
    expect(await urlsOf({ Formats: "mp4,mp3" })).toEqual([sd?.url]);
    expect(await urlsOf({ Definitions: "HD" })).toEqual([hd?.url]);
    expect(await urlsOf({ Formats: "m3u8", SliceFlag: "true" })).toEqual([hd?.url, ...(hd?.segments ?? []).slice(0, 5)]);
    expect(await urlsOf({ SliceFlag: "true", SliceCount: "2" })).toEqual([sd?.url, hd?.url, ...(hd?.segments ?? []).slice(0, 2)]);
    expect(test.vod.spentToday).toBe(1 + 1 + 6 + 4);
    const { body } = await refresh({ MediaIds: assetId, StreamType: "audio" });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail", ErrorCode: "InvalidVideo.NoneStream" }]);
  });

  it("are the newest stream of each format and definition, or all of them, and nothing before they are published", async () => {
    const plays = ["old", "new"].map((name) => ({ url: url(name), format: "mp4", definition: "HD" }));
    await restart({ assets: { [assetId]: { status: "Normal", plays }, [uploadingId]: { status: "Transcoding", plays } } });
    expect(await urlsOf({})).toEqual([url("new")]);
    expect(await urlsOf({ ResultType: "Multiple" })).toEqual([url("old"), url("new")]);
    const { body } = await refresh({ MediaIds: uploadingId });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail" }]);
  });

  it("that do not exist or are forbidden are named, the others are taken on", async () => {
    await restart({ forbiddenAssets: ["theirs"] });
    const { status, body } = await refresh({ MediaIds: `${assetId},nowhere,theirs,constructor` });
    expect(status).toBe(200);
    expect(body).toMatchObject({ NonExistMediaIds: "nowhere,constructor", ForbiddenMediaIds: "theirs" });
    expect((await jobsOf(body.MediaRefreshJobId)).map((job) => job.MediaId)).toEqual([assetId]);
    const none = await refresh({ MediaIds: "nowhere" });
    expect([none.status, none.body.MediaRefreshJobId, none.body.NonExistMediaIds]).toEqual([200, undefined, "nowhere"]);
    expect(test.vod.log.filter((entry) => entry.action === "RefreshMediaPlayUrls").map((entry) => entry.accepted)).toEqual([[assetId], []]);
  });

  it("have a job each, that can be asked for alone", async () => {
    const { body } = await refresh({ MediaIds: `${assetId},${uploadingId}` });
    const id = body.MediaRefreshJobId;
    expect((await jobsOf(id)).map((job) => [job.MediaId, job.Status, job.ErrorCode])).toEqual([
      [assetId, "success", undefined],
      [uploadingId, "fail", "InvalidVideo.NoneStream"],
    ]);
    expect((await jobsOf(id, { MediaId: uploadingId })).map((job) => job.MediaId)).toEqual([uploadingId]);
    expect(await jobsOf("unheard-of")).toEqual([]);
  });

  it("are submitted after the time that it is told", async () => {
    await restart({ jobMs: 5 * SECOND });
    const { body } = await refresh({ MediaIds: assetId });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "processing", TaskIds: "", SuccessPlayUrls: "" }]);
    test.clock.advance(5 * SECOND - 1);
    expect([test.vod.spentToday, test.vod.rows.length]).toEqual([0, 0]);
    test.clock.advance(MINUTE);
    // Whoever asks, and whenever: the job has done its work in time.
    expect((await rowsOf({ ObjectPath: sd?.url ?? "" }))[0]?.CreationTime).toBe("2026-11-21T12:00:05Z");
    expect(test.vod.spentToday).toBe(2);
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "success", GmtModified: "2026-11-21 12:00:05" }]);
  });

  it.each([
    [{ dailyLimit: 1 }, "QuotaExceeded.Refresh"],
    [{ queueLimit: 1 }, "PreloadQueueFull"],
  ] as const)("fail as jobs where there is no room for them: %j", async (options, ErrorCode) => {
    await restart(options);
    const { status, body } = await refresh({ MediaIds: assetId });
    expect(status).toBe(200);
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail", ErrorCode, TaskIds: "", SuccessPlayUrls: "" }]);
    expect(test.vod.spentToday).toBe(0);
  });

  it("can be purged, which is another quota and another list", async () => {
    const { body } = await ask("RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Refresh" });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ TaskType: "Refresh", Status: "success" }]);
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ PreloadRemain: "500", UrlRemain: "1998" });
    expect(await rowsOf({ ObjectType: "file" })).toHaveLength(2);
    expect(await rowsOf({ ObjectType: "preload" })).toEqual([]);
  });

  const wrong: readonly (readonly [string, string, Parameters, string])[] = [
    ["no media", "RefreshMediaPlayUrls", { TaskType: "Preload" }, "MissingParameter"],
    ["no type of task", "RefreshMediaPlayUrls", { MediaIds: assetId }, "MissingParameter"],
    ["an unknown type of task", "RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Warm" }, "InvalidTaskType.Malformed"],
    [
      "21 media",
      "RefreshMediaPlayUrls",
      { TaskType: "Preload", MediaIds: Array.from({ length: 21 }, (_, index) => `m${index}`).join(",") },
      "InvalidMediaIds.Size.Malformed",
    ],
    ["21 segments", "RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Preload", SliceCount: "21" }, "InvalidSliceCount.Malformed"],
    ["no job", "GetMediaRefreshJobs", {}, "MissingParameter"],
    ["no video", "GetPlayInfo", {}, "MissingParameter"],
    ["an unknown result", "GetPlayInfo", { VideoId: assetId, ResultType: "Both" }, "InvalidResultType.Malformed"],
    ["a malformed configuration", "GetPlayInfo", { VideoId: assetId, PlayConfig: "{" }, "InvalidPlayConfig.Malformed"],
  ];

  it.each(wrong)("refuses %s", async (_, action, params, code) => {
    expectError(await ask(action, params), 400, code);
    expect(test.vod.spentToday).toBe(0);
  });
});
