/**
 * Media assets: their play URLs, and the vendor's job that prefetches all of them.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-getplayinfo
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshmediaplayurls
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-getmediarefreshjobs
 */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Asset, Call } from "../../prefetch/model/provider.ts";
import { PUBLISHING_LAG } from "../kit/publishing-lag.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import { listOf } from "./comma-list.ts";
import type { Endpoint, Rpc } from "./rpc.ts";
import { vod } from "./vod-product.ts";

export interface MediaOptions {
  /** Comma-separated, such as `mp4,m3u8`. All formats by default. */
  readonly formats?: string | undefined;
  /** Comma-separated, such as `HD,SD`. All definitions by default. */
  readonly definitions?: string | undefined;
  /** First segments of each HLS stream to warm with its playlist, 0 to 20. */
  readonly segments: number;
  /** Domain of the play URLs. By default the vendor takes the domain that changed last. */
  readonly playDomain?: string | undefined;
}

/** Whether a job makes the CDN fetch the URLs of an asset, or drop them. */
export type JobType = "Preload" | "Refresh";

/** The vendor's job for one asset. The job only submits the asset's URLs; `taskIds` lead to the state of the warm-up. */
export interface MediaJob {
  readonly state: "running" | "submitted" | "failed";
  readonly assetId: string;
  readonly urls: readonly string[];
  readonly taskIds: readonly string[];
  /** One sentence, for a failed job. */
  readonly reason: string;
}

