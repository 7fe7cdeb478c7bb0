import { z } from "zod";
import { providerShown } from "../inputs.ts";
import { quotaResult, quotaSchema } from "../result.ts";
import { defineTool, type ToolDeps } from "../tool.ts";

export function getPrefetchQuota(deps: ToolDeps) {
  const { service, providers } = deps;
  return defineTool(
    {
      name: "get_prefetch_quota",
      title: "Get prefetch quota",
      description:
        "Use this to see how many URLs can still be prefetched today, and when that resets. Free. source ledger means counted by this server, so spending elsewhere is not in it.",
      intent: "read",
      input: { provider: providerShown(providers.known) },
      output: { quotas: z.array(quotaSchema) },
      misnomers: { vendor: "use provider", cdn: "use provider" },
      handle: async (input, call) => ({ quotas: (await service.quota(input.provider, call)).map(quotaResult) }),
    },
    deps,
  );
}
