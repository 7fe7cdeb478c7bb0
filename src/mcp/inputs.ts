/** Arguments that several tools share, and the leniency that hosts need. */

import { z } from "zod";
import { quotaPolicies } from "../prefetch/model/quota.ts";
import { expansions, streamScopes } from "../prefetch/model/stream.ts";

/** Some hosts send arrays as JSON text; that text, and nothing else, is taken for the array that it is. */
export function lenientArray<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => {
    if (typeof value !== "string" || !value.trim().startsWith("[")) return value;
    try {
      return JSON.parse(value);
    } catch {
      // Not JSON after all: the schema then says what it wants.
      return value;
    }
  }, schema);
}

/** Says "is missing" of what was not given, and otherwise what it must be. */
export function wanted(what: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) => (input === undefined ? `is missing; it must be ${what}` : `must be ${what}`),
  };
}

/** Likewise for numbers and booleans in quotes. */
export const lenientNumber = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value), schema);
const lenientBoolean = (about: string) =>
  z
    .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean("must be true or false").default(false))
    .describe(about);

export const waitSeconds = lenientNumber(
  z.number("must be a number of seconds").min(0, "must be 0 to 50").max(50, "must be 0 to 50").default(0),
).describe("Wait up to this long (0 to 50) for the final state.");

/** Which provider is asked is checked where providers are known, so that the error can list them. */
export const provider = z.string("must be a provider id").optional();

export const providerShown = (ids: readonly string[]) => provider.describe(`One of: ${ids.join(", ")}.`);

export const spendInputs = {
  on_quota_exceeded: z
    .enum(quotaPolicies, 'must be "reject", "partial" or "defer"')
    .default("reject")
    .describe(
      "If today's quota is too small: reject: send nothing; partial: send what fits, in list order; defer: and the rest on later days.",
    ),
  expand: z
    .enum(expansions, 'must be "none" or "streams"')
    .default("none")
    .describe("streams: warm what HLS and DASH manifests name, too."),
  scope: z
    .enum(streamScopes, 'must be "startup", "full" or "manifests"')
    .default("startup")
    .describe("Of streams. startup: playlists, init segments and the first 30 s of every rendition."),
  dry_run: lenientBoolean("Plan and count the cost; send nothing."),
  force: lenientBoolean("Send even what was sent in the last 10 minutes."),
  wait_seconds: waitSeconds,
};
