import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { MOST_ASSETS } from "../../prefetch/calls/submit.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { lenientArray, providerArgument, spendInputs } from "../inputs.ts";
import { spendOutput, taskResult } from "../result.ts";
import { spendCorrections, spendOptions } from "./spend.ts";

export function prefetchAsset(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "prefetch_asset",
      title: "Prefetch media assets",
      description:
        "Use this to warm a CDN with published media assets, all renditions included, by their ids. Not for plain URLs: prefetch_urls. Costs one unit of daily quota per URL of the asset. Returns a task_id to follow with get_prefetch_status.",
      intent: "spend",
      input: {
        asset_id: z.string("must be the id of one published media asset").optional().describe("Id of a published media asset."),
        asset_ids: lenientArray(
          // The domain checks each entry by itself, so one bad entry does not reject the list.
          z.array(z.unknown().meta({ type: "string" }), "must be an array of asset ids").optional(),
        ).describe(`Or up to ${MOST_ASSETS} ids.`),
        provider: providerArgument(providers.known),
        ...spendInputs,
      },
      hidden: providers.configured.length > 1 ? [] : ["provider"],
      output: spendOutput,
      corrections: {
        ...spendCorrections,
        id: "use asset_id",
        assets: "use asset_ids",
        urls: "for URLs call prefetch_urls",
        url: "for URLs call prefetch_urls",
      },
      handle: async ({ asset_id: assetId, asset_ids: assetIds, ...rest }, call) => {
        const options = spendOptions(rest);
        if (assetId !== undefined && assetIds === undefined) return taskResult(await service.prefetchAsset({ assetId, ...options }, call));
        if (assetIds !== undefined && assetId === undefined)
          return taskResult(await service.prefetchAssets({ assetIds, ...options }, call));
        const mistake =
          assetId === undefined
            ? "asset_id: is missing; pass the id of one published media asset, or asset_ids"
            : "asset_id, asset_ids: pass just one of them";
        throw new PrefetchError("invalid_argument", mistake, { hint: "Nothing was done. Correct the arguments and call again." });
      },
    },
    deps,
  );
}
