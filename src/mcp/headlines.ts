/** The outcome of an answer in a few words. */

import type { z } from "zod";
import { quotaName } from "../prefetch/model/provider.ts";
import type { quotaSchema, taskOutput } from "./result.ts";

type Counts = Readonly<Record<string, number | undefined>>;

/** Such as "partial: 3 succeeded, 1 failed." */
export function taskHeadline({ state, counts: { total, ...others } }: Pick<z.input<z.ZodObject<typeof taskOutput>>, "state" | "counts">) {
  const none = state === "planned" || state === "succeeded" ? "nothing to send" : "nothing listed yet";
  return `${state}: ${countsInWords(others) || none}.`;
}

/** Such as "huawei-vod: 976 of 1,000 units left until 2026-11-28T16:00:00.000Z, in 3 h 5 min." */
export function quotaInWords(quota: z.input<typeof quotaSchema>): string {
  const { provider: id, zone: zoneId, limit, used, remaining, resets_at: at, resets_in: span } = quota;
  const provider = quotaName({ id, zoneId });
  if (limit === undefined || remaining === undefined) return `${provider}: no limit, ${used.toLocaleString("en")} sent today.`;
  return `${provider}: ${remaining.toLocaleString("en")} of ${limit.toLocaleString("en")} units left until ${at}, in ${span}.`;
}

/** Such as "22 checked: 20 warm, 2 cold." Each PoP and variant of a URL is a check of its own. */
export function verifyHeadline({ counts }: { readonly counts: Counts }): string {
  const checked = Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);
  return checked === 0 ? "Nothing checked." : `${checked.toLocaleString("en")} checked: ${countsInWords(counts)}.`;
}

/** Such as "3 tasks: 2 succeeded, 1 running." `undefined` for an empty list, whose next step says it. */
export function listHeadline(list: {
  readonly tasks: readonly { readonly state: string }[];
  readonly next_cursor?: string | undefined;
}): string | undefined {
  const count = list.tasks.length;
  if (count === 0) return undefined;
  const states = Object.groupBy(list.tasks, ({ state }) => state);
  const words = countsInWords(Object.fromEntries(Object.entries(states).map(([state, tasks]) => [state, tasks?.length])));
  const page = list.next_cursor === undefined ? "" : " on this page; next_cursor leads to more";
  return `${count} ${count === 1 ? "task" : "tasks"}: ${words}${page}.`;
}

function countsInWords(counts: Counts): string {
  return Object.entries(counts)
    .flatMap(([name, count = 0]) => (count > 0 ? [`${count.toLocaleString("en")} ${name}`] : []))
    .join(", ");
}
