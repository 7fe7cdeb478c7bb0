/** Volcengine CDN and BytePlus CDN keep the provider contract, and have behaviour of their own. */

import { afterEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import type { BatchContent } from "../../../src/prefetch/model/provider.ts";
import { createErrors, errorTable } from "../../../src/providers/volcengine/errors.ts";
import { sites } from "../../../src/providers/volcengine/sites.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { HOUR, MINUTE } from "../clock-harness.ts";
import { enveloped, host, refusal, type Setup, sessionToken, startVolcengine, urls, type VolcengineHarness } from "./harness.ts";

const batch = (count: number, from = 0): BatchContent => ({ kind: "urls", urls: urls(count, from) });
const garbled = (Result: object) => ({ kind: "garble", body: JSON.stringify({ ResponseMetadata: {}, Result }) }) as const;

async function contractHarness(setup: Setup, part: "prefetch" | "refresh" = "prefetch"): Promise<ProviderHarness> {
  const harness = await startVolcengine(setup);
  const { vendor, clock, count, provider: prefetch } = harness;
  return {
    provider: (part === "refresh" && prefetch.refresh) || prefetch,
    sampleUrls: (count) => urls(count),
    foreignUrl: "https://foreign.example.org/a.mp4",
    badUrl: `https://${host}/malformed.mp4`,
    unknownTaskId: "prefetch_url_1",
    unknownTask: "empty",
    secrets: Object.values(vendor.user).map(String),
    inject: (rule) => vendor.inject(rule),
    refusalSaying: (text) => refusal(200, "InvalidParameter", text),
    receivedSubmits: () => count("SubmitPreloadTask", "SubmitRefreshTask"),
    receivedQueries: () => count("DescribeContentTasks"),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    unknownState: (url) => garbled({ Data: [{ TaskID: "1", Url: url, Status: "wonderful" }], Total: 1 }),
    stopVendor: harness.stopVendor,
    close: harness.close,
  };
}

providerContract({ name: "volcengine-cdn", start: () => contractHarness({}) });
providerContract({ name: "volcengine-cdn-refresh", start: () => contractHarness({}, "refresh") });
providerContract({
  name: "volcengine-cdn at BytePlus, with temporary keys and refusals of status 400",
  start: () => contractHarness({ site: "byteplus", emulator: { user: { sessionToken }, refusalStatus: 400 } }),
});

let harness: VolcengineHarness | undefined;
afterEach(() => harness?.close());

const start = async (setup: Setup = {}): Promise<VolcengineHarness> => {
  harness = await startVolcengine(setup);
  return harness;
};

describe("a request", () => {
  it("has the URLs as a list, and the area where it is set", async () => {
    const { provider, another, lastBody } = await start();
    await provider.submit(batch(2), countingCall());
    expect(lastBody("SubmitPreloadTask")).toEqual({ UrlList: urls(2) });
    await another({ area: "global" }).submit(batch(1), countingCall());
    expect(lastBody("SubmitPreloadTask")).toEqual({ UrlList: urls(1), Area: "global" });
    await provider.refresh?.submit(batch(1), countingCall());
    expect(lastBody("SubmitRefreshTask")).toEqual({ UrlList: urls(1), Type: "file" });
  });

  it("takes task ids and counts that are numbers or texts", async () => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: garbled({ TaskID: 77, CommitNum: "1" }) });
    expect(await provider.submit(batch(1), countingCall())).toMatchObject({ vendorTaskIds: ["77"], refused: [] });
    vendor.inject({ fault: garbled({ Data: [{ TaskID: 77, Url: urls(1)[0], Status: "complete", Process: 100 }], Total: "1" }) });
    const rows = await provider.status?.({ vendorTaskIds: ["77"] }, countingCall());
    expect(rows).toMatchObject([{ state: "succeeded", vendorState: "complete 100%" }]);
    vendor.inject({ fault: garbled({ PreloadQuota: "1000", PreloadRemain: "7" }) });
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 7 });
  });

  it.each([{}, { TaskID: "" }, { TaskID: null }, { TaskID: "a b" }])("has the delivery unknown when its answer is %j", async (result) => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: garbled(result) });
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it("is signed once more, by the vendor's clock, when this machine's is wrong", async () => {
    const { provider, clock, vendor, count } = await start();
    const behind = { ...clock, now: () => clock.now() - HOUR };
    const wrong = harness?.another({ clock: behind }) ?? provider;
    expect((await wrong.submit(batch(1), countingCall())).vendorTaskIds).toHaveLength(1);
    expect(vendor.log.map(({ code }) => code)).toEqual(["InvalidTimestamp", undefined]);
    await wrong.submit(batch(1), countingCall());
    expect(count("SubmitPreloadTask")).toBe(3);
  });

  it("has its own quota for refreshes", async () => {
    const { provider } = await start();
    await provider.submit(batch(3), countingCall());
    await provider.refresh?.submit(batch(2), countingCall());
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 997, urlsPerRequest: 100 });
    expect(await provider.refresh?.quota?.(countingCall())).toEqual({ limit: 10_000, remaining: 9_998, urlsPerRequest: 100 });
  });
});

