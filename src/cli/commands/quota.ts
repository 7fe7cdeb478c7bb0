/** `quota`: what is left of today. */

import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Command, runTool } from "./command.ts";
import { exitCodes } from "./definitions.ts";

const facts = z.object({
  quotas: z.array(
    z.object({
      provider: z.string(),
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
  terminal.result("quota", all, () =>
    facts.parse(all).quotas.map(({ provider, limit, used, remaining, resets_at: at, source }) => {
      const counted = source === "vendor" ? "the vendor's count" : "this server's count";
      if (typeof limit !== "number") return `${provider.padEnd(12)} ${used} used, no limit`;
      return `${provider.padEnd(12)} ${remaining} of ${limit} left until ${at}, ${used} used (${counted})`;
    }),
  );
  return exitCodes.done;
};
