/** The two spending calls: what a caller names becomes candidates, which `spend` plans and sends. */

import { PrefetchError } from "../../base/errors.ts";
import { createSemaphore } from "../../base/semaphore.ts";
import { assetCost, readAssetId, urlsToExpand } from "../admission/asset.ts";
import { type ResolvedAssets, resolveAssets } from "../admission/asset-list.ts";
import { type Expanded, expandStreams, STREAMS_AT_ONCE } from "../admission/expand-streams.ts";
import { type Candidate, parseUrls, type RejectedInput } from "../admission/parse-urls.ts";
import { chooseTaker, createRouter, edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Expansion, StreamScope } from "../model/stream.ts";
import type { Deps } from "./deps.ts";
import type { Spend, SpendOptions } from "./spend.ts";
import { nothingUsable, withStreams } from "./submit-answer.ts";
import type { TaskView } from "./view.ts";

export { MOST_ASSETS } from "../admission/asset-list.ts";

/** Hosts give up on a call after a minute; expanding leaves time to send and to answer. */
const LONGEST_EXPANSION_MS = 40_000;

interface RequestOptions extends SpendOptions {
  readonly provider?: string | undefined;
  /** `streams`: a manifest stands for the URLs that it names within `scope`. */
  readonly expand: Expansion;
  readonly scope: StreamScope;
}

export interface UrlsRequest extends RequestOptions {
  readonly urls: readonly unknown[];
}

export interface AssetRequest extends RequestOptions {
  readonly assetId: string;
}

export interface AssetsRequest extends RequestOptions {
  readonly assetIds: readonly unknown[];
}

export interface Submit {
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  /** Throws the reason why the asset cannot be used. */
  prefetchAsset(request: AssetRequest, call: CallContext): Promise<TaskView>;
  /** Rejects each asset that cannot be used. Throws when that is all of them. */
  prefetchAssets(request: AssetsRequest, call: CallContext): Promise<TaskView>;
}

export function createSubmit(deps: Deps, spend: Spend): Submit {
  const { clock, directory, guards, foreign, breathe } = deps;
  const semaphore = createSemaphore(STREAMS_AT_ONCE);

  const expanded = async (request: UrlsRequest, call: CallContext): Promise<Partial<Expanded> & Pick<Expanded, "urls">> => {
    if (request.expand === "none") return { urls: request.urls };
    const deadline = AbortSignal.timeout(LONGEST_EXPANSION_MS);
    try {
      return await expandStreams(request.urls, {
        edge: await edgeOf(directory),
        read: deps.readStream,
        scope: request.scope,
        allowedDomains: guards.allowedDomains,
        mostUrls: guards.maxUrlsPerCall,
        now: clock.now(),
        signal: AbortSignal.any([call.signal, deadline]),
        semaphore,
        holdsSecret: foreign.holdsSecret,
        breathe,
        report: deps.report,
      });
    } catch (error) {
      if (!deadline.aborted || call.signal.aborted) throw error;
      throw new PrefetchError("timeout", "The manifests of the streams could not all be read in time", {
        retryable: true,
        hint: "Nothing was sent. Pass fewer streams in one call, and files without expand.",
      });
    }
  };

  /** `unusable`: assets in whose place no URL stands. */
  const sendUrls = async (request: UrlsRequest, call: CallContext, unusable: readonly RejectedInput[] = []): Promise<TaskView> => {
    if (request.urls.length > guards.maxUrlsPerCall) throw tooManyUrls(request.urls.length, guards.maxUrlsPerCall);
    const route = await createRouter(directory, request.provider);
    const begun = clock.monotonic();
    const { urls, refusals, streams } = await expanded(request, call);
    const found = await parseUrls(urls, { route, allowedDomains: guards.allowedDomains, refusals, foreign, breathe });
    const parsed = { ...found, rejected: [...found.rejected, ...unusable] };
    if (parsed.candidates.length === 0) throw nothingUsable(parsed.rejected);
    // Hosts time the call as a whole, so expanding counts as waiting.
    const waitSeconds = Math.max(0, request.waitSeconds - (clock.monotonic() - begun) / 1_000);
    const view = await spend(parsed, { ...request, waitSeconds }, call);
    return streams ? withStreams(view, streams, refusals?.size ?? 0, request.scope) : view;
  };

  /** Looks up each asset with `lookUp`, as long as a call may take. */
  const resolved = async <Found extends object>(
    assetIds: readonly unknown[],
    lookUp: (assetId: string, signal: AbortSignal) => Promise<Found>,
    call: CallContext,
  ): Promise<ResolvedAssets<Found>> => {
    const deadline = AbortSignal.timeout(LONGEST_EXPANSION_MS);
    const signal = AbortSignal.any([call.signal, deadline]);
    try {
      return await resolveAssets(assetIds, { lookUp: (assetId) => lookUp(assetId, signal), signal, clean: foreign.clean });
    } catch (error) {
      if (!deadline.aborted || call.signal.aborted) throw error;
      throw new PrefetchError("timeout", "The assets could not all be looked up in time", {
        retryable: true,
        hint: "Nothing was sent. Pass fewer assets in one call.",
      });
    }
  };

  return {
    prefetchUrls: (request, call) => sendUrls(request, call),

    prefetchAsset: async (request, call) => {
      const assetId = readAssetId(request.assetId);
      const provider = await chooseTaker(directory, request.provider, "asset");
      if (request.expand === "streams") {
        const urls = await urlsToExpand(deps, provider, assetId, call.signal);
        return sendUrls({ ...request, urls, provider: provider.id }, call);
      }
      const cost = await assetCost(deps, provider, assetId, call.signal);
      const candidate: Candidate = { provider, kind: "asset", target: assetId, cost, position: 0 };
      return spend({ candidates: [candidate], rejected: [], duplicatesRemoved: 0 }, request, call);
    },

    prefetchAssets: async (request, call) => {
      const { assetIds } = request;
      const provider = await chooseTaker(directory, request.provider, "asset");
      if (request.expand === "streams") {
        const urlsOf = async (assetId: string, signal: AbortSignal) => ({ urls: await urlsToExpand(deps, provider, assetId, signal) });
        const { found, rejected } = await resolved(assetIds, urlsOf, call);
        const urls = found.flatMap((asset) => asset.urls);
        if (urls.length === 0) throw nothingUsable(rejected, "asset_ids");
        const after = rejected.map((entry) => ({ ...entry, position: guards.maxUrlsPerCall + entry.position }));
        return sendUrls({ ...request, urls, provider: provider.id }, call, after);
      }
      const costOf = async (assetId: string, signal: AbortSignal) => ({ cost: await assetCost(deps, provider, assetId, signal) });
      const { found, ...rest } = await resolved(assetIds, costOf, call);
      if (found.length === 0) throw nothingUsable(rest.rejected, "asset_ids");
      const candidates = found.map(({ assetId, ...asset }): Candidate => ({ ...asset, provider, kind: "asset", target: assetId }));
      return spend({ candidates, ...rest }, request, call);
    },
  };
}

function tooManyUrls(count: number, most: number): PrefetchError {
  const [given, allowed] = [count, most].map((number) => number.toLocaleString("en"));
  return new PrefetchError("invalid_argument", `urls: ${given} entries; one call takes at most ${allowed}`, {
    hint: "Nothing was sent. Split the list into several calls.",
  });
}
