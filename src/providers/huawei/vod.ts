/**
 * Huawei Cloud VOD, CDN prefetch ("asset/preheating").
 * Sources: https://support.huaweicloud.com/api-vod/vod_04_0205.html (create), .../vod_04_0120.html (query),
 * .../vod_04_0243.html (limits).
 */

import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import { createRedactor, type Redactor, tidyMessage } from "../../base/redact.ts";
import type { Asset, BatchContent, Call, Provider, ProviderLimits, StatusRow, Submission } from "../../prefetch/model/provider.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { parseJson } from "../kit/answer.ts";
import { canonicalQuery } from "../kit/canonical.ts";
import { createHttpClient, type HttpResponse } from "../kit/http-client.ts";
import { stoppedOr } from "../kit/stopped.ts";
import { type Attempt, createAuth, type Sign } from "./auth.ts";
import { type HuaweiCredentials, secretsOf } from "./credentials.ts";
import type { Edition } from "./edition.ts";
import { failureOf, readVendorError, requestIdOf } from "./errors.ts";

export interface HuaweiVodOptions {
  /** Full URL, such as https://vod.cn-north-4.myhuaweicloud.com. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly credentials: HuaweiCredentials;
  readonly edition: Edition;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: Observer | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for an answer. */
  readonly answerMs?: number | undefined;
}

const limits: ProviderLimits = {
  urlsPerRequest: 10,
  bytesPerRequest: 1_000_000,
  // In a JSON array, with a comma.
  bytesOf: (url) => JSON.stringify(url).length + 1,
  // Whether POST and GET share the 100 is not documented, so they do here.
  requestsPerMinute: 100,
  urlsPerDay: 1_000,
  // Stated for the sibling call that refreshes URLs.
  urlLength: 10_240,
  // The reset time is not documented; the vendor's day is taken to be China's.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
};

const taskCreated = z.object({ task_id: z.string().nullish() });
const taskReport = z.object({
  preheating_results: z
    .array(z.object({ url: z.string().optional(), status: z.string().optional() }))
    .nullish()
    .transform((results) => results ?? []),
});
const assetReport = z.object({
  asset_info_array: z
    .array(
      z.object({
        asset_id: z.string().optional(),
        status: z.string().optional(),
        base_info: z.object({ video_url: z.string().nullish() }).nullish(),
        play_info_array: z.array(z.object({ url: z.string().nullish() })).nullish(),
      }),
    )
    .nullish(),
});

/** States of an asset in `asset/info` in which it cannot be prefetched. Others are left to the prefetch call to judge. */
const absent = ["NO_ASSET", "UNCREATED", "DELETED", "DELETING"];
const unpublished = [
  "CREATING",
  "CREATED",
  "CANCELLED",
  "SERVER_ERROR",
  "UPLOAD_FAILED",
  "OBS_CREATING",
  "OBS_CREATE_FAILED",
  "OBS_CREATE_SUCCESS",
];

const provider = "huawei-vod";