export interface Media {
  /** The asset's play URLs. Throws `not_found` and `not_published`. */
  resolve(assetId: string, call: Call): Promise<Asset>;
  /** Starts the job of an asset. Throws `not_found` and `auth_failed`. */
  start(assetId: string, type: JobType, call: Call): Promise<{ readonly jobId: string; readonly requestId: string | undefined }>;
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
const jobSchema = z.object({
  MediaId: z.string().nullish(),
  Status: z.string().nullish(),
  SuccessPlayUrls: z.string().nullish(),
  TaskIds: z.string().nullish(),
  ErrorCode: z.string().nullish(),
  ErrorMessage: z.string().nullish(),
});
const jobs = z.object({ MediaRefreshJobs: z.array(jobSchema).nullish() });

const provider = vod.id;
const checkIdHint = "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media.";

export function createMedia(rpc: Rpc, endpoint: Endpoint, options: MediaOptions & { readonly redact: Redactor }): Media {
  const { formats, definitions, segments, playDomain, redact } = options;

  const playsOf = async (assetId: string, resultType: "Single" | "Multiple", call: Call) => {
    const params = {
      VideoId: assetId,
      Formats: formats,
      Definition: definitions,
      ResultType: resultType,
      ...(playDomain !== undefined && { PlayConfig: JSON.stringify({ PlayDomain: playDomain }) }),
    };
    // GetPlayInfo has a limit of its own: 360 calls a second.
    const common = { endpoint, action: "GetPlayInfo", intent: "read", what: "the asset look-up", counted: false } as const;
    const answer = await rpc({ ...common, params, call });
    return answer.read(playInfo).PlayInfoList?.PlayInfo ?? [];
  };

  return {
    resolve: async (assetId, call) => {
      const plays = await playsOf(assetId, "Single", call).catch((error: unknown) => {
        // `Single` refuses assets with nothing but streams under the vendor's own encryption; `Multiple` lists them.
        const encrypted = error instanceof PrefetchError && error.vendorCode === "Forbidden.AliyunVoDEncryption";
        if (encrypted) return playsOf(assetId, "Multiple", call);
        throw unpublishedYet(error, assetId) ?? error;
      });
      const visible = plays.filter((play) => play.PlayURL && play.Status !== "Invisible");
      const urls = [...new Set(visible.map((play) => withoutSignature(play.PlayURL ?? "")))];
      const playlists = visible.filter((play) => play.Format?.toLowerCase() === "m3u8").length;
      return { urls, cost: urls.length + segments * playlists };
    },

    start: async (assetId, type, call) => {
      const params = {
        MediaIds: assetId,
        TaskType: type,
        Formats: formats,
        Definitions: definitions,
        ...(segments > 0 && { SliceFlag: "true", SliceCount: String(segments) }),
      };
      const common = { endpoint, action: "RefreshMediaPlayUrls", intent: "spend", counted: true } as const;
      const what = type === "Preload" ? "the prefetch" : "the refresh";
      const answer = await rpc({ ...common, what, params, call });
      return { jobId: startedJob(answer, assetId), requestId: answer.requestId };
    },

    job: async (jobId, call) => {
      const common = { endpoint, action: "GetMediaRefreshJobs", method: "GET", intent: "read", counted: true } as const;
      const answer = await rpc({ ...common, what: "the status query", params: { MediaRefreshJobId: jobId }, call });
      const job = answer.read(jobs).MediaRefreshJobs?.[0];
      if (job) return readJob(job, redact);
      throw new PrefetchError("not_found", `task_id: ApsaraVideo VOD has no job ${jobId.slice(0, 60)}`, {
        provider,
        requestId: answer.requestId,
        hint: checkIdHint,
      });
    },
  };
}

/** The refusals of an asset that is being uploaded or transcoded. `InvalidVideo.NoneStream` also means that no stream ever fits. */
const unpublishedCodes = ["Forbidden.IllegalStatus", "InvalidVideo.NoneStream"];

function unpublishedYet(error: unknown, assetId: string): PrefetchError | undefined {
  if (!(error instanceof PrefetchError) || error.code !== "not_published") return undefined;
  const { vendorCode, requestId, hint } = error;
  if (vendorCode === undefined || !unpublishedCodes.includes(vendorCode)) return undefined;
  return new PrefetchError("not_published", `asset_id: ApsaraVideo VOD does not show the asset ${assetId} as playable yet`, {
    provider,
    delivery: "refused",
    vendorCode,
    ...(requestId !== undefined && { requestId }),
    retryable: true,
    hint: [hint, PUBLISHING_LAG].filter(Boolean).join(" "),
    cause: error,
  });
}

/** The id of the started job. The vendor answers 200 for a refused asset, too, and lists the asset by the reason. */
function startedJob(answer: CallAnswer, assetId: string): string {
  const { MediaRefreshJobId: jobId, NonExistMediaIds: missing, ForbiddenMediaIds: forbidden } = answer.read(jobStarted);
  const facts = { provider, delivery: "refused", requestId: answer.requestId } as const;
  if (listOf(missing).includes(assetId)) {
    throw new PrefetchError("not_found", `asset_id: ApsaraVideo VOD has no asset ${assetId}`, {
      ...facts,
      vendorCode: "NonExistMediaIds",
      hint: checkIdHint,
    });
  }
  if (listOf(forbidden).includes(assetId)) {
    throw new PrefetchError("auth_failed", `asset_id: these credentials may not use the asset ${assetId}`, {
      ...facts,
      vendorCode: "ForbiddenMediaIds",
      hint: "Use credentials of the application that the asset belongs to.",
    });
  }
  if (!jobId) throw answer.unreadable();
  return jobId;
}

function readJob(job: z.infer<typeof jobSchema>, redact: Redactor): MediaJob {
  const taskIds = listOf(job.TaskIds);
  const vendorReason = tidyMessage([job.ErrorCode, job.ErrorMessage].filter(Boolean).join(": "), redact);
  return {
    state: jobState(job.Status ?? "", taskIds),
    assetId: job.MediaId ?? "",
    urls: listOf(job.SuccessPlayUrls),
    taskIds,
    reason: `Alibaba Cloud could not submit the asset's URLs${vendorReason && ` (${vendorReason})`}.`,
  };
}

function jobState(status: string, taskIds: readonly string[]): MediaJob["state"] {
  const word = status.toLowerCase();
  if (word === "fail" || word === "failed") return "failed";
  return word === "success" || taskIds.length > 0 ? "submitted" : "running";
}

/**
 * Removes `auth_key`, the signature of type A. The CDN removes it before it looks into its cache, so a signed URL would
 * warm nothing: https://www.alibabacloud.com/help/tc/doc-detail/85113.htm
 */
function withoutSignature(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed?.searchParams.has("auth_key")) return url;
  // `searchParams.delete` would change the encoding of the remaining parameters.
  const kept = parsed.search.slice(1).split("&");
  parsed.search = kept.filter((pair) => !pair.startsWith("auth_key=")).join("&");
  return parsed.href;
}
