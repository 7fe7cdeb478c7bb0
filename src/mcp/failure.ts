/** Turns errors into tool results that a model can act on. */

import type { CallToolResult } from "@modelcontextprotocol/server";
import { type ErrorCode, explain, type PrefetchError } from "../base/errors.ts";

/** Where the same call helps at another time. */
const later: Partial<Record<ErrorCode, string>> = {
  confirmation_required: "Without the user's word the same call fails again.",
  declined: "Calling again unchanged asks the user again.",
  quota_exhausted: "Calling again unchanged helps after the reset only.",
};

/** Code and cause, the next step, and whether the same call can succeed later. */
export function failureResult(error: PrefetchError, notice: string | undefined): CallToolResult {
  const retry = error.retryable ? "Calling again may help." : (later[error.code] ?? "Calling again unchanged will not help.");
  const lines = [`${error.code}: ${explain(error)}`, retry, notice].filter((line) => line !== undefined);
  return { isError: true, content: [{ type: "text", text: lines.join("\n") }] };
}

/** The client cancelled the call or closed its connection. */
export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return (signal.aborted && error === signal.reason) || (error instanceof Error && error.name === "AbortError");
}
