import { z } from "zod";
import type { PrefetchError } from "../../../src/base/errors.ts";
import { parseJson, parseRetryAfter } from "../../../src/providers/kit/answer.ts";
import { type ErrorTable, type Meaning, meaningOfCode, meaningOfStatus } from "../../../src/providers/kit/error-table.ts";
import type { HttpResponse } from "../../../src/providers/kit/http-client.ts";
import { type FailureContext, reasonOf, type Vendor, vendorFailure } from "../../../src/providers/kit/vendor-failure.ts";

export const vendor: Vendor = { provider: "example-cdn", name: "Example CDN", requestIdHeader: "x-request-id", echo: /(?!)/ };

const badToken: Meaning = { code: "auth_failed", hint: "Check PREFETCH_EXAMPLE_CDN_TOKEN." };
const outage: Meaning = { code: "vendor_unavailable", retryable: true };
const byStatus = {
  exact: {
    401: badToken,
    403: badToken,
    404: { code: "not_found", hint: "Check the task id." },
    429: { code: "rate_limited", retryable: true },
    503: outage,
    504: { code: "timeout", retryable: true, delivery: "unknown" },
  },
  clientError: { code: "invalid_argument", hint: "Look the code up in the manual of Example CDN." },
  other: outage,
} as const;

const table: ErrorTable = {
  codes: new Map<string, Meaning>([
    ["UnknownDomain", { code: "forbidden_domain", hint: "Add the domain in the console of Example CDN." }],
    ["QuotaExceeded", { code: "quota_exhausted", hint: "Call again after midnight UTC." }],
  ]),
  unknownCode: { ...byStatus, serverError: outage },
  // A gateway can lose the answer to a request that the vendor carried out.
  noCode: { ...byStatus, serverError: { ...outage, delivery: "unknown" } },
};

const refusal = z.object({ code: z.string(), message: z.string() });

export function failureOf(response: HttpResponse, context: FailureContext): PrefetchError {
  const found = refusal.safeParse(parseJson(response.text)).data;
  const error = found && { ...found, requestId: undefined };
  const meaning = meaningOfCode(table, error?.code) ?? meaningOfStatus(table, response.status, error?.code);
  const reason = reasonOf(error, vendor, context.redact);
  const retryAfterMs = parseRetryAfter(response.headers["retry-after"], context.now);
  return vendorFailure(vendor, response, { error, meaning, reason, clockMatters: false, retryAfterMs }, context);
}
