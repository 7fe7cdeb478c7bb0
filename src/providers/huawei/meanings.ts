/** What errors of Huawei Cloud mean, with the advice for one product. */

import type { Meaning } from "../kit/error-table.ts";

/** What the advice names. */
export interface Advice {
  /** Provider id, such as `huawei-vod`. */
  readonly id: string;
  /** Completes "Grant the user …". */
  readonly permissions: string;
  /** What to check when credentials, project and endpoint do not fit: a sentence. */
  readonly setupHint: string;
  /** What to check about a refused argument: a sentence. */
  readonly argumentHint: string;
  /** The domains whose URLs the product takes: a sentence. */
  readonly domainHint: string;
  /** The vendor lists tasks, so its records tell whether a request with a fault was done. */
  readonly traceable?: true;
}

export type Meanings = ReturnType<typeof meaningsFor>;

export function meaningsFor({ id, permissions, setupHint, argumentHint, domainHint, traceable }: Advice) {
  return {
    invalid: { code: "invalid_argument", divisible: true, hint: argumentHint },
    fault: {
      code: "vendor_unavailable",
      retryable: true,
      ...(traceable && { delivery: "unknown" }),
      hint: "The vendor has a fault, which usually passes. Call again later.",
    },
    denied: { code: "auth_failed", lacksRight: true, hint: `Grant the user ${permissions}.` },
    deniedAddress: { code: "auth_failed", hint: "The vendor refuses this machine's address. Check the access rules of the account." },
    wrongCredentials: {
      code: "auth_failed",
      hint: `Check the credentials of ${id}. Huawei Cloud locks keys that fail repeatedly.`,
    },
    account: {
      code: "auth_failed",
      hint: "The Huawei Cloud account needs attention: real-name check, arrears or activation. See its console.",
    },
    setup: { code: "not_configured", hint: setupHint },
    foreignDomain: { code: "forbidden_domain", hint: domainHint },
    domainInSetup: {
      code: "vendor_unavailable",
      retryable: true,
      retryAfterMs: 120_000,
      hint: "The domain is being configured; this takes minutes.",
    },
    quota: { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Huawei Cloud for a higher quota." },
    throttled: { code: "rate_limited", retryable: true },
    gone: { code: "vendor_unavailable", hint: "Huawei Cloud has taken this function offline. See its announcements." },
    /** The gateway has stopped waiting, but the service behind it may have done the request. */
    gatewayTimeout: { code: "timeout", retryable: true, delivery: "unknown" },
  } as const satisfies Record<string, Meaning>;
}
