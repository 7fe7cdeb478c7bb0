/** Look-ups of assets. The vendor's own client sends the calls. */

import { describe, expect, it } from "vitest";
import type { Parameters } from "../../providers/alibaba/official-harness.ts";
import { alibabaForEachTest, assetId, uploadingId, url } from "./emulator-harness.ts";

const test = alibabaForEachTest();
const { restart, ask, expectError } = test;

describe("the look-up of assets", () => {
  const play = async (params: Parameters) => (await ask("GetPlayInfo", params)).body.PlayInfoList?.PlayInfo.map((info) => info.PlayURL);
  const stream = (name: string, more: object = {}) => ({ url: url(name), format: "mp4", definition: "HD", ...more });

  it("refuses what there is not, or not yet", async () => {
    for (const VideoId of ["nowhere", "constructor"]) expectError(await ask("GetPlayInfo", { VideoId }), 404, "InvalidVideo.NotFound");
    const early = await ask("GetPlayInfo", { VideoId: uploadingId });
    expectError(early, 403, "Forbidden.IllegalStatus");
    expect(early.body.Message).toContain("Uploading");
    expectError(await ask("GetPlayInfo", { VideoId: assetId, Formats: "flv" }), 404, "InvalidVideo.NoneStream");
  });

  it("shows the newest stream of each format and definition, or all of them", async () => {
    const plays = [stream("old"), stream("new"), stream("sound", { format: "mp3", streamType: "audio" })];
    await restart({ assets: { mine: { status: "Normal", plays } } });
    expect(await play({ VideoId: "mine" })).toEqual([url("new"), url("sound")]);
    expect(await play({ VideoId: "mine", ResultType: "Multiple" })).toEqual([url("old"), url("new"), url("sound")]);
    expect(await play({ VideoId: "mine", StreamType: "audio" })).toEqual([url("sound")]);
    expect(await play({ VideoId: "mine", Definition: "SD" })).toBeUndefined();
  });

  it("hides encrypted streams unless all are asked for, and marks invisible ones", async () => {
    const secret = stream("secret", { encrypted: true });
    const plays = [stream("hidden", { format: "flv", invisible: true }), secret];
    await restart({ assets: { mixed: { status: "Normal", plays }, sealed: { status: "Normal", plays: [secret] } } });
    expect(await play({ VideoId: "mixed" })).toEqual([url("hidden")]);
    expectError(await ask("GetPlayInfo", { VideoId: "sealed" }), 403, "Forbidden.AliyunVoDEncryption");
    const { body } = await ask("GetPlayInfo", { VideoId: "mixed", ResultType: "Multiple" });
    expect(body.PlayInfoList?.PlayInfo).toMatchObject([
      { Status: "Invisible", Encrypt: 0 },
      { Status: "Normal", Encrypt: 1 },
    ]);
  });

  it("gives URLs of the domain that is asked for, of the store, or signed", async () => {
    const PlayConfig = JSON.stringify({ PlayDomain: "media.example.net" });
    expect(await play({ VideoId: assetId, PlayConfig, Formats: "mp4" })).toEqual(["https://media.example.net/93ab850b/sd.mp4"]);
    expect((await play({ VideoId: assetId, OutputType: "oss", Formats: "mp4" }))?.[0]).toMatch(/\.oss-cn-shanghai\.aliyuncs\.com\//);
    await restart({ signedUrls: true });
    expect((await play({ VideoId: assetId, Formats: "mp4" }))?.[0]).toMatch(/sd\.mp4\?auth_key=\d+-0-0-[0-9a-f]{32}$/);
  });
});
