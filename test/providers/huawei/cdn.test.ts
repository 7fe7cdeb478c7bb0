/** Huawei Cloud CDN keeps the provider contract with each kind of credentials, and has behaviour of its own. */

import { afterEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import type { BatchContent } from "../../../src/prefetch/model/provider.ts";
import { cdn as product } from "../../../src/providers/huawei/cdn-product.ts";
import { createErrors } from "../../../src/providers/huawei/errors.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { HOUR, handClock, MINUTE } from "../clock-harness.ts";
import { type CdnHarness, type CdnSetup, host, startCdn, urls } from "./cdn-harness.ts";
import { credentialKinds, secretsIn } from "./harness.ts";

const batch = (count: number, from = 0): BatchContent => ({ kind: "urls", urls: urls(count, from) });

/** A refusal in the shape of CDN's, with the date of an unmoved clock: a 401 with the real date would look like a wrong clock. */
function refusal(status: number, code: string, message = "The vendor's reason."): Fault {
  const date = new Date(handClock().now()).toUTCString();
  return { kind: "answer", status, headers: { date }, body: JSON.stringify({ error: { error_code: code, error_msg: message } }) };
}

async function contractHarness(setup: CdnSetup, part: "prefetch" | "refresh" = "prefetch"): Promise<ProviderHarness> {
  const harness = await startCdn(setup);
  const { cdn, provider: prefetch, clock, count, credentials } = harness;
  // This query makes the login happen before a test injects a fault.
  await prefetch.quota?.(countingCall());
  return {
    provider: (part === "refresh" && prefetch.refresh) || prefetch,
    sampleUrls: (count) => urls(count),
    foreignUrl: "https://foreign.example.org/a.mp4",
    badUrl: `https://${host}/malformed.mp4`,
    unknownTaskId: "1",
    unknownTask: "not_found",
    secrets: secretsIn(credentials),
    inject: (rule) => cdn.inject(rule),
    refusalSaying: (text) => refusal(400, "CDN.0001", text),
    receivedSubmits: () => count("POST", /-tasks$/),
    receivedQueries: () => count("GET", /\/detail$/),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    unknownState: (url) => ({ kind: "garble", body: JSON.stringify({ total: 1, urls: [{ url, status: "wonderful", task_id: "7" }] }) }),
    stopVendor: harness.stopVendor,
    ...(credentials.kind !== "token" && {
      lockCredentials: async () => {
        const fault = refusal(401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail");
        cdn.inject({ fault, times: credentials.kind === "password" ? 2 : 1 });
        await failureOf(prefetch.submit(batch(1), countingCall()));
      },
    }),
    close: harness.close,
  };
}

for (const kind of credentialKinds) {
  providerContract({ name: `huawei-cdn with ${kind}`, start: () => contractHarness({ kind }) });
}
providerContract({ name: "huawei-cdn-refresh", start: () => contractHarness({}, "refresh") });

let harness: CdnHarness | undefined;
afterEach(() => harness?.close());

const start = async (setup: CdnSetup = {}): Promise<CdnHarness> => {
  harness = await startCdn(setup);
  return harness;
};

describe("a task", () => {
  it("has all of its 1,000 rows, in the vendor's words", async () => {
    const { provider, clock, count } = await start();
    const mixed = [...urls(999), `https://${host}/fail.mp4`];
    const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: mixed }, countingCall());
    clock.advance(HOUR);
    const rows = (await provider.status?.({ vendorTaskIds }, countingCall())) ?? [];
    expect(rows).toHaveLength(1_000);
    expect(rows.filter(({ state }) => state === "succeeded")).toHaveLength(999);
    const reason = 'Huawei Cloud reports "ORIGIN_ERROR: The origin answers with an error.".';
    expect(rows.at(-1)).toMatchObject({ state: "failed", vendorState: "failed", reason });
    expect(count("GET", /\/detail$/)).toBe(1);
  });

  it("is not found when the vendor says that it belongs to another account", async () => {
    const { provider } = await start();
    const error = await failureOf(Promise.resolve(provider.status?.({ vendorTaskIds: ["77"] }, countingCall())));
    expect(error).toMatchObject({ code: "not_found", vendorCode: "CDN.0108", provider: "huawei-cdn" });
  });

  it("is forgotten after 7 days", async () => {
    const { provider, clock } = await start();
    const { vendorTaskIds } = await provider.submit(batch(1), countingCall());
    clock.advance(8 * 24 * HOUR);
    expect(await failureOf(Promise.resolve(provider.status?.({ vendorTaskIds }, countingCall())))).toMatchObject({ code: "not_found" });
  });
});

