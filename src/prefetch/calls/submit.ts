/** The two spending calls: what a caller names becomes candidates, which `spend` plans and sends. */

import { PrefetchError } from "../../base/errors.ts";
import { createSemaphore } from "../../base/semaphore.ts";
import { assetCost, readAssetId, urlsToExpand } from "../admission/asset.ts";
import { chooseAssetTaker } from "../admission/asset-taker.ts";
import { type Expanded, expandStreams, STREAMS_AT_ONCE } from "../admission/expand-streams.ts";
import { type Candidate, parseUrls } from "../admission/parse-urls.ts";
import { createRouter, edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Expansion, StreamScope } from "../model/stream.ts";
import type { Deps } from "./deps.ts";
import type { Spend, SpendOptions } from "./spend.ts";
import { nothingUsable, withManifests, withStreams } from "./submit-answer.ts";
import type { TaskView } from "./view.ts";

/** Hosts give up on a call after a minute; expanding leaves time to send and to answer. */
const LONGEST_EXPANSION_MS = 40_000;

interface RequestOptions extends SpendOptions {
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

export interface Submit {
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  prefetchAsset(request: AssetRequest, call: CallContext): Promise<TaskView>;
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

  const prefetchUrls: Submit["prefetchUrls"] = async (request, call) => {
    if (request.urls.length > guards.maxUrlsPerCall) throw tooManyUrls(request.urls.length, guards.maxUrlsPerCall);
    const route = await createRouter(directory, request.provider);
    const begun = clock.monotonic();
    const { urls, refusals, streams } = await expanded(request, call);
    const parsed = await parseUrls(urls, { route, allowedDomains: guards.allowedDomains, refusals, foreign, breathe });
    if (parsed.candidates.length === 0) throw nothingUsable(parsed);
    // Hosts time the call as a whole, so expanding counts as waiting.
    const waitSeconds = Math.max(0, request.waitSeconds - (clock.monotonic() - begun) / 1_000);
    const view = await spend(parsed, { ...request, waitSeconds }, call);
    return streams ? withStreams(view, streams, refusals?.size ?? 0, request.scope) : withManifests(view, parsed.candidates);
  };

  return {
    prefetchUrls,

    prefetchAsset: async (request, call) => {
      const assetId = readAssetId(request.assetId);
      const provider = await chooseAssetTaker(directory, deps.lookups.asset, { provider: request.provider, assetId }, call.signal);
      if (request.expand === "streams") {
        const urls = await urlsToExpand(deps, provider, assetId, call.signal);
        return prefetchUrls({ ...request, urls, provider: provider.id }, call);
      }
      const cost = await assetCost(deps, provider, assetId, call.signal);
      const candidate: Candidate = { provider, kind: "asset", target: assetId, cost, position: 0 };
      return spend({ candidates: [candidate], rejected: [], duplicatesRemoved: 0 }, request, call);
    },
  };
}

function tooManyUrls(count: number, most: number): PrefetchError {
  const [given, allowed] = [count, most].map((number) => number.toLocaleString("en"));
  return new PrefetchError("invalid_argument", `urls: ${given} entries; one call takes at most ${allowed}`, {
    hint: "Nothing was sent. Split the list into several calls.",
  });
}
