/** Turns the errors of PostgreSQL and of the way to it into the errors that callers see. */

import { ZodError } from "zod";
import { PrefetchError } from "../../base/errors.ts";

/**
 * Classes of SQLSTATE that end without a change of the configuration: the connection, conflicts with other transactions, resources,
 * a server that starts or stops. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const passingClasses: readonly string[] = ["08", "40", "53", "55", "57"];
/** A transaction that stood still for too long, and a server that takes no writes: a standby, until it is promoted. */
const passingStates: readonly string[] = ["25P03", "25006"];
/** The messages of these classes name roles, databases and settings. Those of others may quote what is stored. */
const classesThatQuoteNothing: readonly string[] = [...passingClasses, "25", "28", "3D"];

/** Of the system, such as ECONNREFUSED; those of TLS begin otherwise, or name a fault of the certificate. */
const PASSING_CODE = /^E[A-Z]+$|^EAI_/;
/** Of the client, which gives no code. */
const PASSING_MESSAGE = /^Connection terminated|^Client has encountered|timeout|was rolled back/i;

const hints = new Map([
  ["28", "Check the user and the password: PREFETCH_STORE, PGUSER, PGPASSWORD or PGPASSFILE."],
  ["3D", "Create the database, or name another one in PREFETCH_STORE."],
  ["42501", "Let the user create a schema in the database, or create the schema and make the user its owner."],
  ["53", "Give the database room, or let it take more connections; PREFETCH_STORE_POOL bounds those of each process."],
]);
const HINT = "Check that the database runs and can be reached from here; calling again may help.";

/** `location` names the database without a password. A `PrefetchError` passes unchanged. */
export function postgresError(error: unknown, location: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  const state = sqlStateOf(error);
  const { why, retryable } = state === undefined ? withoutState(error) : ofState(state, error);
  const hint = (state !== undefined && (hints.get(state) ?? hints.get(state.slice(0, 2)))) || HINT;
  return new PrefetchError("store_unavailable", `The store ${location} cannot be used: ${why}.`, { hint, retryable });
}

export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) && "severity" in error ? error.code : undefined;
}

function ofState(state: string, error: unknown): { readonly why: string; readonly retryable: boolean } {
  const kind = state.slice(0, 2);
  const text = error instanceof Error && classesThatQuoteNothing.includes(kind) ? error.message : "a statement failed";
  return { why: `${text} (SQLSTATE ${state})`, retryable: passingClasses.includes(kind) || passingStates.includes(state) };
}

/** The system, TLS, or the client. The parsers of a stored row quote what they cannot parse. */
function withoutState(error: unknown): { readonly why: string; readonly retryable: boolean } {
  if (!(error instanceof Error) || error instanceof SyntaxError || error instanceof ZodError) {
    return { why: "its content is damaged", retryable: false };
  }
  const code = "code" in error ? String(error.code) : "";
  return { why: error.message || code, retryable: PASSING_CODE.test(code) || PASSING_MESSAGE.test(error.message) };
}