describe("a request", () => {
  it("names the account and the enterprise project where they are set", async () => {
    const { another, cdn } = await start({ emulator: { enterpriseProject: "0aad99bc-f5f6-4f78-8404-c598d76b0ed2" } });
    const denied = await failureOf(another().submit(batch(1), countingCall()));
    expect(denied).toMatchObject({ code: "auth_failed", vendorCode: "CDN.0020", delivery: "refused" });
    expect(denied.hint).toContain("PREFETCH_HUAWEI_CDN_ENTERPRISE_PROJECT");
    const project = { enterpriseProject: "0aad99bc-f5f6-4f78-8404-c598d76b0ed2", domainId: "a".repeat(32) };
    const provider = another(project);
    const { vendorTaskIds } = await provider.submit(batch(1), countingCall());
    expect(await provider.status?.({ vendorTaskIds }, countingCall())).toHaveLength(1);
    expect(cdn.spentToday).toBe(1);
  });

  it("is refused in an answer with HTTP 200", async () => {
    const { provider } = await start({ emulator: { dailyLimit: 1 } });
    expect(await failureOf(provider.submit(batch(2), countingCall()))).toMatchObject({
      code: "quota_exhausted",
      vendorCode: "CDN.0110",
      delivery: "refused",
    });
  });

  it("has the delivery unknown when an undocumented code comes with HTTP 200", async () => {
    const { provider, cdn } = await start();
    cdn.inject({ fault: refusal(200, "CDN.9999") });
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it("has a quota of its own for refreshes", async () => {
    const { provider } = await start();
    await provider.submit(batch(3), countingCall());
    await provider.refresh?.submit(batch(2), countingCall());
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 997 });
    expect(await provider.refresh?.quota?.(countingCall())).toEqual({ limit: 2_000, remaining: 1_998 });
  });
});

describe("the list of domains", () => {
  it("has wildcards, all pages, and which domains are in service", async () => {
    const many = Array.from({ length: 1_200 }, (_, index) => `h${index}.example.org`);
    const domains = [host, "*.wild.example.com", "old.example.com", "new.example.com", ...many];
    const { provider, cdn, count } = await start({
      emulator: { domains, domainStates: { "old.example.com": "offline", "new.example.com": "configuring" } },
    });
    const found = (await provider.hosts?.(countingCall())) ?? [];
    expect(found.slice(0, 4)).toEqual([
      { pattern: host, active: true },
      { pattern: "*.wild.example.com", active: true },
      { pattern: "old.example.com", active: false },
      { pattern: "new.example.com", active: true },
    ]);
    expect(found.slice(4).map(({ pattern }) => pattern)).toEqual(many);
    expect(count("GET", /\/domains$/)).toBe(3);
    const banned = { total: 1, domains: [{ domain_name: host, domain_status: "online", disabled: 1 }] };
    cdn.inject({ fault: { kind: "garble", body: JSON.stringify(banned) } });
    expect(await provider.hosts?.(countingCall())).toEqual([{ pattern: host, active: false }]);
  });

  it("is of the enterprise project, and names the right that it needs", async () => {
    const enterpriseProject = "0aad99bc-f5f6-4f78-8404-c598d76b0ed2";
    const { another } = await start({ emulator: { enterpriseProject } });
    const error = await failureOf(Promise.resolve(another().hosts?.(countingCall())));
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "CDN.0020" });
    expect(error.hint).toMatch(/cdn:configuration:queryDomains.*PREFETCH_HUAWEI_CDN_ENTERPRISE_PROJECT/);
    expect(await another({ enterpriseProject }).hosts?.(countingCall())).toEqual([{ pattern: host, active: true }]);
  });
});

