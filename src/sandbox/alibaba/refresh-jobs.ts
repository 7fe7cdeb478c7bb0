/**
 * The emulated calls `RefreshMediaPlayUrls` and `GetMediaRefreshJobs`: jobs that prefetch or purge assets.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshmediaplayurls
 * and …-getmediarefreshjobs.
 */

import { randomBytes } from "node:crypto";
import { AcsError, missing, type Reply } from "./answer.ts";
import { isFlagSet, listOf, oneOf, type Params, required, wholeNumber } from "./params.ts";
import { type MediaLibrary, matchingPlays, newestPlays, type SandboxMedia } from "./plays.ts";
import type { TaskRow, TaskStore } from "./tasks.ts";
import { writeTimeWithoutZone } from "./time.ts";

export interface RefreshJobsOptions {
  readonly now: () => number;
  readonly tasks: TaskStore;
  readonly library: MediaLibrary;
  /** Milliseconds until a job submits its URLs. */
  readonly jobMs: number;
  readonly quotaCode: string;
}

export interface RefreshJobs {
  refreshMediaPlayUrls(params: Params): Reply;
  getMediaRefreshJobs(params: Params): Reply;
  /** Submits the URLs of all jobs that are due. */
  runDueJobs(): void;
}

interface Job {
  readonly id: string;
  readonly at: number;
  readonly mediaId: string;
  readonly type: TaskRow["type"];
  readonly urls: readonly string[];
  readonly filter: string;
  readonly userData: string | undefined;
  outcome: Outcome | undefined;
}

interface Outcome {
  readonly at: number;
  readonly ids: readonly string[];
  readonly error?: string;
}

const MOST_MEDIA = 20;
const MOST_SEGMENTS = 20;

export function createRefreshJobs({ now, tasks, library, jobMs, quotaCode }: RefreshJobsOptions): RefreshJobs {
  const jobs: Job[] = [];

  const submit = ({ urls, type }: Job, at: number): Outcome => {
    if (urls.length === 0) return { at, ids: [], error: "InvalidVideo.NoneStream" };
    const added = tasks.add(urls, { type, at, merge: false });
    if (added.ok) return { at, ids: added.ids };
    return { at, ids: [], error: added.problem === "queue" ? "PreloadQueueFull" : quotaCode };
  };

  const runDueJobs = (): void => {
    for (const job of jobs) {
      const dueAt = job.at + jobMs;
      if (!job.outcome && now() >= dueAt) job.outcome = submit(job, dueAt);
    }
  };

  return {
    runDueJobs,

    refreshMediaPlayUrls: (params) => {
      const order = readOrder(params);
      const allowed = order.mediaIds.filter((id) => !library.isForbidden(id));
      const id = randomBytes(16).toString("hex");
      const added = allowed.flatMap((mediaId): Job[] => {
        const media = library.find(mediaId);
        if (!media) return [];
        const { type, filter, userData } = order;
        return [{ id, at: now(), mediaId, type, urls: urlsOf(media, params, order), filter, userData, outcome: undefined }];
      });
      jobs.push(...added);
      runDueJobs();
      return {
        body: {
          ...(added.length > 0 && { MediaRefreshJobId: id }),
          NonExistMediaIds: allowed.filter((mediaId) => !library.find(mediaId)).join(","),
          ForbiddenMediaIds: order.mediaIds.filter(library.isForbidden).join(","),
        },
        accepted: added.map((job) => job.mediaId),
      };
    },

    getMediaRefreshJobs: (params) => {
      const id = required(params, "MediaRefreshJobId");
      const mediaId = params.get("MediaId");
      const found = jobs.filter((job) => job.id === id && (mediaId === undefined || job.mediaId === mediaId));
      return { body: { MediaRefreshJobs: found.map(describe) } };
    },
  };
}

interface Order {
  readonly mediaIds: readonly string[];
  readonly type: TaskRow["type"];
  readonly newestOnly: boolean;
  /** Segments of each HLS stream. */
  readonly segments: number;
  readonly filter: string;
  readonly userData: string | undefined;
}

function readOrder(params: Params): Order {
  const mediaIds = [...new Set(listOf(params.get("MediaIds")))];
  if (mediaIds.length === 0) throw missing("MediaIds");
  required(params, "TaskType");
  if (mediaIds.length > MOST_MEDIA) {
    throw new AcsError(400, "InvalidMediaIds.Size.Malformed", `MediaIds holds more than ${MOST_MEDIA} ids.`);
  }
  const type = oneOf(params, "TaskType", ["Preload", "Refresh"]) === "Preload" ? "preload" : "file";
  const newestOnly = oneOf(params, "ResultType", ["Single", "Multiple"]) === "Single";
  const segments = wholeNumber(params, "SliceCount", 5, MOST_SEGMENTS);
  const filters = [...params].filter(([name]) => name !== "MediaIds" && name !== "UserData");
  const filter = JSON.stringify(Object.fromEntries(filters));
  return { mediaIds, type, newestOnly, segments: isFlagSet(params, "SliceFlag") ? segments : 0, filter, userData: params.get("UserData") };
}

/** An unpublished asset has no URLs yet. */
function urlsOf(media: SandboxMedia, params: Params, { newestOnly, segments }: Order): string[] {
  const plays = media.status === "Normal" ? matchingPlays(media, params, "Definitions") : [];
  const chosen = newestOnly ? newestPlays(plays) : plays;
  return chosen.flatMap((play) => [play.url, ...(play.segments ?? []).slice(0, segments)]);
}

function describe({ id, at, mediaId, type, urls, filter, userData, outcome }: Job) {
  const error = outcome?.error;
  const isSuccess = outcome !== undefined && error === undefined;
  return {
    MediaRefreshJobId: id,
    MediaId: mediaId,
    TaskType: type === "preload" ? "Preload" : "Refresh",
    // The vendor documents "success" and "fail" only.
    Status: isSuccess ? "success" : outcome ? "fail" : "processing",
    SuccessPlayUrls: isSuccess ? urls.join(",") : "",
    TaskIds: outcome?.ids.join(",") ?? "",
    ...(error !== undefined && { ErrorCode: error, ErrorMessage: "The URLs of the media were not submitted." }),
    FilterPolicy: filter,
    UserData: userData ?? "",
    GmtCreate: writeTimeWithoutZone(at),
    GmtModified: writeTimeWithoutZone(outcome?.at ?? at),
  };
}
