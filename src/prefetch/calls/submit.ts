/** The two spending calls: what a caller names becomes candidates, which `spend` plans and sends. */

import { PrefetchError } from "../../base/errors.ts";
import { assetCost, readAssetId, urlsToExpand } from "../admission/asset.ts";
import { chooseAssetTaker } from "../admission/asset-taker.ts";
import { type Candidate, type ParsedUrls, parseUrls } from "../admission/parse-urls.ts";
import { MOST_ASSETS, type ResolvedAssets, resolveAssets } from "../admission/resolve-assets.ts";
import { createRouter } from "../admission/router.ts";
import { chooseTaker } from "../admission/routing.ts";
import { inZones } from "../admission/zones.ts";
import type { CallContext } from "../model/caller.ts";
import type { AssetExpansion, Expansion } from "../model/expansion.ts";
import type { Provider } from "../model/provider.ts";
import { whenPublished } from "./await-published.ts";
import { beforeDeadline } from "./before-deadline.ts";
import type { Deps } from "./deps.ts";
import { createExpandList } from "./expand-list.ts";
import { recordRoutes, withRoutes } from "./routes-answer.ts";
import type { Spend, SpendOptions } from "./spend.ts";
import { nothingUsable, withFiles } from "./submit-answer.ts";
import type { TaskView } from "./view.ts";

export interface UrlsRequest extends SpendOptions {
  readonly urls: readonly unknown[];
  readonly expand: Expansion;
}

export interface AssetsRequest extends SpendOptions {
  readonly assetIds: readonly unknown[];
  readonly expand: AssetExpansion;
}

/** What was found about an asset at the provider that takes it. */
interface TakenAsset<Found> {
  readonly taker: Provider;
  readonly value: Found;
}

export interface Submit {
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  prefetchAssets(request: AssetsRequest, call: CallContext): Promise<TaskView>;
}

