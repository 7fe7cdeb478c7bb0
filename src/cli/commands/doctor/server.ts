/** The HTTP server's authentication: the token list and OAuth. Shows no token and no hash. */

import { stat } from "node:fs/promises";
import { asPrefetchError } from "../../../base/errors.ts";
import { loadTokens, type Token } from "../../../transports/auth/tokens.ts";
import { isLoopback } from "../../../transports/http/options.ts";
import type { Config } from "../../read-config.ts";
import { type Finding, type Rows, rowsOf } from "./finding.ts";

/** Bits of a file's mode that let other users read or change it. */
const OTHER_USERS = 0o077;

export async function checkServer({ transport, server }: Pick<Config, "transport" | "server">, now: number): Promise<Finding[]> {
  const rows = rowsOf("server");
  const hasTokens = server.tokens !== undefined || server.tokensFile !== undefined;
  if (transport === "http") return [...describeEndpoint(server, hasTokens, rows), ...(hasTokens ? await checkList(server, now, rows) : [])];
  const says = "stdio: the MCP client starts the server, so no tokens are needed.";
  const unread = rows.skipped("tokens", "A token list is set. A server over stdio does not read it.", "Add --transport http to check it.");
  return [rows.ok("transport", says), ...(hasTokens ? [unread] : [])];
}

function describeEndpoint({ host, port, path, publicUrl, oauth }: Config["server"], hasTokens: boolean, rows: Rows): Finding[] {
  const endpoint = publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
  // On another host than loopback, that is a contradiction of the settings and has its row there.
  const isOpen = !hasTokens && !oauth && isLoopback(host);
  return [
    rows.ok("transport", `Streamable HTTP at ${endpoint}.`),
    ...(oauth ? [rows.ok("oauth", `Access tokens of ${oauth.issuer} for ${oauth.audience ?? endpoint} are accepted.`)] : []),
    ...(isOpen ? [rows.ok("tokens", "Without tokens and OAuth, each client on this machine has full access.")] : []),
  ];
}

async function checkList(server: Config["server"], now: number, rows: Rows): Promise<Finding[]> {
  const { tokensFile: file } = server;
  // `checkTokens` reads the file, and tells why it cannot be read.
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || !found || found.isDirectory()) return [checkTokens(server, now, rows)];
  if (found.isFile()) return [checkTokens(server, now, rows), checkPermissions(file, found.mode & 0o777, rows)];
  // Reading a named pipe can wait for ever, and takes its content away from the server.
  const says = `${file} is no regular file, so it was not read.`;
  return [rows.warning("tokens", says, "Name a regular file: SIGHUP makes the server read it again.")];
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

/** Windows has no such bits. */
function checkPermissions(file: string, mode: number, { ok, warning, skipped }: Rows): Finding {
  if (process.platform === "win32")
    return skipped("permissions", "Not checked on Windows.", "Make sure that only the server's user can read the list.");
  const shown = mode.toString(8);
  if ((mode & OTHER_USERS) === 0) return ok("permissions", `Only its owner can read ${file} (mode ${shown}).`);
  return warning("permissions", `Other users can read or change ${file} (mode ${shown}).`, "Run chmod 600 on it.");
}
