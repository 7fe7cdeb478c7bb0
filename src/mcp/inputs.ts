/** Arguments that several tools share. They accept the ways in which hosts misquote JSON. */

import { z } from "zod";
import { createJsonGauge, MOST_JSON_VALUES } from "../base/json-gauge.ts";
import { quotaPolicies } from "../prefetch/model/quota.ts";
import { streamScopes } from "../prefetch/model/stream.ts";
import type { ToolDeps } from "./define-tool.ts";

/** Some hosts send an array as its JSON text: `"[\"https://…\"]"`. Any other text stays as it is and fails the schema. */
export function lenientArray<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value, context) => {
    if (typeof value !== "string" || !value.trim().startsWith("[")) return value;
    // The transport measures messages, but to it this array is one string.
    if (valuesIn(value) > MOST_JSON_VALUES) {
      context.addIssue({ code: "custom", message: `has more than ${MOST_JSON_VALUES} values; split the list into several calls` });
      return z.NEVER;
    }
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }, schema);
}

function valuesIn(json: string): number {
  const gauge = createJsonGauge();
  gauge.add(Buffer.from(json));
  return gauge.values();
}

/** A list of words that also takes one word, or several with commas between them: `failed, partial`. */
export function lenientWords<Schema extends z.ZodType>(schema: Schema) {
  const words = (value: unknown) =>
    typeof value === "string" && !value.trim().startsWith("[") ? value.split(",").map((word) => word.trim()) : value;
  return z.preprocess(words, lenientArray(schema));
}

/** Some hosts quote numbers: `"30"`. */
export function lenientNumber<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value), schema);
}

/** Some hosts quote booleans: `"true"`. */
export function lenientBoolean(description: string) {
  const schema = z.boolean("must be true or false").default(false);
  return z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), schema).describe(description);
}

/** Messages of a required argument, for example "is missing; it must be a task id" or "must be a task id". */
export function required(kind: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) => (input === undefined ? `is missing; it must be ${kind}` : `must be ${kind}`),
  };
}

export const waitSeconds = lenientNumber(
  z.number("must be a number of seconds").min(0, "must be 0 to 50").max(50, "must be 0 to 50").default(0),
).describe("Wait up to this long (0 to 50) for the final state; ends when only deferred URLs are left.");

/** Providers that an argument names. A server with more products configured points to the list of them instead. */
const NAMED_PROVIDERS = 6;

/** Any text passes here; the domain checks the id, and its error lists the known ids. */
export function providerArgument(
  [example]: readonly string[],
  about = `Id of a provider${example === undefined ? "" : `, such as ${example}`}.`,
) {
  return z.string("must be a provider id").optional().describe(about);
}

/**
 * The configured providers, with what they are for where the id does not say it, and what a spending call without one means on this
 * server. An asset has no host that a route could match.
 */
export function spendProvider(kind: "urls" | "asset", providers: ToolDeps["providers"]) {
  const { configured, assetTakers, purposes } = providers;
  const able = kind === "urls" ? configured : assetTakers;
  // A provider whose id does not tell its use is always named, because a model cannot guess it.
  const [explained, plain] = [able.filter((id) => purposes.has(id)), able.filter((id) => !purposes.has(id))];
  const named = [...plain.slice(0, NAMED_PROVIDERS - explained.length), ...explained];
  const shown = named.map((id) => [id, purposes.get(id)].filter(Boolean).join(": "));
  const more = able.length > NAMED_PROVIDERS ? [`${able.length - NAMED_PROVIDERS} more in prefetch://providers`] : [];
  return providerArgument(able, `${[...shown, ...more].join(", ") || "No configured provider takes assets"}.${leftOut(kind, providers)}`);
}

function leftOut(kind: "urls" | "asset", { configured, assetTakers, fallbacks, routes }: ToolDeps["providers"]): string {
  const vendors = kind === "urls" ? configured.filter((id) => !fallbacks.includes(id)) : assetTakers;
  const [only = kind === "urls" ? fallbacks[0] : undefined, ...others] = vendors;
  if (kind === "asset" && others.length > 0) return " Left out: the one that knows the asset.";
  if (kind === "urls" && routes.length > 0) return " Left out, PREFETCH_ROUTES chooses by host.";
  if (others.length > 0) return " Required: several are configured.";
  return only === undefined ? "" : ` Left out: ${only}.`;
}

export const cursor = z.string("must be a string").optional().describe("next_cursor of the previous page.");

export const STREAMS = "streams: also warm what HLS and DASH manifests name.";

export const spendInputs = {
  on_quota_exceeded: z
    .enum(quotaPolicies, 'must be "reject", "partial" or "defer"')
    .default("reject")
    .describe(
      "If today's quota is too small: reject: send nothing; partial: send what fits, in list order; defer: and the rest on later days.",
    ),
  scope: z
    .enum(streamScopes, 'must be "startup", "full" or "manifests"')
    .optional()
    .describe(
      'Of streams, and implies expand "streams". startup (default): playlists, init segments and the first 30 s of every rendition.',
    ),
  dry_run: lenientBoolean("Plan and count the cost; send nothing."),
  force: lenientBoolean("Also send URLs of the last 10 minutes. Copies still valid stay: purge changed content first."),
  refresh_first: lenientBoolean(
    "For changed content: the vendor drops its copies, which takes minutes and quota of its own, then prefetches.",
  ),
  confirm: lenientBoolean("Only once the user agreed to what confirmation_required asks."),
  wait_seconds: waitSeconds.describe("Wait up to this long (0 to 50) for the final state, or for only deferred URLs."),
};