describe("a refusal", () => {
  it("is one at HTTP 200, too, and its code decides", async () => {
    const { provider } = await start({ emulator: { dailyLimit: 1 } });
    const error = await failureOf(provider.submit(batch(2), countingCall()));
    expect(error).toMatchObject({ code: "quota_exhausted", vendorCode: "InvalidParameter.NoActionQuota", delivery: "refused" });
  });

  it.each([200, 400] as const)(
    "with an unknown code and HTTP %i means a used-up quota when the vendor counts no units left",
    async (status) => {
      const { provider } = await start({ emulator: { dailyLimit: 1, quotaCode: "NeverHeardOf", refusalStatus: status } });
      const some = await failureOf(provider.submit(batch(2), countingCall()));
      expect(some).toMatchObject({ code: "invalid_argument", vendorCode: "NeverHeardOf", divisible: true, delivery: "refused" });
      await provider.submit(batch(1), countingCall());
      const none = await failureOf(provider.submit(batch(2), countingCall()));
      expect(none).toMatchObject({ code: "quota_exhausted", vendorCode: "NeverHeardOf", divisible: false, retryable: false });
      expect(none.hint).toMatch(/\S/);
    },
  );

  it("keeps its meaning when the count of the quota fails", async () => {
    const { provider, vendor } = await start();
    vendor.inject({ action: "SubmitPreloadTask", fault: refusal(200, "NeverHeardOf") });
    vendor.inject({ action: "DescribeContentQuota", fault: refusal(403, "AccessDenied") });
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({
      code: "invalid_argument",
      vendorCode: "NeverHeardOf",
    });
  });

  it.each([
    ["the STS token has expired", { user: { sessionToken: "another" } }, { securityToken: "expired" }, "auth_failed", "InvalidSecretToken"],
    ["permanent keys carry a token", {}, { securityToken: "foreign" }, "auth_failed", "InvalidSecretToken"],
    ["the key is disabled", { isKeyDisabled: true }, {}, "auth_failed", "InvalidAccessKey"],
    ["the secret is wrong", {}, { secret: "wrong" }, "auth_failed", "SignatureDoesNotMatch"],
    ["the region is the other site's", { region: "ap-singapore-1" }, {}, "not_configured", "InvalidCredential"],
    ["the domain is stopped", { domains: [], stoppedDomains: [host] }, {}, "forbidden_domain", "ResourceNotFound"],
  ] as const)("tells what to do when %s", async (_, emulator, keys, code, vendorCode) => {
    const { vendor, another } = await start({ emulator });
    const { accessKeyId: id, secretKey: secret } = vendor.user;
    const site = { ...sites.volcengine, endpoint: vendor.endpoint };
    const provider = another({ site, credentials: { kind: "keys", id, secret, ...keys } });
    const error = await failureOf(provider.submit(batch(1), countingCall()));
    expect(error).toMatchObject({ code, vendorCode, delivery: "refused", retryable: false });
    expect(error.hint).toMatch(/\S/);
    expect(vendor.spentToday).toBe(0);
  });
});

