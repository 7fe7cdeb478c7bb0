import { z } from "zod";
import { defineTool, type ToolDeps } from "../define-tool.ts";
import { quotaInWords } from "../headlines.ts";
import { providerArgument } from "../inputs.ts";
import { quotaResult, quotaSchema } from "../result.ts";

export function getPrefetchQuota(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "get_prefetch_quota",
      title: "Get prefetch quota",
      description:
        "Use this to see how many URLs can still be prefetched today, and when that resets. Free. source ledger: counted by this server, so it misses spending elsewhere.",
      intent: "read",
      input: { provider: providerArgument(providers.configured) },
      output: { quotas: z.array(quotaSchema) },
      corrections: { vendor: "use provider", cdn: "use provider" },
      headline: ({ quotas }) => quotas.map(quotaInWords).join(" "),
      handle: async (input, call) => ({ quotas: (await service.quota(input.provider, call)).map(quotaResult) }),
    },
    deps,
  );
}
