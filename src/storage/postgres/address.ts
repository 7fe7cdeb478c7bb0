/** Where the database is, and as whom to go there: an address such as `postgres://user@host/db`, and libpq's variables. */

import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { userInfo } from "node:os";
import { PrefetchError } from "../../base/errors.ts";

/** https://www.postgresql.org/docs/current/libpq-envars.html */
export interface PostgresVariables {
  readonly PGHOST?: string | undefined;
  readonly PGPORT?: string | undefined;
  readonly PGUSER?: string | undefined;
  readonly PGPASSWORD?: string | undefined;
  readonly PGDATABASE?: string | undefined;
  readonly PGSSLMODE?: string | undefined;
  readonly PGSSLROOTCERT?: string | undefined;
}

export interface PostgresAddress {
  /** A host name, an IP address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Without one, `pg` looks into the user's password file. */
  readonly password: string | undefined;
  readonly database: string;
  /** `undefined`: without TLS. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

export interface PostgresStore {
  readonly address: PostgresAddress;
  readonly schema: string;
  /** Most connections at once. Further uses wait for a free one. */
  readonly poolSize: number;
}

/** The modes of libpq, from https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
const modes: readonly string[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/** The modes that ask for TLS, also where this machine alone carries the bytes. */
const asking: readonly string[] = ["require", "verify-ca", "verify-full"];

/** What the address leaves out comes from the variables, then from libpq's defaults. Throws `invalid_argument`, without the address. */
export function readPostgresAddress(given: string, variables: PostgresVariables): PostgresAddress {
  const url = parsed(given);
  const host = unescaped(url.hostname).replace(/^\[|\]$/g, "") || (variables.PGHOST ?? "localhost");
  const user = unescaped(url.username) || (variables.PGUSER ?? userInfo().username);
  return {
    host,
    port: portFrom(url.port || variables.PGPORT),
    user,
    password: variables.PGPASSWORD,
    database: unescaped(url.pathname.slice(1)) || (variables.PGDATABASE ?? user),
    tls: tlsFor(host, variables),
  };
}

/** Names the database in errors and in the log. */
export function shownAddress({ host, port, user, database }: PostgresAddress): string {
  const place = isIP(host) === 6 ? `[${host}]` : encodeURIComponent(host);
  return `postgres://${encodeURIComponent(user)}@${place}:${port}/${encodeURIComponent(database)}`;
}

function parsed(given: string): URL {
  // Only this scheme's rules leave the host alone, and let it be empty.
  const url = URL.parse(given.replace(/^postgresql:/, "postgres:"));
  if (url?.protocol !== "postgres:") throw mistake("must be an address such as postgres://user@host/database");
  // Errors, the list of processes and the log show addresses.
  if (url.password !== "") throw mistake("must hold no password", "Set PGPASSWORD, or write the password into PGPASSFILE.");
  if (url.search !== "" || url.hash !== "") throw mistake("must end with the database", "Set libpq's variables, such as PGSSLMODE.");
  if (url.pathname.slice(1).includes("/")) throw mistake("must name one database, such as postgres://user@host/database");
  return url;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw mistake("has a % that begins no character");
  }
}

function portFrom(text: string | undefined): number {
  const port = Number(text ?? 5_432);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw mistake("needs a port from 1 to 65535", "Correct PGPORT.");
}

/** Every way that leaves the machine is encrypted, and its end proven, whatever weaker mode the variable names. */
function tlsFor(host: string, { PGSSLMODE: mode = "prefer", PGSSLROOTCERT: file }: PostgresVariables): PostgresAddress["tls"] {
  if (!modes.includes(mode)) throw mistake(`cannot be used with PGSSLMODE=${mode}`, `Name one of ${modes.join(", ")}.`);
  if (staysHere(host) && !asking.includes(mode)) return undefined;
  if (mode === "disable") throw mistake("names another machine, and PGSSLMODE=disable would send all that is stored unencrypted");
  return { ca: file === undefined || file === "system" ? undefined : certificatesIn(file) };
}

function staysHere(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function certificatesIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw mistake(`needs the file in PGSSLROOTCERT (${error instanceof Error ? error.message : String(error)})`);
  }
}

function mistake(what: string, hint = "Correct PREFETCH_STORE."): PrefetchError {
  return new PrefetchError("invalid_argument", `PREFETCH_STORE ${what}`, { hint });
}
