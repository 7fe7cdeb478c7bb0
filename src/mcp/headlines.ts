/** The outcome of an answer in a few words. */

import type { z } from "zod";
import type { quotaSchema, taskOutput } from "./result.ts";

/** Such as "partial: 3 succeeded, 1 failed." */
export function taskHeadline({ state, counts: { total, ...others } }: Pick<z.input<z.ZodObject<typeof taskOutput>>, "state" | "counts">) {
  const named = Object.entries(others).flatMap(([name, items]) => (items > 0 ? [`${items.toLocaleString("en")} ${name}`] : []));
  const none = state === "planned" || state === "succeeded" ? "nothing to send" : "nothing listed yet";
  return `${state}: ${named.join(", ") || none}.`;
}

/** Such as "huawei-vod: 976 of 1,000 units left today." */
export function quotaInWords({ provider, limit, used, remaining }: z.input<typeof quotaSchema>): string {
  if (limit === undefined || remaining === undefined) return `${provider}: no limit, ${used.toLocaleString("en")} sent today.`;
  return `${provider}: ${remaining.toLocaleString("en")} of ${limit.toLocaleString("en")} units left today.`;
}
