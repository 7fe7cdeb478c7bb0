/** The lookup of a vendor's error table. */

import { describe, expect, it } from "vitest";
import { type ErrorTable, type Meaning, meaningOfCode, meaningOfStatus } from "../../../src/providers/kit/error-table.ts";

const throttled: Meaning = { code: "rate_limited", retryable: true };
const denied: Meaning = { code: "auth_failed" };
const suspended: Meaning = { code: "auth_failed", hint: "Pay." };
const invalid: Meaning = { code: "invalid_argument" };
const fault: Meaning = { code: "vendor_unavailable", retryable: true };
const other: Meaning = { code: "vendor_unavailable" };
const proxyFault: Meaning = { ...fault, delivery: "unknown" };

const unknownCode = { exact: { 403: denied, 429: throttled }, clientError: invalid, serverError: fault, other };
const table: ErrorTable = {
  codes: new Map([
    ["Denied", denied],
    ["Denied.Suspended", suspended],
  ]),
  unknownCode,
  noCode: { ...unknownCode, serverError: proxyFault },
};

describe("meaningOfCode", () => {
  it.each([
    ["Denied", denied],
    ["Denied.New", denied],
    ["Denied.Suspended", suspended],
    ["Denied.Suspended.New", suspended],
    ["Denied.", denied],
    ["Denials", undefined],
    ["Suspended", undefined],
    [".", undefined],
    ["", undefined],
    ["constructor", undefined],
    [undefined, undefined],
  ])("takes the most specific row for %j", (code, meaning) => {
    expect(meaningOfCode(table, code)).toBe(meaning);
  });

  it("looks up a hostile code of a million parts at once", () => {
    // Without the limit on its length, this code takes minutes and exceeds the test's timeout.
    expect(meaningOfCode(table, "a.".repeat(1_000_000))).toBeUndefined();
  });
});

describe("meaningOfStatus", () => {
  it.each([
    [403, denied],
    [429, throttled],
    [400, invalid],
    [499, invalid],
    [500, fault],
    [599, fault],
    [200, other],
    [302, other],
  ])("takes the row or the class of status %i", (status, meaning) => {
    expect(meaningOfStatus(table, status, "Unknown")).toBe(meaning);
  });

  it("takes the rows for answers without a code when there is none", () => {
    expect(meaningOfStatus(table, 500, undefined)).toBe(proxyFault);
    expect(meaningOfStatus(table, 403, undefined)).toBe(denied);
  });
});
