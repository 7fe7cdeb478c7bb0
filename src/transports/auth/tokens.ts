/** Bearer tokens that the operator issues. The list holds their hashes only, so a leaked list gives no access. */

import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type Scope, scopes } from "../../mcp/caller.ts";

/** At most one of them is set. */
export interface TokenSource {
  /** Path of a token list. */
  readonly tokensFile: string | undefined;
  /** The text of a token list. */
  readonly tokens: string | undefined;
}

export interface Token {
  readonly name: string;
  /** SHA-256. */
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly tenant: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expires: number | undefined;
}

const MOST_PROBLEMS = 5;
const hint = "Correct the list as docs/streamable-http.md shows, then start the server or send SIGHUP again.";

const name = z.string("must be a text").regex(/^[\w.@-]{1,64}$/, "must be 1 to 64 letters, digits, or . _ - @");
const entry = z.strictObject({
  name,
  sha256: z
    .string("must be the token's SHA-256 in hexadecimal")
    .regex(/^[0-9a-f]{64}$/i, "must be the token's SHA-256 in hexadecimal, as sha256sum prints it"),
  scopes: z.array(z.enum(scopes, `must be among ${scopes.join(", ")}`), "must be an array of scopes").min(1, "must not be empty"),
  tenant: name.optional(),
  expires: z.iso.datetime({ offset: true, error: "must be a time such as 2027-01-31T00:00:00Z" }).optional(),
});
const list = z.array(entry, "must be a JSON array of tokens").min(1, "names no token");

/** Throws `invalid_argument` for a list that is missing, unreadable or malformed. */
export function loadTokens({ tokens, tokensFile }: TokenSource): Token[] {
  if (tokens !== undefined) return readTokens(tokens, "PREFETCH_SERVER_TOKENS");
  if (tokensFile === undefined) return [];
  let text: string;
  try {
    text = readFileSync(tokensFile, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
    throw new PrefetchError("invalid_argument", `PREFETCH_SERVER_TOKENS_FILE: ${tokensFile} cannot be read${code}`, {
      hint: "Check the path and its permissions, then start the server or send SIGHUP again.",
      cause,
    });
  }
  return readTokens(text, `PREFETCH_SERVER_TOKENS_FILE ${tokensFile}`);
}

/** `source` names the list in errors. Errors quote nothing of the list, because it may hold a token in clear by mistake. */
export function readTokens(json: string, source: string): Token[] {
  const result = list.safeParse(parseJson(json, source));
  if (!result.success) throw new PrefetchError("invalid_argument", `${source}: ${problemsIn(result.error)}`, { hint });
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
    if (new Set(tokens.map(key)).size < tokens.length)
      throw new PrefetchError("invalid_argument", `${source} names a token twice`, { hint });
  }
  return tokens;
}

function parseJson(json: string, source: string): unknown {
  try {
    // Editors on Windows start files with a byte order mark, which JSON does not allow.
    return JSON.parse(json.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own message would quote the list.
    throw new PrefetchError("invalid_argument", `${source} is not JSON`, { hint });
  }
}

function problemsIn({ issues }: z.ZodError): string {
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => {
    if (issue.code === "unrecognized_keys") return `${issue.path.join(".")} has a key that is not known`;
    return [issue.path.join("."), issue.message].filter(Boolean).join(" ");
  });
  return problems.join("; ");
}

/** The entry of the list whose hash is the hash of `presented`. */
export function findToken(tokens: readonly Token[], presented: string): Token | undefined {
  const hash = createHash("sha256").update(presented).digest();
  // It compares every entry, so that its duration reveals nothing about the match.
  const [found] = tokens.filter((token) => timingSafeEqual(token.hash, hash));
  return found;
}
