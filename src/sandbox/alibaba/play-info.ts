/**
 * The emulated call `GetPlayInfo`.
 * Source: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-getplayinfo
 */

import { z } from "zod";
import { parseJson } from "../server/json.ts";
import { AcsError, invalid, type Reply } from "./answer.ts";
import { oneOf, type Params, required } from "./params.ts";
import { type MediaLibrary, matchingPlays, newestPlays, type SandboxMedia, type SandboxPlay } from "./plays.ts";

const OSS_HOST = "sandbox.oss-cn-shanghai.aliyuncs.com";
const AUTH_KEY = "auth_key=1799999999-0-0-0123456789abcdef0123456789abcdef";
/** A domain that is not text counts as absent. */
const playConfig = z.object({ PlayDomain: z.string().optional().catch(undefined) }).catch({});

/** `signedUrls`: play URLs carry the parameter of URL signing. */
export function createGetPlayInfo(library: MediaLibrary, signedUrls: boolean): (params: Params) => Reply {
  return (params) => {
    const id = required(params, "VideoId");
    const resultType = oneOf(params, "ResultType", ["Single", "Multiple"]);
    const outputType = oneOf(params, "OutputType", ["cdn", "oss"]);
    const domain = playDomain(params.get("PlayConfig"));
    const media = library.find(id);
    if (!media) throw new AcsError(404, "InvalidVideo.NotFound", "The video does not exist.");
    if (media.status !== "Normal") throw new AcsError(403, "Forbidden.IllegalStatus", `Status of the video is ${media.status}.`);
    const host = outputType === "oss" ? OSS_HOST : domain;
    const list = visiblePlays(media, params, resultType).map((play) => ({
      PlayURL: playUrl(play.url, host, signedUrls),
      ...describe(play),
    }));
    const base = { VideoId: id, Title: "Sandbox", Status: media.status, MediaType: "video" };
    return { body: { VideoBase: base, PlayInfoList: { PlayInfo: list } } };
  };
}

function visiblePlays(media: SandboxMedia, params: Params, resultType: "Single" | "Multiple"): SandboxPlay[] {
  const plays = matchingPlays(media, params, "Definition");
  if (plays.length === 0) throw new AcsError(404, "InvalidVideo.NoneStream", "The video has no stream to play by your given condition.");
  const visible = resultType === "Multiple" ? plays : newestPlays(plays.filter((play) => !play.encrypted));
  if (visible.length === 0) throw new AcsError(403, "Forbidden.AliyunVoDEncryption", "Only the AliyunVoDEncryption stream exists.");
  return visible;
}

function describe({ format, definition, streamType = "video", invisible, encrypted }: SandboxPlay) {
  return {
    Format: format,
    Definition: definition,
    StreamType: streamType,
    Status: invisible ? "Invisible" : "Normal",
    Size: "1048576",
    Encrypt: encrypted ? 1 : 0,
    ...(encrypted && { EncryptType: "AliyunVoDEncryption" }),
  };
}

function playUrl(url: string, host: string | undefined, isSigned: boolean): string {
  const moved = host === undefined ? url : url.replace(/^(https?:\/\/)[^/]+/, `$1${host}`);
  return isSigned ? `${moved}${moved.includes("?") ? "&" : "?"}${AUTH_KEY}` : moved;
}

function playDomain(text = "{}"): string | undefined {
  const config = parseJson(text);
  if (config === undefined) throw invalid("PlayConfig");
  return playConfig.parse(config).PlayDomain;
}
