import { z } from "zod";
import { expansionKinds } from "../../prefetch/model/expansion.ts";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { taskHeadline } from "../headlines.ts";
import { lenientArray, required, STREAMS, spendInputs, spendProvider } from "../inputs.ts";
import { sitemapsOutput, spendOutput, taskResult } from "../result.ts";
import { expansionOf, hiddenSpendInputs, spendCorrections, spendOptions } from "./spend.ts";

export function prefetchUrls(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "prefetch_urls",
      title: "Prefetch URLs",
      description:
        "Use this to warm a CDN with URLs before users ask for them. Splits the list, drops duplicates, reports every unusable URL and sends the rest. Not for purging or downloading: a copy that is still valid stays. Costs one unit of daily quota per URL (http: none); a repeat within 10 minutes sends failed URLs only. Returns a task_id to follow with get_prefetch_status.",
      intent: "spend",
      view: true,
      isDestructive: providers.refreshing.length > 0,
      input: {
        urls: lenientArray(
          // The domain checks each entry by itself, so one bad entry does not reject the list.
          z.array(z.unknown().meta({ type: "string" }), required('an array of URLs, such as ["https://media.example.com/a.mp4"]')),
        ).describe("Absolute http(s) URLs, 1 to 10,000."),
        provider: spendProvider("urls", providers),
        ...spendInputs,
        expand: z
          .enum(expansionKinds, 'must be "none", "streams" or "sitemap"')
          .optional()
          .describe(`${STREAMS} sitemap: warm the URLs in the given sitemaps, feeds, robots.txt or text lists. Default none.`),
        since: z
          .string("must be a date or a time")
          .optional()
          .describe("Of sitemaps: only entries changed since 2026-11-28 or 2026-11-28T10:30."),
        time_zone: z.string("must be a time zone").optional().describe("Of since. Default UTC."),
      },
      hidden: hiddenSpendInputs(deps),
      sifted: "urls",
      output: { ...spendOutput, ...sitemapsOutput },
      corrections: {
        ...spendCorrections,
        asset_id: "for an asset call prefetch_asset",
        list: "use urls",
        links: "use urls",
        crawl: 'use expand "sitemap"',
        lastmod: "use since",
      },
      headline: taskHeadline,
      started: (task) => task,
      handle: async (input, call) =>
        taskResult(await service.prefetchUrls({ urls: input.urls, expand: expansionOf(input), ...spendOptions(input) }, call)),
    },
    deps,
  );
}
