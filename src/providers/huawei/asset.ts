/** Resolves a media asset to its play URLs, by `ShowAssetMeta` (`GET …/asset/info`). */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import type { Asset, Call } from "../../prefetch/model/provider.ts";
import { PUBLISHING_LAG } from "../kit/publishing-lag.ts";
import type { Api } from "./api.ts";
import { vod } from "./vod-product.ts";

const assetSchema = z.object({
  status: z.string().optional(),
  base_info: z.object({ video_url: z.string().nullish() }).nullish(),
  play_info_array: z.array(z.object({ url: z.string().nullish() })).nullish(),
});
const assetReport = z.object({ asset_info_array: z.array(assetSchema).nullish() });

/** The vendor answers 200 for an asset that it does not have. */
const absentStates = ["NO_ASSET", "UNCREATED", "DELETED", "DELETING"];
/** The prefetch call decides about every other state: transcoding runs beside publishing. */
const unpublishedStates = ["CREATING", "CREATED", "OBS_CREATING", "OBS_CREATE_SUCCESS"];
/** The asset has no file, and time does not bring one. */
const uploadFailures = ["CANCELLED", "SERVER_ERROR", "UPLOAD_FAILED", "OBS_CREATE_FAILED"];

/** Spends nothing. Throws `not_found` and `not_published`. */
export async function resolveAsset(api: Api, assetId: string, call: Call): Promise<Asset> {
  // Asset look-ups have a limit of their own, 1,500 a minute: https://support.huaweicloud.com/api-vod/vod_04_0243.html
  const request = { method: "GET", path: "info", query: [["asset_id", assetId]], what: "the asset look-up", counted: false } as const;
  const answer = await api({ ...request, call });
  const asset = answer.read(assetReport).asset_info_array?.[0];
  const state = asset ? (asset.status ?? "").toUpperCase() : "NO_ASSET";
  assertPublished(assetId, state);
  const urls = [asset?.base_info?.video_url, ...(asset?.play_info_array ?? []).map((play) => play.url)];
  const distinct = [...new Set(urls.filter((url) => typeof url === "string" && url !== ""))].map(String);
  return { urls: distinct, cost: distinct.length };
}

function assertPublished(assetId: string, state: string): void {
  const facts = { provider: vod.id, vendorCode: state };
  if (absentStates.includes(state)) {
    throw new PrefetchError("not_found", `asset_id: Huawei Cloud VOD has no asset ${assetId} in this project and region`, {
      ...facts,
      hint: "Check the id, the project and the region.",
    });
  }
  if (uploadFailures.includes(state)) {
    throw new PrefetchError("not_published", `asset_id: the upload of the asset ${assetId} has failed`, {
      ...facts,
      hint: "Upload and publish it again in Huawei Cloud VOD.",
    });
  }
  if (unpublishedStates.includes(state)) {
    throw new PrefetchError("not_published", `asset_id: Huawei Cloud VOD does not show the asset ${assetId} as published yet`, {
      ...facts,
      retryable: true,
      hint: `Publish it if that is not done. ${PUBLISHING_LAG}`,
    });
  }
}
