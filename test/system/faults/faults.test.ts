/** Runs each row of the fault tables over real sockets, and compares docs/faults.md with the observed outcomes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trusted } from "../harness/certificates-harness.ts";
import { codeGroups, entriesOf, entryOf, factsOf } from "./codes-harness.ts";
import type { Count, Fate, FaultRow } from "./row-harness.ts";
import { faultRows } from "./rows-harness.ts";
import { type Observed, runRow } from "./run-harness.ts";
import { fatesOf, renderTable } from "./table-harness.ts";
import type { ProviderId } from "./vendors-harness.ts";

const page = join(import.meta.dirname, "../../../docs/faults.md");

const usual = getCACertificates("default");
beforeAll(() => setDefaultCACertificates(trusted));
afterAll(() => setDefaultCACertificates(usual));

/** The circuit breaker's longest pause, five minutes, and a little: the last request comes at most this long after an outage. */
const LONGEST_PAUSE_MS = 330_000;

function nameOf({ section, fault, provider, codes: [code] = [] }: FaultRow): string {
  return [section, code === undefined ? fault : fault.replace("a code", code), provider].join(" · ");
}

/** The expectation when the count meets it, else the count, so that a failure shows both. */
function within(count: number, expected: Count): Count {
  if (typeof expected === "number") return count;
  const [least, most] = expected;
  return count >= least && count <= most ? expected : count;
}

/** The next step that a caller reads after each outcome but success. */
const advice: Readonly<Record<string, RegExp>> = {
  unknown: /may or may not have reached the vendor and are not sent again/,
  untracked: /outcome cannot be asked for/,
  processing: /gave no news just now, so this is the last known state: .+Ask get_prefetch_status again/,
  auth_failed: /because of the credentials or the setup: correct that first/,
  not_configured: /because of the credentials or the setup: correct that first/,
  quota_exhausted: /over quota: call again with those after 2026-11-2\dT16:00:00/,
  vendor_unavailable: /for reasons that usually pass: call again with those in a few minutes/,
  rate_limited: /for reasons that usually pass: call again with those in a few minutes/,
  queue_full: /for reasons that usually pass: call again with those in a few minutes/,
  timeout: /for reasons that usually pass: call again with those in a few minutes/,
};
const correctThem = /rejected: correct them as their reasons say and call again with just those/;

function adviceFor({ url, mates, others, final }: Observed): RegExp[] {
  if (!final) return advice.processing ? [advice.processing] : [];
  const troubled = [url, ...mates, ...others].filter(({ fate }) => fate !== "succeeded");
  if (troubled.length === 0) return [/^Nothing (is left to send|more to do)/];
  return troubled.map(({ fate, code = "" }) => advice[fate.startsWith("rejected") ? code : fate] ?? correctThem);
}

const outcomes = new Map<FaultRow, Observed>();

describe("fault", () => {
  it.for(faultRows.map((row) => [nameOf(row), row] as const))("%s", async ([, row]) => {
    const { expected } = row;
    const observed = await runRow(row);
    const { url, mates, others, vendorBooks, ledger } = observed;
    const wanted = {
      url: expected.url,
      mates: [expected.mates ?? expected.url],
      others: expected.others ?? (["succeeded"] satisfies Fate[]),
    };
    expect({
      url: url.fate,
      mates: fatesOf(mates),
      others: fatesOf(others),
      tries: within(observed.tries, expected.tries),
      accepted: observed.accepted,
    }).toEqual({
      ...wanted,
      tries: expected.tries,
      accepted: expected.acceptedTimes ?? (expected.accepted ? 1 : 0),
    });

    // No unit is spent twice.
    expect(observed.mostAccepted).toBeLessThanOrEqual(expected.acceptedTimes ?? 1);

    // The ledger agrees with the vendor's books on every day.
    const total = (books: ReadonlyMap<string, number>) => [...books.values()].reduce((sum, units) => sum + units, 0);
    expect(total(ledger) - total(vendorBooks)).toBe(expected.overcounted ?? 0);
    if (expected.overcounted === undefined) expect(ledger).toEqual(vendorBooks);
    if (expected.days)
      expect(Object.entries(expected.days).map(([day]) => [day, vendorBooks.get(day) ?? 0])).toEqual(Object.entries(expected.days));

    expect(observed.requests).toBeLessThanOrEqual(expected.requests);
    const over = Math.max(...row.commit.map(({ until = Number.POSITIVE_INFINITY }) => until));
    if (row.commit.length > 0) expect(observed.lastSent).toBeLessThanOrEqual(over + LONGEST_PAUSE_MS);

    // Reasons are sentences, and the next step fits the outcome.
    const reasons = [url, ...mates, ...others]
      .filter(({ fate }) => fate !== "succeeded" && fate !== "processing")
      .map(({ reason }) => reason);
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z0-9].{20,}\.$/s);
    for (const text of [...reasons, observed.nextStep]) expect(text).not.toMatch(/undefined|\[object|NaN|\.\.|\s\s/);
    const says = expected.says ?? [];
    if (says.length > 0) expect(reasons.filter((reason) => says.every((pattern) => pattern.test(reason)))).not.toEqual([]);
    for (const pattern of adviceFor(observed)) expect(observed.nextStep).toMatch(pattern);

    // The server logs no unexpected error and shows no secret.
    expect(observed.log.filter((line) => line.includes('"level":50') || line.includes('"level":60'))).toEqual([]);
    for (const secret of observed.secrets)
      for (const text of [...observed.said, ...observed.log]) expect(text.includes(secret)).toBe(false);

    outcomes.set(row, observed);
  });
});

describe("the fault tables", () => {
  it.each(["huawei-vod", "alibaba-vod", "tencent-cdn", "volcengine-cdn"] satisfies ProviderId[])(
    "have each of %s's codes exactly once",
    (provider) => {
      const entries = entriesOf(provider);
      expect(entries.length).toBeGreaterThan(30);
      const found = codeGroups
        .filter((group) => group.provider === provider)
        .flatMap(({ codes }) => codes.map((code) => entryOf(code, new Set(entries)) ?? code));
      expect(found.sort()).toEqual(entries.sort());
    },
  );

  it.each(codeGroups.map((group) => [group.codes[0], group] as const))("list only codes that mean the same as %s beside it", (_, group) => {
    const { provider, status, codes } = group;
    const facts = codes.map((code) => ({ code, ...factsOf(provider, status, code) }));
    expect(facts).toEqual(codes.map((code) => ({ code, ...factsOf(provider, status, codes[0]) })));
  });

  it("have no two rows of one name, and give a reason where a URL is accepted more than once", () => {
    expect(new Set(faultRows.map(nameOf)).size).toBe(faultRows.length);
    for (const { expected, why } of faultRows) if (expected.acceptedTimes !== undefined) expect(why).toMatch(/\S/);
  });

  it("are in docs/faults.md as observed", async ({ skip }) => {
    if (outcomes.size < faultRows.length) skip("Some rows failed or were not run.");
    const text = readFileSync(page, "utf8");
    const block = /(?<=<!-- faults -->\n).*?(?=<!-- \/faults -->)/s;
    expect(text).toMatch(block);
    await expect(text.replace(block, () => `${renderTable(outcomes)}\n`)).toMatchFileSnapshot(page);
  });
});
