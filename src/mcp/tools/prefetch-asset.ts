import { z } from "zod";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { taskHeadline } from "../headlines.ts";
import { required, spendInputs, spendProvider } from "../inputs.ts";
import { spendOutput, taskResult } from "../result.ts";
import { spendCorrections, spendOptions } from "./spend.ts";

export function prefetchAsset(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "prefetch_asset",
      title: "Prefetch a media asset",
      description:
        "Use this to warm a CDN with one published media asset, all renditions included, by the asset's id. Not for plain URLs: prefetch_urls. Costs one unit of daily quota per URL of the asset. Returns a task_id to follow with get_prefetch_status.",
      intent: "spend",
      input: {
        asset_id: z.string(required("the id of one published media asset")).describe("Id of a published media asset."),
        provider: spendProvider("asset", providers),
        ...spendInputs,
      },
      hidden: providers.configured.length > 1 ? [] : ["provider"],
      output: spendOutput,
      corrections: { ...spendCorrections, id: "use asset_id", urls: "for URLs call prefetch_urls", url: "for URLs call prefetch_urls" },
      headline: taskHeadline,
      handle: async (input, call) => taskResult(await service.prefetchAsset({ assetId: input.asset_id, ...spendOptions(input) }, call)),
    },
    deps,
  );
}
