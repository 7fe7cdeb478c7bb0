import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { taskHeadline } from "../headlines.ts";
import { lenientArray, STREAMS, spendInputs, spendProvider, waitSeconds } from "../inputs.ts";
import { spendOutput, taskResult } from "../result.ts";
import { hiddenSpendInputs, spendCorrections, spendOptions, streamExpansionOf } from "./spend.ts";

export function prefetchAsset(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "prefetch_asset",
      title: "Prefetch media assets",
      description:
        "Use this to warm a CDN with published media assets, all renditions included, by their ids. Not for plain URLs: prefetch_urls. Costs one unit of daily quota per URL of an asset. Returns a task_id to follow with get_prefetch_status.",
      intent: "spend",
      view: true,
      isDestructive: providers.refreshing.length > 0,
      input: {
        asset_id: z.string("must be the id of one asset; pass several as asset_ids").optional().describe("Id of a published media asset."),
        asset_ids: lenientArray(
          // The domain checks each entry by itself, so one bad id does not reject the list.
          z
            .array(z.unknown().meta({ type: "string" }), 'must be an array of asset ids, such as ["f488337c31c8e4622f1590735b134c65"]')
            .optional(),
        ).describe("Instead of asset_id: up to 100 ids."),
        provider: spendProvider("asset", providers),
        ...spendInputs,
        expand: z.enum(["none", "streams"], 'must be "none" or "streams"').optional().describe(`${STREAMS} Default none.`),
        wait_seconds: waitSeconds.describe("Wait up to this long (0 to 50) for the asset to be published and for the final state."),
      },
      hidden: hiddenSpendInputs(deps),
      sifted: "asset_ids",
      output: spendOutput,
      corrections: {
        ...spendCorrections,
        id: "use asset_id",
        assets: "use asset_ids",
        urls: "for URLs call prefetch_urls",
        url: "for URLs call prefetch_urls",
      },
      headline: taskHeadline,
      started: (task) => task,
      handle: async (input, call) =>
        taskResult(
          await service.prefetchAssets({ assetIds: idsOf(input), expand: streamExpansionOf(input), ...spendOptions(input) }, call),
        ),
    },
    deps,
  );
}

interface AssetInput {
  readonly asset_id?: string | undefined;
  readonly asset_ids?: readonly unknown[] | undefined;
}

/** Some hosts send an empty list for the argument that the model left out. Throws `invalid_argument`. */
function idsOf({ asset_id: one, asset_ids: several }: AssetInput): readonly unknown[] {
  if (one !== undefined && several !== undefined && several.length > 0) throw mistake("asset_ids: pass it or asset_id, not both");
  if (one !== undefined) return [one];
  if (several === undefined) throw mistake("asset_id: is missing; it must be the id of one published media asset, or pass asset_ids");
  if (several.length === 0) throw mistake("asset_ids: the list is empty; pass 1 to 100 ids");
  return several;
}

function mistake(text: string): PrefetchError {
  return new PrefetchError("invalid_argument", text, { hint: "Nothing was done. Correct the arguments and call again." });
}