describe("a task", () => {
  it("has its rows on several pages, in the vendor's words", async () => {
    const { provider, clock, vendor, count } = await start();
    const mixed = [...urls(99), `https://${host}/fail.mp4`];
    const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: mixed }, countingCall());
    clock.advance(HOUR);
    const rows = (await provider.status?.({ vendorTaskIds }, countingCall())) ?? [];
    expect(rows.filter(({ state }) => state === "succeeded")).toHaveLength(99);
    const reason = "Volcengine reports a failure and gives no reason. Check that the origin answers this URL.";
    expect(rows.at(-1)).toEqual({ taskId: vendorTaskIds[0], url: mixed[99], state: "failed", vendorState: "failed 100%", reason });
    const page = (from: number) => ({
      Data: Array.from({ length: 100 }, (_, row) => ({ TaskID: "7", Url: urls(1, from + row)[0] })),
      Total: 150,
    });
    vendor.inject({ fault: garbled(page(0)) });
    vendor.inject({ fault: garbled({ ...page(100), Data: page(100).Data.slice(0, 50) }) });
    const asked = count("DescribeContentTasks");
    expect(await provider.status?.({ vendorTaskIds: ["7"] }, countingCall())).toHaveLength(150);
    expect(count("DescribeContentTasks") - asked).toBe(2);
  });

  it("is read up to a bound when the vendor's pages never end", async () => {
    const { provider, vendor } = await start();
    const Data = Array.from({ length: 100 }, () => ({ TaskID: "7", Url: urls(1)[0], Status: "running" }));
    vendor.inject({ fault: garbled({ Data }), times: 1_000 });
    const call = countingCall();
    await provider.status?.({ vendorTaskIds: ["7"] }, call);
    expect(call.turns).toBe(100);
  });

  it("has no rows when it has vanished", async () => {
    const { provider, clock } = await start();
    const { vendorTaskIds } = await provider.submit(batch(1), countingCall());
    clock.advance(8 * 24 * HOUR);
    expect(await provider.status?.({ vendorTaskIds }, countingCall())).toEqual([]);
  });

  it.each(["ResourceNotFound", "InvalidParameter", "InvalidParameter.TaskID"])("is not found when the vendor says %s", async (code) => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: refusal(200, code) });
    const error = await failureOf(Promise.resolve(provider.status?.({ vendorTaskIds: ["7"] }, countingCall())));
    expect(error).toMatchObject({ code: "not_found", vendorCode: code, provider: "volcengine-cdn" });
  });

  it("names the status code of a failure where the vendor tells it", async () => {
    const { provider, vendor } = await start({ site: "byteplus" });
    vendor.inject({ fault: garbled({ Data: [{ TaskID: "7", Url: urls(1)[0], Status: "failed", StatusCode: 404 }], Total: 1 }) });
    const rows = await provider.status?.({ vendorTaskIds: ["7"] }, countingCall());
    expect(rows).toMatchObject([
      { state: "failed", reason: expect.stringContaining("BytePlus reports a failure with the status code 404.") },
    ]);
  });
});

