/** From a vendor's error answer to a `PrefetchError`: the error in the body, its meaning by code or status, and the vendor's own rules. */

import type { PrefetchError } from "../../base/errors.ts";
import { type ErrorTable, type Meaning, meaningOfCode, meaningOfStatus } from "./error-table.ts";
import type { HttpResponse } from "./http-client.ts";
import { type FailureContext, type Refusal, reasonOf, type Vendor, type VendorError, vendorFailure } from "./vendor-failure.ts";

export interface Judged {
  readonly response: HttpResponse;
  readonly meaning: Meaning;
  /** The table has a row for the vendor's code. */
  readonly isByCode: boolean;
  readonly reason: string;
  readonly now: number;
}

export interface ErrorDialect {
  readonly vendor: Vendor;
  readonly table: ErrorTable;
  /** The error in a body; `undefined` for a body without one. */
  readonly read: (text: string) => VendorError | undefined;
  /** What headers and texts add to the meaning. */
  readonly judge: (judged: Judged) => Pick<Refusal, "meaning" | "clockMatters" | "retryAfterMs">;
}

export interface VendorErrors extends Pick<ErrorDialect, "vendor" | "read"> {
  /** The error for an answer that is not a success. */
  failureOf(response: HttpResponse, context: FailureContext): PrefetchError;
}

export function createVendorErrors({ vendor, table, read, judge }: ErrorDialect): VendorErrors {
  return {
    vendor,
    read,
    failureOf: (response, context) => {
      const error = read(response.text);
      const byCode = meaningOfCode(table, error?.code);
      const meaning = byCode ?? meaningOfStatus(table, response.status, error?.code);
      const reason = reasonOf(error, vendor, context.redact);
      const judged = judge({ response, meaning, isByCode: byCode !== undefined, reason, now: context.now });
      return vendorFailure(vendor, response, { error, reason, ...judged }, context);
    },
  };
}
