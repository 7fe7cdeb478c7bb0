/** The HTTP server's authentication: the token list and OAuth. Shows no token and no hash. */

import { stat } from "node:fs/promises";
import { asPrefetchError } from "../../../base/errors.ts";
import { loadTokens, type Token } from "../../../transports/auth/tokens.ts";
import type { Config } from "../../read-config.ts";
import { type Finding, type Rows, rowsOf } from "./finding.ts";

/** Bits of a file's mode that let other users read or change it. */
const OTHER_USERS = 0o077;

export async function checkServer({ transport, server }: Pick<Config, "transport" | "server">, now: number): Promise<Finding[]> {
  const rows = rowsOf("server");
  const { tokens, tokensFile, oauth, host, port, path } = server;
  const hasTokens = tokens !== undefined || tokensFile !== undefined;
  if (transport !== "http") {
    const says = "stdio: the MCP client starts the server, so no tokens are needed.";
    const unread = rows.skipped(
      "tokens",
      "A token list is set. A server over stdio does not read it.",
      "Add --transport http to check it.",
    );
    return [rows.ok("transport", says), ...(hasTokens ? [unread] : [])];
  }
  const endpoint = server.publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
  const open = rows.ok("tokens", "Without tokens and OAuth, each client on this machine has full access.");
  return [
    rows.ok("transport", `Streamable HTTP at ${endpoint}.`),
    ...(hasTokens ? [checkTokens(server, now, rows)] : []),
    ...(tokensFile === undefined ? [] : await checkPermissions(tokensFile, rows)),
    ...(oauth ? [rows.ok("oauth", `Access tokens of ${oauth.issuer} for ${oauth.audience ?? endpoint} are accepted.`)] : []),
    ...(hasTokens || oauth ? [] : [open]),
  ];
}

function checkTokens(server: Config["server"], now: number, rows: Rows): Finding {
  try {
    return describeTokens(loadTokens(server), now, rows);
  } catch (error) {
    return rows.error("tokens", asPrefetchError(error));
  }
}

function describeTokens(tokens: readonly Token[], now: number, { ok, warning }: Rows): Finding {
  const expired = tokens.filter(({ expires }) => expires !== undefined && expires <= now).length;
  const says = `The list can be read and holds ${tokens.length} ${tokens.length === 1 ? "token" : "tokens"}`;
  if (expired === 0) return ok("tokens", `${says}.`);
  return warning("tokens", `${says}, ${expired} of them expired.`, "Issue new tokens, or remove the expired entries from the list.");
}

/** Windows has no such bits. A list that cannot be read has its row already. */
async function checkPermissions(file: string, { ok, warning, skipped }: Rows): Promise<Finding[]> {
  if (process.platform === "win32")
    return [skipped("permissions", "Not checked on Windows.", "Make sure that only the server's user can read it.")];
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return [];
  const mode = (found.mode & 0o777).toString(8);
  if ((found.mode & OTHER_USERS) === 0) return [ok("permissions", `Only its owner can read ${file} (mode ${mode}).`)];
  return [warning("permissions", `Other users can read or change ${file} (mode ${mode}).`, `Run chmod 600 on it.`)];
}