describe("a task of which the vendor took fewer URLs", () => {
  const takes = (url: string) => !url.endsWith("/1.mp4");

  it("names the URL that is not listed, and takes one turn", async () => {
    const { provider, count } = await start({ emulator: { takes } });
    const call = countingCall();
    const { vendorTaskIds, refused } = await provider.submit(batch(3), call);
    expect(vendorTaskIds).toHaveLength(1);
    const [, missing] = urls(3);
    const reason = "Volcengine took 2 of the 3 URLs in this request and lists no task for this one. It gives no reason.";
    expect(refused).toEqual([{ url: missing, code: "invalid_argument", reason }]);
    expect([call.turns, count("DescribeContentTasks")]).toEqual([1, 1]);
  });

  it.each([
    ["the list fails", { kind: "answer", status: 503, body: "" }],
    ["the list is not there yet", garbled({ Data: [], Total: 0 })],
    [
      "the list has rows of other URLs",
      garbled({ Data: [0, 1].map((index) => ({ TaskID: "7", Url: `https://other.example/${index}` })), Total: 2 }),
    ],
  ] as const)("names none when %s", async (_, fault) => {
    const { provider, vendor } = await start({ emulator: { takes } });
    vendor.inject({ action: "DescribeContentTasks", fault });
    expect((await provider.submit(batch(3), countingCall())).refused).toEqual([]);
  });
});

describe("a request whose answer was lost", () => {
  it("is found among other tasks, of other hosts too, and is no refresh", async () => {
    const { provider, vendor, clock } = await start({ emulator: { domains: [host, "other.example.net"] } });
    const sentAt = clock.now();
    await provider.submit({ kind: "urls", urls: urls(90).map((url) => url.replace(host, "other.example.net")) }, countingCall());
    vendor.inject({ action: "SubmitPreloadTask", fault: { kind: "reset", when: "after" } });
    await failureOf(provider.submit(batch(60), countingCall()));
    const sent = { notBefore: sentAt, elapsedMs: 0 };
    const found = await provider.findSubmitted?.(batch(60), sent, countingCall());
    expect(found).toMatchObject({ state: "found", vendorTaskIds: ["prefetch_url_89c25a1aa305"] });
    expect(await provider.refresh?.findSubmitted?.(batch(60), sent, countingCall())).toEqual({ state: "unclear" });
  });

  it("is unclear when the records no longer reach back to it", async () => {
    const { provider, clock } = await start();
    const sent = { notBefore: clock.now() - 7 * 24 * HOUR, elapsedMs: 7 * 24 * HOUR };
    expect(await provider.findSubmitted?.(batch(1), sent, countingCall())).toEqual({ state: "unclear" });
  });
});

describe("the list of domains", () => {
  it("tells stopped domains", async () => {
    const { provider } = await start({ emulator: { stoppedDomains: ["old.example.net"] } });
    expect(await provider.hosts?.(countingCall())).toEqual([
      { pattern: host, active: true },
      { pattern: "old.example.net", active: false },
    ]);
  });

  it("names its own permission when that is missing", async () => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: refusal(403, "AccessDenied"), times: 2 });
    const hosts = await failureOf(Promise.resolve(provider.hosts?.(countingCall())));
    expect(hosts).toMatchObject({ code: "auth_failed", hint: expect.stringContaining("cdn:ListCdnDomains") });
    expect((await failureOf(provider.submit(batch(1), countingCall()))).hint).toContain("cdn:SubmitPreloadTask");
  });
});

