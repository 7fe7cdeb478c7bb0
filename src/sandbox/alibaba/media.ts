/**
 * The emulated calls about media: what an asset consists of, and jobs that warm or purge it.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-getplayinfo,
 * …-refreshmediaplayurls and …-getmediarefreshjobs.
 */

import { randomBytes } from "node:crypto";
import { AcsError, invalid, listOf, missing, oneOf, type Params, type Reply, wholeNumber } from "./answer.ts";
import type { TaskRow, TaskStore } from "./tasks.ts";

export interface SandboxPlay {
  readonly url: string;
  readonly format: string;
  readonly definition: string;
  /** `video` unless told. */
  readonly streamType?: "video" | "audio";
  /** Streams under the vendor's own encryption are shown in the long list only. */
  readonly encrypted?: boolean;
  /** Listed, but not to be played. */
  readonly invisible?: boolean;
  /** Segments of an HLS stream, in order. */
  readonly segments?: readonly string[];
}

export interface SandboxMedia {
  /** `Normal` once it can be played. */
  readonly status: string;
  /** From the oldest to the newest. */
  readonly plays: readonly SandboxPlay[];
}

export interface MediaCallsOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly assets: Readonly<Record<string, SandboxMedia>>;
  /** Assets that exist, but that this user may not touch. */
  readonly forbiddenAssets: readonly string[];
  /** Milliseconds that a job takes to submit its URLs. */
  readonly jobMs: number;
  /** Play URLs carry the parameter of signed URLs. */
  readonly signedUrls: boolean;
  readonly quotaCode: string;
}

export interface MediaCalls {
  getPlayInfo(params: Params): Reply;
  refreshMediaPlayUrls(params: Params): Reply;
  getMediaRefreshJobs(params: Params): Reply;
  /** Carries out the jobs whose time has come. */
  settle(): void;
}

interface Job {
  readonly id: string;
  readonly at: number;
  readonly mediaId: string;
  readonly type: TaskRow["type"];
  readonly urls: readonly string[];
  readonly filter: string;
  readonly userData: string | undefined;
  outcome: { readonly at: number; readonly ids: readonly string[]; readonly error?: string } | undefined;
}

const MOST_MEDIA = 20;
const MOST_SEGMENTS = 20;

export function createMediaCalls(options: MediaCallsOptions): MediaCalls {
  const { now, tasks, assets, forbiddenAssets, jobMs, signedUrls, quotaCode } = options;
  const jobs: Job[] = [];
  const assetOf = (id: string) => (Object.hasOwn(assets, id) ? assets[id] : undefined);

  const carryOut = (job: Job): void => {
    const at = job.at + jobMs;
    if (job.outcome || now() < at) return;
    if (job.urls.length === 0) {
      job.outcome = { at, ids: [], error: "InvalidVideo.NoneStream" };
      return;
    }
    const taken = tasks.take(job.urls, { type: job.type, at, merge: false });
    const problem = !taken.ok && (taken.problem === "queue" ? "PreloadQueueFull" : quotaCode);
    job.outcome = taken.ok ? { at, ids: taken.ids } : { at, ids: [], error: problem || "InternalError" };
  };
  const settle = (): void => {
    for (const job of jobs) carryOut(job);
  };

  return {
    settle,

    getPlayInfo: (params) => {
      const id = params.get("VideoId");
      if (id === undefined) throw missing("VideoId");
      const resultType = oneOf(params, "ResultType", ["Single", "Multiple"]);
      const outputType = oneOf(params, "OutputType", ["cdn", "oss"]);
      const domain = playDomain(params.get("PlayConfig"));
      const media = forbiddenAssets.includes(id) ? undefined : assetOf(id);
      if (!media) throw new AcsError(404, "InvalidVideo.NotFound", "The video does not exist.");
      if (media.status !== "Normal") throw new AcsError(403, "Forbidden.IllegalStatus", `Status of the video is ${media.status}.`);
      const plays = wanted(media, params, "Definition");
      if (plays.length === 0)
        throw new AcsError(404, "InvalidVideo.NoneStream", "The video has no stream to play by your given condition.");
      const shown = resultType === "Multiple" ? plays : newest(plays.filter((play) => !play.encrypted));
      if (shown.length === 0) throw new AcsError(403, "Forbidden.AliyunVoDEncryption", "Only the AliyunVoDEncryption stream exists.");
      const host = outputType === "oss" ? "sandbox.oss-cn-shanghai.aliyuncs.com" : domain;
      return {
        body: {
          VideoBase: { VideoId: id, Title: "Sandbox", Status: media.status, MediaType: "video" },
          PlayInfoList: { PlayInfo: shown.map((play) => ({ PlayURL: playUrl(play.url, host, signedUrls), ...described(play) })) },
        },
      };
    },

    refreshMediaPlayUrls: (params) => {
      const ids = [...new Set(listOf(params.get("MediaIds")))];
      if (ids.length === 0) throw missing("MediaIds");
      if (!params.has("TaskType")) throw missing("TaskType");
      if (ids.length > MOST_MEDIA) throw new AcsError(400, "InvalidMediaIds.Size.Malformed", `MediaIds holds more than ${MOST_MEDIA} ids.`);
      const type = oneOf(params, "TaskType", ["Preload", "Refresh"]) === "Preload" ? "preload" : "file";
      const single = oneOf(params, "ResultType", ["Single", "Multiple"]) === "Single";
      const count = wholeNumber(params, "SliceCount", 5, MOST_SEGMENTS);
      const segments = oneOf(params, "SliceFlag", ["false", "true"]) === "true" ? count : 0;
      const forbidden = ids.filter((id) => forbiddenAssets.includes(id));
      const [jobId, mayUse] = [randomBytes(16).toString("hex"), ids.filter((id) => !forbidden.includes(id))];
      const found = mayUse.flatMap((mediaId): Job[] => {
        const media = assetOf(mediaId);
        if (!media) return [];
        const plays = media.status === "Normal" ? wanted(media, params, "Definitions") : [];
        const urls = (single ? newest(plays) : plays).flatMap((play) => [play.url, ...(play.segments ?? []).slice(0, segments)]);
        const filter = JSON.stringify(Object.fromEntries([...params].filter(([name]) => name !== "MediaIds" && name !== "UserData")));
        return [{ id: jobId, at: now(), mediaId, type, urls, filter, userData: params.get("UserData"), outcome: undefined }];
      });
      jobs.push(...found);
      settle();
      const accepted = found.map((job) => job.mediaId);
      return {
        body: {
          ...(found.length > 0 && { MediaRefreshJobId: jobId }),
          NonExistMediaIds: mayUse.filter((id) => !assetOf(id)).join(","),
          ForbiddenMediaIds: forbidden.join(","),
        },
        accepted,
      };
    },

    getMediaRefreshJobs: (params) => {
      const id = params.get("MediaRefreshJobId");
      if (id === undefined) throw missing("MediaRefreshJobId");
      const mediaId = params.get("MediaId");
      const found = jobs.filter((job) => job.id === id && (mediaId === undefined || job.mediaId === mediaId));
      return { body: { MediaRefreshJobs: found.map(reported) } };
    },
  };
}

