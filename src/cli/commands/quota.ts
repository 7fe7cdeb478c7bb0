/** `quota`: what is left of today. */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { quotaName } from "../../prefetch/model/provider.ts";
import { type Command, runTool } from "./command.ts";
import { exitCodes } from "./definitions.ts";

const facts = z.object({
  quotas: z.array(
    z.object({
      provider: z.string(),
      zone: z.string().optional(),
      limit: z.number().nullish(),
      used: z.number(),
      remaining: z.number().nullish(),
      resets_at: z.string(),
      source: z.string(),
    }),
  ),
});

export const quota: Command = async (context) => {
  const { operands, options, terminal } = context;
  if (operands.length > 0) {
    throw new PrefetchError("invalid_argument", `quota: "${operands[0]}" is an operand, and this command takes none`, {
      hint: "Name a provider with --provider.",
    });
  }
  const all = await runTool(context, "get_prefetch_quota", options.provider === undefined ? {} : { provider: options.provider });
  terminal.result("quota", all, () => {
    const { quotas } = facts.parse(all);
    const names = quotas.map(({ provider, zone }) => quotaName({ id: provider, zoneId: zone }));
    const width = Math.max(0, ...names.map(({ length }) => length));
    return quotas.map(({ limit, used, remaining, resets_at: at, source }, index) => {
      const name = names[index]?.padEnd(width);
      const counted = source === "vendor" ? "the vendor's count" : "this server's count";
      if (typeof limit !== "number") return `${name} ${used} used, no limit`;
      return `${name} ${remaining} of ${limit} left until ${at}, ${used} used (${counted})`;
    });
  });
  return exitCodes.done;
};