/** The codes of the vendor's pages, each with a status that some page shows for it. */
const documented: readonly (readonly [code: string, status: number, meaning: ErrorCode, facts: object])[] = [
  ["FlowLimitExceeded", 429, "rate_limited", { retryable: true }],
  ["AccountFlowLimitExceeded", 429, "rate_limited", { retryable: true }],
  ["RequestLimitExceeded", 429, "rate_limited", { retryable: true }],
  ["MissingAuthenticationToken", 401, "auth_failed", {}],
  ["MissingSignature", 401, "auth_failed", {}],
  ["InvalidAuthorization", 400, "auth_failed", {}],
  ["InvalidAccessKey", 401, "auth_failed", {}],
  ["InvalidClientTokenId", 401, "auth_failed", {}],
  ["SignatureDoesNotMatch", 401, "auth_failed", {}],
  ["InvalidSecretToken", 401, "auth_failed", {}],
  ["InvalidTimestamp", 403, "auth_failed", {}],
  ["LackPolicy", 403, "auth_failed", {}],
  ["LackProjectPolicy", 401, "auth_failed", {}],
  ["AccessDenied", 403, "auth_failed", {}],
  ["RequestForbidden", 403, "auth_failed", {}],
  ["MissingRequestInfo", 400, "not_configured", {}],
  ["InvalidCredential", 400, "not_configured", {}],
  ["ServiceNotFound", 404, "not_configured", {}],
  ["InvalidActionOrVersion", 404, "not_configured", {}],
  ["InvalidAction", 404, "not_configured", {}],
  ["InvalidVersion", 404, "not_configured", {}],
  ["MethodNotAllowed", 405, "not_configured", {}],
  ["UnsupportedRegion", 400, "not_configured", {}],
  ["UnsupportedProtocol", 400, "not_configured", {}],
  ["UnsupportedOperation", 400, "not_configured", {}],
  ["MissingParameter", 400, "internal", {}],
  ["InvalidParameter", 400, "invalid_argument", { divisible: true }],
  ["InvalidParameter.NoActionQuota", 400, "quota_exhausted", {}],
  ["InvalidDomain", 400, "forbidden_domain", {}],
  ["ResourceNotFound", 200, "forbidden_domain", {}],
  ["InternalError", 500, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["InternalServiceError", 502, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["UndefinedError", 500, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["FailToConnect", 502, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["ServiceUnavailableTemp", 503, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
  ["InternalServiceTimeout", 504, "timeout", { retryable: true, delivery: "unknown" }],
];

describe("a code of volcengine-cdn", () => {
  const { failureOf: read } = createErrors(sites.volcengine);
  const context = { action: "the prefetch", intent: "spend", redact: createRedactor([]), now: 0 } as const;
  const usual = { retryable: false, divisible: false, delivery: "refused" };
  const errorOf = (status: number, fact: object) =>
    read({ status, headers: {}, text: JSON.stringify({ ResponseMetadata: { RequestId: "R1", Error: fact } }) }, context);

  it.each(documented)("%s (HTTP %i) means %s", (Code, status, meaning, facts) => {
    const error = errorOf(status, { Code, Message: "Why." });
    expect(error).toMatchObject({ code: meaning, provider: "volcengine-cdn", vendorCode: Code, requestId: "R1", ...usual, ...facts });
    if (!["rate_limited", "timeout"].includes(meaning)) expect(error.hint).toMatch(/\S/);
  });

  it("has one test for each row of the table", () => {
    expect(documented.map(([code]) => code).sort()).toEqual([...errorTable.codes.keys()].sort());
  });

  it.each([
    [200, "invalid_argument", { divisible: true }],
    [400, "invalid_argument", { divisible: true }],
    [401, "auth_failed", {}],
    [403, "auth_failed", {}],
    [404, "not_found", {}],
    [429, "rate_limited", { retryable: true }],
    [500, "vendor_unavailable", { retryable: true, delivery: "unknown" }],
    [504, "timeout", { retryable: true, delivery: "unknown" }],
  ] as const)("that is unknown goes by its status %i", (status, code, facts) => {
    expect(errorOf(status, { Code: "Unheard.Of" })).toMatchObject({ code, vendorCode: "Unheard.Of", ...usual, ...facts });
  });

  it("is read from an error without a name", () => {
    expect(errorOf(200, { CodeN: 100_018, Message: "x" })).toMatchObject({ code: "invalid_argument", vendorCode: "100018" });
    expect(errorOf(200, {})).toMatchObject({ code: "invalid_argument", vendorCode: "unnamed" });
    expect(enveloped(200, {})).toMatchObject({ status: 200 });
  });
});
