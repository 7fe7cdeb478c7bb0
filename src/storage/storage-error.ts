/** Turns SQLite's errors into the errors that callers see, and tells passing failures from lasting ones. */

import { PrefetchError } from "../base/errors.ts";

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
/** Failures that end without a restart: another process releases its lock, or the disk gets room. */
const passing: readonly (number | undefined)[] = [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL];

/** The files of the open store are no longer what the server opened. */
export class StoreLostError extends Error {
  override readonly name = "StoreLostError";
}

export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

export function isReadOnly(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_READONLY;
}

/** Names the file and the failure, never the file's content. A `PrefetchError` passes unchanged. */
export function storageError(error: unknown, location: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  if (error instanceof StoreLostError) return lost(location, error.message);
  const code = sqliteCode(error);
  // A parser's error quotes the text that it cannot parse, and the log prints causes.
  return unusable(location, detailOf(error), { retryable: passing.includes(code), cause: code === undefined ? undefined : error });
}

export function unusable(
  location: string,
  why: string,
  facts: { readonly retryable?: boolean; readonly cause?: unknown } = {},
): PrefetchError {
  return new PrefetchError("store_unavailable", `The store ${location} cannot be used: ${why}.`, {
    hint: "Check the file, its folder's permissions and the free disk space, or name another place in PREFETCH_STORE.",
    ...facts,
  });
}

export function closedError(location: string): PrefetchError {
  return new PrefetchError("store_unavailable", `The store ${location} cannot be used: the server has closed it.`, {
    hint: "Start the server again.",
  });
}

/** A server that went on would spend quota that no later server knows of. */
function lost(location: string, what: string): PrefetchError {
  return new PrefetchError("store_unavailable", `The store ${location} cannot be used: ${what} while the server ran.`, {
    hint: "Nothing is admitted or sent until the server is restarted. Stop it, put the files or a backup back, and start it again. Without them it begins an empty store, which knows no earlier task and no spent quota.",
  });
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  // An extended result code has the primary code in its low byte.
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/** Messages of SQLite and the system quote no content; messages of parsers do. */
function detailOf(error: unknown): string {
  return error instanceof Error && "code" in error ? error.message : "its content is damaged";
}
