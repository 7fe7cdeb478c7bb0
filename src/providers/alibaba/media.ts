/**
 * Media assets: what an asset consists of, and its prefetch as one job of the vendor's.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshmediaplayurls,
 * …-getmediarefreshjobs and …-getplayinfo.
 */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Asset, Call } from "../../prefetch/model/provider.ts";
import type { Endpoint, Rpc } from "./rpc.ts";

export interface MediaOptions {
  /** Comma-separated, such as `mp4,m3u8`; all unless told. */
  readonly formats?: string | undefined;
  /** Comma-separated, such as `HD,SD`; all unless told. */
  readonly definitions?: string | undefined;
  /** First segments of each HLS stream to warm with its playlist, 0 to 20. */
  readonly segments: number;
  /** Domain of the play URLs; unless told, the vendor takes the one that was changed last. */
  readonly playDomain?: string | undefined;
}

/** What the vendor says of a job: its submission, not the warm-up, which is asked for task by task. */
export interface MediaJob {
  readonly state: "running" | "submitted" | "failed";
  readonly assetId: string;
  readonly urls: readonly string[];
  readonly taskIds: readonly string[];
  readonly reason: string;
}

export interface Media {
  /** Throws `not_found` and `not_published`. */
  resolve(assetId: string, call: Call): Promise<Asset>;
  /** Starts the job that warms an asset, and returns its id. */
  start(assetId: string, call: Call): Promise<{ readonly jobId: string; readonly requestId: string | undefined }>;
  /** Throws `not_found`. */
  job(jobId: string, call: Call): Promise<MediaJob>;
}

const playInfo = z.object({
  PlayInfoList: z
    .object({ PlayInfo: z.array(z.object({ PlayURL: z.string().nullish(), Format: z.string().nullish(), Status: z.string().nullish() })) })
    .nullish(),
});
const jobStarted = z.object({
  MediaRefreshJobId: z.string().nullish(),
  NonExistMediaIds: z.string().nullish(),
  ForbiddenMediaIds: z.string().nullish(),
});
const jobs = z.object({
  MediaRefreshJobs: z
    .array(
      z.object({
        MediaId: z.string().nullish(),
        Status: z.string().nullish(),
        SuccessPlayUrls: z.string().nullish(),
        TaskIds: z.string().nullish(),
        ErrorCode: z.string().nullish(),
        ErrorMessage: z.string().nullish(),
      }),
    )
    .nullish(),
});

const provider = "alibaba-vod";

export function createMedia(rpc: Rpc, endpoint: Endpoint, options: MediaOptions & { readonly redact: Redactor }): Media {
  const { formats, definitions, segments, playDomain, redact } = options;

  const playInfoOf = async (assetId: string, resultType: "Single" | "Multiple", call: Call) => {
    const answer = await rpc({
      endpoint,
      action: "GetPlayInfo",
      params: {
        VideoId: assetId,
        Formats: formats,
        Definition: definitions,
        ResultType: resultType,
        ...(playDomain !== undefined && { PlayConfig: JSON.stringify({ PlayDomain: playDomain }) }),
      },
      intent: "read",
      what: "the asset look-up",
      call,
      // Look-ups have a limit of their own, 360 a second.
      counted: false,
    });
    const { success, data } = playInfo.safeParse(answer.body);
    if (!success) throw answer.notUnderstood();
    return data.PlayInfoList?.PlayInfo ?? [];
  };

  return {
    resolve: async (assetId, call) => {
      const plays = await playInfoOf(assetId, "Single", call).catch((error: unknown) => {
        // Streams under the vendor's own encryption are shown in the long list only.
        const hidden = error instanceof PrefetchError && error.vendorCode === "Forbidden.AliyunVoDEncryption";
        if (hidden) return playInfoOf(assetId, "Multiple", call);
        throw error;
      });
      const visible = plays.filter((play) => play.PlayURL && play.Status !== "Invisible");
      const urls = [...new Set(visible.map((play) => withoutSignature(play.PlayURL ?? "")))];
      const playlists = visible.filter((play) => play.Format?.toLowerCase() === "m3u8").length;
      return { urls, cost: urls.length + segments * playlists };
    },

    start: async (assetId, call) => {
      const params = {
        MediaIds: assetId,
        TaskType: "Preload",
        Formats: formats,
        Definitions: definitions,
        ...(segments > 0 && { SliceFlag: "true", SliceCount: String(segments) }),
      };
      const common = { endpoint, action: "RefreshMediaPlayUrls", intent: "spend", what: "the prefetch", counted: true } as const;
      const answer = await rpc({ ...common, params, call });
      const { success, data } = jobStarted.safeParse(answer.body);
      if (!success) throw answer.notUnderstood();
      const facts = { provider, delivery: "refused", requestId: answer.requestId } as const;
      if (listOf(data.NonExistMediaIds).includes(assetId)) {
        throw new PrefetchError("not_found", `asset_id: ApsaraVideo VOD has no asset ${assetId}`, {
          ...facts,
          vendorCode: "NonExistMediaIds",
          hint: "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media.",
        });
      }
      if (listOf(data.ForbiddenMediaIds).includes(assetId)) {
        throw new PrefetchError("auth_failed", `asset_id: these credentials may not use the asset ${assetId}`, {
          ...facts,
          vendorCode: "ForbiddenMediaIds",
          hint: "Use credentials of the application that the asset belongs to.",
        });
      }
      if (!data.MediaRefreshJobId) throw answer.notUnderstood();
      return { jobId: data.MediaRefreshJobId, requestId: answer.requestId };
    },

    job: async (jobId, call) => {
      const common = { endpoint, action: "GetMediaRefreshJobs", method: "GET", intent: "read", counted: true } as const;
      const answer = await rpc({ ...common, what: "the status query", params: { MediaRefreshJobId: jobId }, call });
      const { success, data } = jobs.safeParse(answer.body);
      if (!success) throw answer.notUnderstood();
      const job = data.MediaRefreshJobs?.[0];
      if (!job) {
        throw new PrefetchError("not_found", `task_id: ApsaraVideo VOD knows no job ${jobId.slice(0, 60)}`, {
          provider,
          requestId: answer.requestId,
          hint: "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media.",
        });
      }
      const taskIds = listOf(job.TaskIds);
      const word = (job.Status ?? "").toLowerCase();
      const said = tidyMessage([job.ErrorCode, job.ErrorMessage].filter(Boolean).join(": "), redact);
      return {
        state: word === "fail" || word === "failed" ? "failed" : word === "success" || taskIds.length > 0 ? "submitted" : "running",
        assetId: job.MediaId ?? "",
        urls: listOf(job.SuccessPlayUrls),
        taskIds,
        reason: `Alibaba Cloud could not submit the asset's URLs${said && ` (${said})`}.`,
      };
    },
  };
}

function listOf(text: string | null | undefined): string[] {
  return [...new Set((text ?? "").split(",").map((part) => part.trim()))].filter(Boolean);
}

/** The CDN checks and removes this parameter before it looks into its cache, so the signed URL would warm nothing. */
function withoutSignature(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed?.searchParams.has("auth_key")) return url;
  // Cut out by hand: writing the parameters back would spell the others anew.
  const kept = parsed.search.slice(1).split("&");
  parsed.search = kept.filter((pair) => !pair.startsWith("auth_key=")).join("&");
  return parsed.href;
}
