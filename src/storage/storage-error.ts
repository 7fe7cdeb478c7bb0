/** Turns SQLite's errors into the errors that callers see, and tells passing failures from lasting ones. */

import { PrefetchError } from "../base/errors.ts";

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
/** Failures that end without a restart: another process releases its lock, or the disk gets room. */
const passing: readonly (number | undefined)[] = [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL];

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
  const code = sqliteCode(error);
  return new PrefetchError("internal", `The store ${location} cannot be used: ${detailOf(error)}.`, {
    hint: "Check the file, its folder's permissions and the free disk space, or name another place in PREFETCH_STORE.",
    retryable: passing.includes(code),
    // A parser's error quotes the text that it cannot parse, and the log prints causes.
    cause: code === undefined ? undefined : error,
  });
}

export function closedError(location: string): PrefetchError {
  return new PrefetchError("internal", `The store ${location} cannot be used: the server has closed it.`, {
    hint: "Start the server again.",
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