function reported({ id, at, mediaId, type, urls, filter, userData, outcome }: Job) {
  const error = outcome?.error;
  return {
    MediaRefreshJobId: id,
    MediaId: mediaId,
    TaskType: type === "preload" ? "Preload" : "Refresh",
    // What a job that is still at it is called is not documented.
    Status: outcome === undefined ? "processing" : error === undefined ? "success" : "fail",
    SuccessPlayUrls: outcome && error === undefined ? urls.join(",") : "",
    TaskIds: outcome?.ids.join(",") ?? "",
    ...(error !== undefined && { ErrorCode: error, ErrorMessage: "The URLs of the media were not submitted." }),
    FilterPolicy: filter,
    UserData: userData ?? "",
    GmtCreate: withoutZone(at),
    GmtModified: withoutZone(outcome?.at ?? at),
  };
}

function wanted(media: SandboxMedia, params: Params, definitionsName: string): SandboxPlay[] {
  const [formats, definitions, types] = ["Formats", definitionsName, "StreamType"].map((name) => listOf(params.get(name)));
  const fits = (filter: readonly string[] | undefined, value: string) => !filter || filter.length === 0 || filter.includes(value);
  return media.plays.filter(
    (play) => fits(formats, play.format) && fits(definitions, play.definition) && fits(types, play.streamType ?? "video"),
  );
}

/** The newest stream of each definition and format. */
function newest(plays: readonly SandboxPlay[]): SandboxPlay[] {
  return [...new Map(plays.map((play) => [`${play.format} ${play.definition}`, play])).values()];
}

function described(play: SandboxPlay) {
  return {
    Format: play.format,
    Definition: play.definition,
    StreamType: play.streamType ?? "video",
    Status: play.invisible ? "Invisible" : "Normal",
    Size: "1048576",
    Encrypt: play.encrypted ? 1 : 0,
    ...(play.encrypted && { EncryptType: "AliyunVoDEncryption" }),
  };
}

function playUrl(url: string, host: string | undefined, signed: boolean): string {
  const moved = host === undefined ? url : url.replace(/^(https?:\/\/)[^/]+/, `$1${host}`);
  return signed ? `${moved}${moved.includes("?") ? "&" : "?"}auth_key=1799999999-0-0-0123456789abcdef0123456789abcdef` : moved;
}

function playDomain(text: string | undefined): string | undefined {
  try {
    const config: unknown = JSON.parse(text ?? "{}");
    const domain = typeof config === "object" && config !== null && "PlayDomain" in config ? config.PlayDomain : undefined;
    return typeof domain === "string" ? domain : undefined;
  } catch {
    throw invalid("PlayConfig");
  }
}

function withoutZone(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
