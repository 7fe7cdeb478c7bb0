/** Bearer tokens that the operator hands out. Only their hashes are known here. */

import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Scope, scopes } from "../../mcp/caller.ts";

export interface Token {
  readonly name: string;
  /** SHA-256. */
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly tenant: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expires: number | undefined;
}

const name = z.string("must be a text").regex(/^[\w.@-]{1,64}$/, "must be 1 to 64 letters, digits, or . _ - @");
const entry = z.strictObject({
  name,
  sha256: z
    .string("must be the token's SHA-256 in hexadecimal")
    .regex(/^[0-9a-f]{64}$/i, "must be the token's SHA-256 in hexadecimal, as sha256sum prints it"),
  scopes: z.array(z.enum(scopes, `must be among ${scopes.join(", ")}`), "must be an array of scopes").min(1, "must not be empty"),
  tenant: name.optional(),
  expires: z.iso.datetime({ offset: true, error: "must be a moment such as 2027-01-31T00:00:00Z" }).optional(),
});
const list = z.array(entry, "must be a JSON array of tokens").min(1, "names no token");

/** Reads a token list. `source` names where it comes from, for errors, which quote nothing of its content. */
export function readTokens(json: string, source: string): Token[] {
  const mistake = (message: string) =>
    new PrefetchError("invalid_argument", `${source}${message}`, { hint: "docs/streamable-http.md shows how tokens are written." });
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // The parser would quote what it could not read.
    throw mistake(" is not JSON");
  }
  const result = list.safeParse(parsed);
  if (!result.success) {
    const problems = result.error.issues.slice(0, 5).map((issue) => {
      if (issue.code === "unrecognized_keys") return `${issue.path.join(".")} has a key that is not known`;
      return [issue.path.join("."), issue.message].filter(Boolean).join(" ");
    });
    throw mistake(`: ${problems.join("; ")}`);
  }
  const tokens = result.data.map(
    ({ name, sha256, scopes, tenant, expires }): Token => ({
      name,
      hash: Buffer.from(sha256, "hex"),
      scopes,
      tenant,
      expires: expires === undefined ? undefined : Date.parse(expires),
    }),
  );
  for (const key of [(token: Token) => token.hash.toString("hex"), (token: Token) => token.name]) {
    if (new Set(tokens.map(key)).size < tokens.length) throw mistake(" names a token twice");
  }
  return tokens;
}

/** The token that was presented, if it is one of these. */
export function findToken(tokens: readonly Token[], presented: string): Token | undefined {
  const hash = createHash("sha256").update(presented).digest();
  // All of them are compared, so that the time it takes tells nothing.
  const [found] = tokens.filter((token) => timingSafeEqual(token.hash, hash));
  return found;
}
