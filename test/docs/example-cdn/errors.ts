import { z } from "zod";
import { parseJson, parseRetryAfter } from "../../../src/providers/kit/answer.ts";
import type { ErrorTable, Meaning } from "../../../src/providers/kit/error-table.ts";
import { createVendorErrors } from "../../../src/providers/kit/vendor-errors.ts";

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
  // Beside a code that is not documented, only a 4xx proves a refusal.
  unknownCode: { ...byStatus, serverError: { ...outage, delivery: "unknown" }, other: { ...outage, delivery: "unknown" } },
  // A gateway can lose the answer to a request that the vendor carried out.
  noCode: { ...byStatus, serverError: { ...outage, delivery: "unknown" } },
};

const refusal = z.object({ code: z.string(), message: z.string() });

export const errors = createVendorErrors({
  vendor: { provider: "example-cdn", name: "Example CDN", requestIdHeader: "x-request-id", echo: /(?!)/ },
  table,
  read: (text) => {
    const found = refusal.safeParse(parseJson(text)).data;
    return found && { ...found, requestId: undefined };
  },
  judge: ({ response, meaning, now }) => {
    return { meaning, clockMatters: false, retryAfterMs: parseRetryAfter(response.headers["retry-after"], now) };
  },
});