describe("a request whose answer was lost", () => {
  it("is found among other tasks on several pages of records", async () => {
    const { provider, cdn, clock } = await start();
    const sentAt = clock.now();
    await provider.submit(batch(150, 1_000), countingCall());
    cdn.inject({ fault: { kind: "reset", when: "after" } });
    await failureOf(provider.submit(batch(60), countingCall()));
    const sent = { notBefore: sentAt, elapsedMs: 0 };
    const found = await provider.findSubmitted?.(batch(60), sent, countingCall());
    expect(found).toMatchObject({ state: "found", vendorTaskIds: ["7620241"] });
    // A refresh of the same URLs is no prefetch.
    expect(await provider.refresh?.findSubmitted?.(batch(60), sent, countingCall())).toEqual({ state: "unclear" });
  });

  it("is unclear when the records no longer reach back to it", async () => {
    const { provider, clock } = await start();
    const sent = { notBefore: clock.now() - 24 * HOUR, elapsedMs: 24 * HOUR };
    expect(await provider.findSubmitted?.(batch(1), sent, countingCall())).toEqual({ state: "unclear" });
  });
});

/** The documented codes, each with its status. */
const documented: readonly (readonly [code: string, status: number, meaning: ErrorCode, facts: object])[] = [
  ["CDN.0000", 500, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["CDN.0001", 400, "invalid_argument", { divisible: true }],
  ["CDN.0002", 401, "auth_failed", {}],
  ["CDN.0003", 404, "not_found", {}],
  ["CDN.0004", 403, "auth_failed", {}],
  ["CDN.0005", 200, "quota_exhausted", {}],
  ["CDN.0020", 403, "auth_failed", {}],
  ["CDN.0021", 403, "auth_failed", {}],
  ...["0101", "0104", "0105", "0106", "0107", "0108", "0109", "0115", "0116", "0117", "0145", "0163", "0401", "0414"].map(
    (number) => [`CDN.${number}`, 200, "forbidden_domain", {}] as const,
  ),
  ["CDN.0110", 200, "quota_exhausted", {}],
  ["CDN.0114", 200, "auth_failed", {}],
  ["CDN.0127", 200, "invalid_argument", { divisible: true }],
  ["CDN.0201", 200, "invalid_argument", { divisible: true }],
  ["APIGW.0101", 404, "not_configured", {}],
  ["APIGW.0301", 401, "auth_failed", {}],
  ["APIGW.0308", 429, "rate_limited", { retryable: true }],
  ["APIGW.0601", 500, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
];

describe("a code of huawei-cdn", () => {
  const { failureOf: read } = createErrors(product);
  const context = { action: "the prefetch", intent: "spend", redact: createRedactor([]), now: 0 } as const;

  it.each(documented)("%s (HTTP %i) means %s", (code, status, meaning, facts) => {
    const text = JSON.stringify({ error: { error_code: code, error_msg: "Why." } });
    const error = read({ status, headers: {}, text }, context);
    const usual = { retryable: false, divisible: false, delivery: "refused" };
    expect(error).toMatchObject({ code: meaning, provider: "huawei-cdn", vendorCode: code, ...usual, ...facts });
    if (meaning !== "rate_limited") expect(error.hint).toMatch(/\S/);
    expect(error.hint ?? "").not.toMatch(/VOD|asset/);
  });
});