export function createSubmit(deps: Deps, spend: Spend): Submit {
  const { clock, directory, hostLists, guards, foreign, breathe } = deps;
  const expandList = createExpandList(deps);

  /** Hosts time the call as a whole, so what comes before sending counts as waiting. */
  const secondsLeft = ({ waitSeconds }: Pick<SpendOptions, "waitSeconds">, begun: number): number =>
    Math.max(0, waitSeconds - (clock.monotonic() - begun) / 1_000);

  /** `assets`: those that the URLs belong to. */
  const spendUrls = async (request: UrlsRequest, call: CallContext, assets = noAssets): Promise<TaskView> => {
    if (request.urls.length > guards.maxUrlsPerCall) throw tooMany("urls", request.urls.length, guards.maxUrlsPerCall);
    const routes = recordRoutes(await createRouter(directory, { named: request.provider, hostLists, signal: call.signal }));
    const begun = clock.monotonic();
    const list = await expandList(request.urls, request.expand, call);
    const { refusals, argument } = list;
    const routed = await parseUrls(list.urls, {
      route: routes.route,
      allowedDomains: guards.allowedDomains,
      refusals,
      argument,
      foreign,
      breathe,
    });
    const own = await inZones(routed, hostLists, call.signal);
    const parsed = withAssets(own, assets, list.urls.length);
    if (parsed.candidates.length === 0) {
      return list.nothing(parsed, {
        providers: request.provider === undefined ? directory.configured : [request.provider],
        dryRun: request.dryRun,
      });
    }
    const view = await spend(parsed, { ...request, waitSeconds: secondsLeft(request, begun) }, call);
    return withRoutes(list.told(view, parsed), directory, routes.seen);
  };

  /** Without a named provider, each asset goes to the one that knows it. `one` may wait until the asset is published. */
  const lookUpAssets = async <Found>(
    request: AssetsRequest,
    begun: number,
    called: AbortSignal,
    one: (taker: Provider, assetId: string, signal: AbortSignal) => Promise<Found>,
  ): Promise<ResolvedAssets<TakenAsset<Found>>> => {
    const { assetIds, provider, waitSeconds } = request;
    // A mistake in the call's provider is no mistake of an asset.
    if (provider !== undefined) await chooseTaker(directory, provider, "asset");
    const found = async (assetId: string, signal: AbortSignal): Promise<TakenAsset<Found>> => {
      const taker = await chooseAssetTaker(directory, deps.lookups.asset, { provider, assetId }, signal);
      const options = { clock, draining: deps.draining, ms: secondsLeft(request, begun) * 1_000, waitSeconds, signal };
      return { taker, value: await whenPublished(() => one(taker, assetId, signal), options) };
    };
    const resolve = (signal: AbortSignal) => resolveAssets(assetIds, { foreign, signal }, (assetId) => found(assetId, signal));
    return beforeDeadline(called, { what: "The assets", fewer: "assets in one call" }, resolve, waitSeconds * 1_000);
  };

  const spendStreams = async (request: AssetsRequest, begun: number, call: CallContext): Promise<TaskView> => {
    const resolved = await lookUpAssets(request, begun, call.signal, (taker, assetId, signal) =>
      urlsToExpand(deps, taker, assetId, signal),
    );
    if (resolved.assets.length === 0) throw nothingUsable({ ...resolved, candidates: [] }, "asset_ids");
    const urls = resolved.assets.flatMap(({ found }) => found.value);
    const [taker, ...others] = new Set(resolved.assets.map(({ found }) => found.taker.id));
    // The hosts decide about the URLs of several providers.
    const provider = others.length === 0 ? taker : undefined;
    return spendUrls({ ...request, urls, provider, waitSeconds: secondsLeft(request, begun) }, call, resolved);
  };

  return {
    prefetchUrls: (request, call) => spendUrls(request, call),

    prefetchAssets: async (request, call) => {
      const { assetIds, expand } = request;
      const most = Math.min(MOST_ASSETS, guards.maxUrlsPerCall);
      if (assetIds.length > most) throw tooMany("asset_ids", assetIds.length, most);
      // The mistake in a call's only id is told before a missing provider.
      if (assetIds.length === 1) readAssetId(assetIds[0], foreign);
      const begun = clock.monotonic();
      if (expand.kind === "streams") return spendStreams(request, begun, call);
      const look = (taker: Provider, assetId: string, signal: AbortSignal) => assetCost(deps, taker, assetId, signal);
      const { assets, ...rest } = await lookUpAssets(request, begun, call.signal, look);
      const candidates = assets.map(({ assetId, found, position }): Candidate => {
        const { cost, isUnseen } = found.value;
        return { provider: found.taker, kind: "asset", target: assetId, cost, isUnseen, position };
      });
      const parsed: ParsedUrls = { ...rest, candidates };
      if (assets.length === 0) throw nothingUsable(parsed, "asset_ids");
      const view = await spend(parsed, { ...request, waitSeconds: secondsLeft(request, begun) }, call);
      return withFiles(
        view,
        assets.map(({ found }) => found.value.urls),
      );
    },
  };
}

const noAssets: Pick<ResolvedAssets<unknown>, "rejected" | "duplicatesRemoved"> = { rejected: [], duplicatesRemoved: 0 };

/** The URLs, and after them the assets that could not be looked up. */
function withAssets(parsed: ParsedUrls, { rejected, duplicatesRemoved }: typeof noAssets, urls: number): ParsedUrls {
  return {
    ...parsed,
    rejected: [...parsed.rejected, ...rejected.map((entry) => ({ ...entry, position: urls + entry.position }))],
    duplicatesRemoved: parsed.duplicatesRemoved + duplicatesRemoved,
  };
}

function tooMany(argument: string, count: number, most: number): PrefetchError {
  const [given, allowed] = [count, most].map((number) => number.toLocaleString("en"));
  return new PrefetchError("invalid_argument", `${argument}: ${given} entries; one call takes at most ${allowed}`, {
    hint: "Nothing was sent. Split the list into several calls.",
  });
}
