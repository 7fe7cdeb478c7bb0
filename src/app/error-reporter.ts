/** Logs errors that happen outside a call's answer. */

import type { Logger } from "pino";
import { PrefetchError } from "../base/errors.ts";
import type { AdmitLine } from "../telemetry/log-limit.ts";

/** `about` names the activity that failed, such as "deleting old tasks". */
export type ReportError = (error: unknown, about: string) => void;

/** A chain of causes that is longer tells nothing more. */
const MOST_CAUSES = 3;

/** An expected error becomes an info line without a stack, and a few of a kind stand for all. Any other error is a bug and has its stack. */
export function createErrorReporter(log: Pick<Logger, "info" | "error">, admit: AdmitLine): ReportError {
  return (error, about) => {
    if (!(error instanceof PrefetchError) || error.code === "internal") {
      log.error({ about, err: error }, "unexpected error");
      return;
    }
    const { code, provider, vendorCode, requestId, message, hint, cause } = error;
    const notes = admit(`${about} ${code}`);
    if (!notes) return;
    log.info({ about, code, provider, vendorCode, requestId, hint, cause: causesOf(cause), ...notes }, message);
  };
}

/** The messages of the causes, such as "fetch failed: connect ECONNREFUSED 127.0.0.1:1"; `undefined` without a cause. */
function causesOf(cause: unknown): string | undefined {
  const messages: string[] = [];
  for (let each = cause; each instanceof Error && messages.length < MOST_CAUSES; each = each.cause) messages.push(each.message);
  return messages.length === 0 ? undefined : messages.join(": ");
}