export function createHuaweiVod(options: HuaweiVodOptions): Provider {
  const { endpoint, projectId, credentials, edition, clock } = options;
  const secrets = new Set(secretsOf(credentials));
  const redact = createRedactor(secrets);
  const http = createHttpClient({
    provider,
    clock,
    userAgent: options.userAgent,
    observer: options.observer,
    dispatcher: options.dispatcher,
    answerMs: options.answerMs,
  });
  const auth = createAuth({ credentials, projectId, clock, http, redact, onSecret: (secret) => secrets.add(secret) });

  interface Exchange {
    readonly method: "GET" | "POST";
    readonly path: "preheating" | "info";
    readonly query?: readonly (readonly [string, string])[];
    readonly body?: string;
    readonly action: string;
    readonly call: Call;
    /** Whether the request counts against `requestsPerMinute`. */
    readonly counted: boolean;
  }

  /** One authenticated request and its 2xx answer; every other answer is thrown as what it means. */
  const exchange = async ({ method, path, query = [], body = "", action, call, counted }: Exchange): Promise<HttpResponse> => {
    const url = new URL(`/v1.0/${encodeURIComponent(projectId)}/asset/${path}`, endpoint);
    url.search = canonicalQuery(query);
    const intent = method === "POST" ? "spend" : "read";
    const attempt = async (sign: Sign): Promise<Attempt<HttpResponse | PrefetchError>> => {
      // Signing comes after the wait: a signature carries its date.
      if (counted) await call.turn();
      const headers = sign({ method, url, headers: { "content-type": "application/json" }, body });
      const response = await http.send({ method, url, headers, signal: call.signal, intent, ...(method === "POST" && { body }) });
      const ok = response.status >= 200 && response.status <= 299;
      if (ok && !readVendorError(parseJson(response.text))) return { answer: response, refusal: undefined };
      const error = failureOf(response, { action, redact, now: clock.now() });
      // Any other error is an answer to a request whose sender was believed.
      return { answer: error, refusal: response.status === 401 ? error : undefined };
    };
    try {
      const { answer, refusal } = await auth.send(call.signal, attempt);
      if (refusal) throw refusal;
      if (answer instanceof PrefetchError) throw answer;
      return answer;
    } catch (error) {
      throw stoppedOr(error, call, { provider, what: action });
    }
  };

  const submit = async (batch: BatchContent, call: Call): Promise<Submission> => {
    const body = JSON.stringify(batch.kind === "asset" ? { asset_id: batch.assetId } : { urls: batch.urls });
    const response = await exchange({ method: "POST", path: "preheating", body, action: "the prefetch", call, counted: true });
    const requestId = requestIdOf(response, redact);
    const known = { ...(requestId !== undefined && { requestId }), refused: [] };
    if (response.text.trim() === "") return { ...known, vendorTaskIds: [] };
    const answer = taskCreated.safeParse(parseJson(response.text));
    if (!answer.success) throw notUnderstood("the prefetch", response, redact);
    return { ...known, vendorTaskIds: answer.data.task_id ? [answer.data.task_id] : [] };
  };

  const status = async (taskId: string, call: Call): Promise<StatusRow[]> => {
    const query = [["task_id", taskId]] as const;
    const response = await exchange({ method: "GET", path: "preheating", query, action: "the status query", call, counted: true }).catch(
      (error: unknown) => {
        throw unknownTask(error, taskId);
      },
    );
    const report = taskReport.safeParse(parseJson(response.text || "{}"));
    if (!report.success) throw notUnderstood("the status query", response, redact);
    return report.data.preheating_results.flatMap(({ url, status: word = "" }) =>
      url === undefined ? [] : [{ url, state: stateOf(word), vendorState: tidyMessage(word, redact) }],
    );
  };

  const resolveAsset = async (assetId: string, call: Call): Promise<Asset> => {
    const query = [["asset_id", assetId]] as const;
    // Look-ups of assets have a limit of their own, 1,500 a minute, which pacing the prefetches never comes near.
    const response = await exchange({ method: "GET", path: "info", query, action: "the asset look-up", call, counted: false });
    const report = assetReport.safeParse(parseJson(response.text || "{}"));
    if (!report.success) throw notUnderstood("the asset look-up", response, redact);
    const asset = report.data.asset_info_array?.[0];
    const state = asset ? (asset.status ?? "").toUpperCase() : "NO_ASSET";
    if (absent.includes(state)) {
      throw new PrefetchError("not_found", `asset_id: Huawei Cloud VOD has no asset ${assetId} in this project and region`, {
        provider,
        vendorCode: state,
        hint: "Nothing was sent. Check the id, the project and the region.",
      });
    }
    if (unpublished.includes(state)) {
      throw new PrefetchError("not_published", `asset_id: the asset ${assetId} is not published`, {
        provider,
        vendorCode: state,
        hint: "Nothing was sent. Publish it in Huawei Cloud VOD, then call again.",
      });
    }
    const listed = [asset?.base_info?.video_url, ...(asset?.play_info_array ?? []).map((play) => play.url)];
    const urls = [...new Set(listed.filter((url) => typeof url === "string" && url !== ""))].map(String);
    return { urls, cost: urls.length };
  };

  const shared = {
    id: provider,
    title: "Huawei Cloud VOD",
    docs: "https://support.huaweicloud.com/api-vod/vod_04_0205.html",
    account: `${provider}:${projectId}`,
    limits,
    // Neither page says how far "succeed" reaches.
    depth: "unknown",
    reach: "Huawei Cloud does not document how many edge nodes that covers.",
    submit,
    resolveAsset,
    close: () => http.close(),
  } as const satisfies Partial<Provider>;

  if (edition === "id-only") return { ...shared, accepts: ["asset"], tracking: "none" };
  return {
    ...shared,
    accepts: ["asset", "urls"],
    tracking: "task",
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const taskId of vendorTaskIds) rows.push(...(await status(taskId, call)));
      return rows;
    },
  };
}

/** Documented words only; what is not known to be over is still going on. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "succeed") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** How an unknown task id is answered is not documented; the only argument that can be wrong is that id. */
function unknownTask(error: unknown, taskId: string): unknown {
  if (!(error instanceof PrefetchError) || !["invalid_argument", "not_found"].includes(error.code)) return error;
  return new PrefetchError("not_found", `task_id: Huawei Cloud VOD knows no task ${taskId.slice(0, 60)} in this project and region`, {
    provider,
    vendorCode: error.vendorCode,
    requestId: error.requestId,
    hint: "Check the id, the project and the region; how long the vendor keeps tasks is not documented.",
    cause: error,
  });
}

/** A 2xx that is not the API's: for a submit silentObserver can tell whether it was carried out. */
function notUnderstood(action: string, response: HttpResponse, redact: Redactor): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The answer to ${action} (HTTP ${response.status}) is not what Huawei Cloud documents`, {
    provider,
    delivery: "unknown",
    retryable: true,
    requestId: requestIdOf(response, redact),
    hint: "Check the endpoint and any proxy in between.",
  });
}
