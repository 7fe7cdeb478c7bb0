/** Hands batches to Alibaba Cloud VOD: URLs in one request, an asset as one job of the vendor. */

import { PrefetchError } from "../../base/errors.ts";
import type { BatchContent, Call, Submission } from "../../prefetch/model/provider.ts";
import { limits } from "./limits.ts";
import type { JobType, Media } from "./media.ts";
import type { UrlCalls } from "./url-calls.ts";
import { vod } from "./vod-product.ts";

export interface SubmitOptions extends Pick<UrlCalls, "submitUrls"> {
  readonly media: Media;
  /** What the vendor's job does with the URLs of an asset. */
  readonly jobType: JobType;
}

const provider = vod.id;

export function createSubmit({ media, submitUrls, jobType }: SubmitOptions) {
  /** The fallback for accounts and regions without `RefreshMediaPlayUrls`: the asset's URLs, in several requests if needed. */
  const submitAssetUrls = async (assetId: string, urls: readonly string[], call: Call): Promise<Submission> => {
    const [first, ...rest] = requestsFor(urls);
    if (!first) {
      throw new PrefetchError("not_published", `asset_id: the asset ${assetId} has no play URLs`, { provider, delivery: "refused" });
    }
    let last = await submitUrls(first, call);
    const ids = [...last.vendorTaskIds];
    for (const part of rest) {
      // Another turn would declare that the request before was refused, and nothing spent yet.
      last = await submitUrls(part, call, false).catch((error: unknown) => {
        throw partlySent(error, assetId);
      });
      ids.push(...last.vendorTaskIds);
    }
    return { ...last, vendorTaskIds: [...new Set(ids)] };
  };

  const submitAsset = async (assetId: string, call: Call): Promise<Submission> => {
    try {
      const { jobId, requestId } = await media.start(assetId, jobType, call);
      return { vendorTaskIds: [jobId], refused: [], ...(requestId !== undefined && { requestId }) };
    } catch (error) {
      if (!lacksAction(error)) throw error;
      const { urls } = await media.resolve(assetId, call);
      return submitAssetUrls(assetId, urls, call);
    }
  };

  return (batch: BatchContent, call: Call): Promise<Submission> =>
    batch.kind === "asset" ? submitAsset(batch.assetId, call) : submitUrls(batch.urls, call);
}

/** True when the account, the region or the RAM user lacks this action. The fallback needs other actions. */
function lacksAction(error: unknown): boolean {
  if (!(error instanceof PrefetchError) || error.delivery !== "refused") return false;
  return error.code === "unsupported" || /^(Forbidden\.RAM|NoPermission)$/.test(error.vendorCode ?? "");
}

function partlySent(error: unknown, assetId: string): unknown {
  if (!(error instanceof PrefetchError)) return error;
  return new PrefetchError(error.code, `Only a part of the asset ${assetId} was sent. ${error.message}`, {
    provider,
    delivery: "unknown",
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}

/** Groups URLs by host and divides each group into parts that fit one request. */
function requestsFor(urls: readonly string[]): string[][] {
  const requests: string[][] = [];
  for (const group of Map.groupBy(urls, (url) => URL.parse(url)?.host ?? "").values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const url of group) {
      const current = requests.at(-1);
      bytes += limits.bytesOf(url);
      if (current && bytes <= limits.bytesPerRequest && current.length < limits.urlsPerRequest) current.push(url);
      else {
        requests.push([url]);
        bytes = limits.bytesOf(url);
      }
    }
  }
  return requests;
}
