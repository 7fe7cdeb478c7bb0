/**
 * The Huawei Cloud VOD provider.
 * https://support.huaweicloud.com/api-vod/vod_04_0205.html (submit), https://support.huaweicloud.com/api-vod/vod_04_0120.html (status)
 */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import type { BatchContent, Call, Provider, StatusRow, Submission } from "../../prefetch/model/provider.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../kit/network.ts";
import { type Api, createApi } from "./api.ts";
import { resolveAsset } from "./asset.ts";
import { createAuth } from "./auth.ts";
import { type HuaweiCredentials, rememberCredentials } from "./credentials.ts";
import type { Edition } from "./edition.ts";
import { createErrors } from "./errors.ts";
import { limits } from "./limits.ts";
import { vod } from "./vod-product.ts";

export interface HuaweiVodOptions extends NetworkOptions {
  /** Full URL, such as https://vod.cn-north-4.myhuaweicloud.com. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly credentials: HuaweiCredentials;
  readonly edition: Edition;
}

const provider = vod.id;
/** Has the form of a task id and of an asset id, and belongs to none. */
const UNKNOWN_ID = "0".repeat(32);

/** Opens no connection before the first call. */
export function createHuaweiVod(options: HuaweiVodOptions): Provider {
  const { endpoint, projectId, credentials, edition } = options;
  const network = openNetwork(provider, options);
  const { http, redact, secrets } = network;
  rememberCredentials(secrets, credentials);
  const errors = createErrors(vod);
  const scope = { headers: { "x-project-id": projectId }, login: { project: { id: projectId } } };
  const auth = createAuth({ ...network, credentials, scope, errors, onSecret: secrets.add });
  const api = createApi({ ...network, endpoint, path: `/v1.0/${encodeURIComponent(projectId)}/asset/`, auth, errors });

  const shared = {
    id: provider,
    title: "Huawei Cloud VOD",
    docs: "https://support.huaweicloud.com/api-vod/vod_04_0205.html",
    account: `${provider}:${projectId}`,
    accountInWords: `project ${projectId} at ${endpoint}`,
    endpoints: [...new Set([endpoint, ...(credentials.kind === "password" ? [credentials.iamEndpoint] : [])])],
    limits,
    // The documentation does not tell how far "succeed" reaches.
    depth: "unknown",
    reach: "Huawei Cloud does not document how many edge nodes that covers.",
    purging:
      "Huawei Cloud VOD purges by POST /v1/{project_id}/asset/refresh (asset_id_list or urls, 10 a request, 1,000 a day) or in its console; GET of that path says SUCCEED when it is done.",
    submit: (batch, call) => submit(api, batch, call),
    resolveAsset: (assetId, call) => resolveAsset(api, assetId, call),
    close: () => http.close(),
  } as const satisfies Partial<Provider>;

  if (edition === "id-only") {
    return {
      ...shared,
      accepts: ["asset"],
      tracking: "none",
      checkLogin: (call) => provesLogin(errors.vendor, resolveAsset(api, UNKNOWN_ID, call)),
    };
  }
  return {
    ...shared,
    accepts: ["asset", "urls"],
    tracking: "task",
    checkLogin: (call) => provesLogin(errors.vendor, readStatus(api, UNKNOWN_ID, { call, redact })),
    status: async ({ vendorTaskIds }, call) => {
      const rows: StatusRow[] = [];
      for (const taskId of vendorTaskIds) rows.push(...(await readStatus(api, taskId, { call, redact })));
      return rows;
    },
  };
}

const taskCreated = z.object({ task_id: z.string().nullish() });

/** An answer without a task id is a success that cannot be tracked: the first edition answers with an empty body. */
async function submit(api: Api, batch: BatchContent, call: Call): Promise<Submission> {
  const body = JSON.stringify(batch.kind === "asset" ? { asset_id: batch.assetId } : { urls: batch.urls });
  const { requestId, read } = await api({ method: "POST", path: "preheating", body, what: "the prefetch", call, counted: true });
  const taskId = read(taskCreated).task_id;
  return { vendorTaskIds: taskId ? [taskId] : [], refused: [], ...(requestId !== undefined && { requestId }) };
}

const taskReport = z.object({
  preheating_results: z
    .array(z.object({ url: z.string().optional(), status: z.string().optional() }))
    .nullish()
    .transform((results) => results ?? []),
});

async function readStatus(api: Api, taskId: string, { call, redact }: { call: Call; redact: Redactor }): Promise<StatusRow[]> {
  const query = [["task_id", taskId]] as const;
  const request = { method: "GET", path: "preheating", query, what: "the status query", counted: true } as const;
  const { read } = await api({ ...request, call }).catch((error: unknown) => {
    throw unknownTask(error, taskId);
  });
  return read(taskReport).preheating_results.flatMap(({ url, status: word = "" }) =>
    url === undefined ? [] : [{ url, state: stateOf(word), vendorState: tidyMessage(word, redact) }],
  );
}

/** The documented final words. Every other word, known or not, counts as `processing`. */
function stateOf(word: string): StatusRow["state"] {
  const known = word.toLowerCase();
  if (known === "succeed") return "succeeded";
  return known === "failed" ? "failed" : "processing";
}

/** The vendor does not document its answer for an unknown task id. The id is the only argument, so any refused argument is it. */
function unknownTask(error: unknown, taskId: string): unknown {
  if (!(error instanceof PrefetchError) || !["invalid_argument", "not_found"].includes(error.code)) return error;
  return new PrefetchError("not_found", `task_id: Huawei Cloud VOD has no task ${taskId.slice(0, 60)} in this project and region`, {
    provider,
    vendorCode: error.vendorCode,
    requestId: error.requestId,
    hint: "Check the id, the project and the region. The vendor does not document how long it keeps tasks.",
    cause: error,
  });
}
