/** Logs errors that happen outside a call's answer. */

import type { Logger } from "pino";
import { PrefetchError } from "../base/errors.ts";

/** `about` names the activity that failed, such as "deleting old tasks". */
export type ReportError = (error: unknown, about: string) => void;

/** An expected error becomes a warning; any other error is a bug and is logged with its stack. */
export function createErrorReporter(log: Logger): ReportError {
  return (error, about) => {
    if (error instanceof PrefetchError) {
      const { code, vendorCode, requestId, message } = error;
      log.warn({ about, code, vendorCode, requestId, err: error.cause }, message);
    } else log.error({ about, err: error }, "unexpected error");
  };
}
