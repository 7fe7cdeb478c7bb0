/** Alibaba Cloud CDN and DCDN keep the provider contract, and have behaviour of their own. */

import { afterEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import type { BatchContent } from "../../../src/prefetch/model/provider.ts";
import { createErrors } from "../../../src/providers/alibaba/errors.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { MINUTE } from "../clock-harness.ts";
import { refusal, securityToken } from "./harness.ts";
import { type PlainCase, type PlainHarness, type PlainSetup, plainCases, startPlain } from "./plain-harness.ts";

const urlsOn = (host: string, count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);

async function contractHarness(plain: PlainCase, setup: PlainSetup, part: "prefetch" | "refresh" = "prefetch"): Promise<ProviderHarness> {
  const harness = await startPlain(plain, setup);
  const { vendor, clock, count, provider: prefetch } = harness;
  const { product, host } = plain;
  return {
    provider: (part === "refresh" && prefetch.refresh) || prefetch,
    sampleUrls: (count) => urlsOn(host, count),
    foreignUrl: "https://foreign.example.org/a.mp4",
    badUrl: `https://${host}/malformed.mp4`,
    unknownTaskId: "1",
    unknownTask: "empty",
    secrets: Object.values(vendor.user).map(String),
    inject: (rule) => vendor.inject(rule),
    refusalSaying: (text) => refusal(400, "InvalidParameter", text),
    receivedSubmits: () => count(product.prefetch.action, product.refresh.action),
    receivedQueries: () => count(product.list.action),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    unknownState: (url) => ({
      kind: "garble",
      body: JSON.stringify({ TotalCount: 1, Tasks: { [product.list.field]: [{ TaskId: "1", ObjectPath: url, Status: "Wonderful" }] } }),
    }),
    stopVendor: harness.stopVendor,
    close: harness.close,
  };
}

for (const plain of plainCases) {
  const { id } = plain.product;
  providerContract({ name: id, start: () => contractHarness(plain, {}) });
  providerContract({ name: `${id}-refresh`, start: () => contractHarness(plain, {}, "refresh") });
  providerContract({
    name: `${id} with temporary keys, number ids and URLs without a scheme`,
    start: () => contractHarness(plain, { emulator: { user: { securityToken }, numbers: "numbers" } }),
  });
}

describe.each(plainCases.map((plain) => [plain.product.id, plain] as const))("%s", (id, plain) => {
  const { product, host } = plain;
  let harness: PlainHarness | undefined;
  afterEach(() => harness?.close());
  const start = async (setup: PlainSetup = {}): Promise<PlainHarness> => {
    harness = await startPlain(plain, setup);
    return harness;
  };
  const batch = (count: number): BatchContent => ({ kind: "urls", urls: urlsOn(host, count) });

  it("sends only the configured parameters", async () => {
    const { provider, another, lastParams } = await start();
    await provider.submit(batch(2), countingCall());
    expect(lastParams(product.prefetch.action)).toEqual({ ObjectPath: urlsOn(host, 2).join("\n") });
    const params = { Area: "overseas", L2Preload: "true", QueryHashkey: "true", WithHeader: '{"Accept-Encoding":["br"]}' };
    await another({ params }).submit(batch(1), countingCall());
    expect(lastParams(product.prefetch.action)).toMatchObject(params);
  });

  it("sends the URLs and their kind with a refresh", async () => {
    const { provider, vendor, lastParams } = await start();
    await provider.refresh?.submit(batch(2), countingCall());
    expect(lastParams(product.refresh.action)).toEqual({ ObjectPath: urlsOn(host, 2).join("\n"), ObjectType: "File" });
    expect(vendor.log.at(-1)?.accepted).toHaveLength(2);
  });

  it("reads every page of a task's rows", async () => {
    const { provider, clock, count } = await start({ emulator: { dailyLimit: 1_000 } });
    const { vendorTaskIds } = await provider.submit(batch(100), countingCall());
    // Submits of one second share an id.
    await provider.submit({ kind: "urls", urls: urlsOn(host, 130).slice(100) }, countingCall());
    clock.advance(MINUTE);
    const rows = await provider.status?.({ vendorTaskIds }, countingCall());
    expect(rows).toHaveLength(130);
    expect(count(product.list.action)).toBe(Math.ceil(130 / product.list.pageRows));
  });

  it("has no task with an id that is no number", async () => {
    const { provider, count } = await start();
    const error = await failureOf(Promise.resolve(provider.status?.({ vendorTaskIds: ["7/8"] }, countingCall())));
    expect(error).toMatchObject({ code: "not_found", provider: id });
    expect(count(product.list.action)).toBe(0);
  });

  it("takes no asset", async () => {
    const { provider } = await start();
    expect(await failureOf(provider.submit({ kind: "asset", assetId: "a" }, countingCall()))).toMatchObject({ code: "unsupported" });
  });

  it("counts prefetches and refreshes apart", async () => {
    const { provider } = await start();
    await provider.submit(batch(3), countingCall());
    await provider.refresh?.submit(batch(2), countingCall());
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 997 });
    expect(await provider.refresh?.quota?.(countingCall())).toEqual({ limit: 10_000, remaining: 9_998 });
  });

  it("is out of quota when the vendor calls its queue full and counts no units left", async () => {
    const { provider, vendor } = await start({ emulator: { dailyLimit: 2 } });
    await provider.submit(batch(2), countingCall());
    vendor.inject({ fault: refusal(403, "PreloadQueueFull"), action: product.prefetch.action });
    const error = await failureOf(provider.submit(batch(1), countingCall()));
    expect(error).toMatchObject({ code: "quota_exhausted", vendorCode: "PreloadQueueFull", delivery: "refused", retryable: false });
  });

  it.each(["units are left", "the count cannot be read"])("waits for the queue when %s", async (reason) => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: refusal(403, "PreloadQueueFull"), action: product.prefetch.action });
    if (reason !== "units are left") vendor.inject({ fault: refusal(503, "ServiceUnavailable"), action: product.quotaAction });
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({ code: "queue_full", retryable: true });
  });

  it("lists its domains: wildcards, all pages, and which of them are in service", async () => {
    const domains = [host, ".wild.example.com", "Upper.example.com", "old.example.com", "new.example.com", "bücher.example.com"];
    const many = Array.from({ length: 10_000 }, (_, index) => `h${index}.example.org`);
    const domainStates = { "old.example.com": "offline", "new.example.com": "configuring" } as const;
    const { provider, count } = await start({ emulator: { domains: [...domains, ...many], domainStates } });
    const found = (await provider.hosts?.(countingCall())) ?? [];
    expect(found.slice(0, 6)).toEqual([
      { pattern: host, active: true },
      { pattern: "*.wild.example.com", active: true },
      { pattern: "upper.example.com", active: true },
      { pattern: "old.example.com", active: false },
      { pattern: "new.example.com", active: true },
      { pattern: "xn--bcher-kva.example.com", active: true },
    ]);
    expect(found.slice(6).map(({ pattern }) => pattern)).toEqual(many);
    expect(count(product.domains.action)).toBe(Math.ceil(10_006 / product.domains.pageRows));
  });

  it("names the right that a refused list of domains needs", async () => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: refusal(403, "Forbidden.RAM"), action: product.domains.action });
    const error = await failureOf(Promise.resolve(provider.hosts?.(countingCall())));
    const hint = `Grant the RAM user ${product.domains.right}, which PREFETCH_ROUTES=auto needs.`;
    expect(error).toMatchObject({ code: "auth_failed", retryable: false, provider: id, hint });
    // Wrong keys lack no right.
    vendor.inject({ fault: refusal(400, "SignatureDoesNotMatch") });
    expect((await failureOf(Promise.resolve(provider.hosts?.(countingCall())))).hint).toMatch(/access key/);
  });

  it("is out of quota in the vendor's own word", async () => {
    const { provider } = await start({ emulator: { dailyLimit: 1 } });
    const error = await failureOf(provider.submit(batch(2), countingCall()));
    expect(error).toMatchObject({ code: "quota_exhausted", delivery: "refused" });
    expect(error.vendorCode).toMatch(/^QuotaExceeded\./);
  });
});

/** The documented codes, each with a status that some page shows for it. */
const documented: readonly (readonly [code: string, status: number, meaning: ErrorCode, facts: { retryable?: true; divisible?: true }])[] =
  [
    ["Throttling", 503, "rate_limited", { retryable: true }],
    ["Throttling.User", 429, "rate_limited", { retryable: true }],
    ["QuotaExceeded.Refresh", 400, "quota_exhausted", {}],
    ["QuotaExceeded.Preload", 400, "quota_exhausted", {}],
    ["PreloadQueueFull", 403, "queue_full", { retryable: true }],
    ["IllegalOperation", 403, "forbidden_domain", {}],
    ["OperationDenied", 403, "auth_failed", {}],
    ["OperationDenied.Suspended", 403, "auth_failed", {}],
    ["InvalidDomain.NotFound", 404, "forbidden_domain", {}],
    ["InvalidDomain.Offline", 404, "forbidden_domain", {}],
    ["InvalidDomain.Configure_failed", 500, "vendor_unavailable", { retryable: true }],
    ["ServiceBusy", 403, "vendor_unavailable", { retryable: true }],
    ["MissingParameter", 400, "internal", {}],
    ["InvalidObjectPath.Malformed", 400, "invalid_argument", { divisible: true }],
    ["InvalidObjectPath.Size.Malformed", 400, "invalid_argument", { divisible: true }],
    ["InvalidObjectPath.ExceedsMaximum", 400, "invalid_argument", { divisible: true }],
    ["SingleRequest.OverLimit", 400, "invalid_argument", { divisible: true }],
    ["InvalidExtensiveDomain.ValueNotSupported", 400, "invalid_argument", {}],
    ["InvalidTaskId.Malformed", 400, "not_found", {}],
    ["InvalidObjectType.Malformed", 400, "invalid_argument", {}],
    ["InvalidAccessKeyId.NotFound", 404, "auth_failed", {}],
    ["SignatureDoesNotMatch", 400, "auth_failed", {}],
    ["Forbidden.RAM", 403, "auth_failed", {}],
    ["InternalError", 500, "vendor_unavailable", { retryable: true }],
  ];

describe.each(plainCases.map(({ product }) => [product.id, product] as const))("a code of %s", (id, product) => {
  const { failureOf: read } = createErrors(product);
  const context = { action: "the prefetch", intent: "spend", redact: createRedactor([]), now: 0 } as const;

  it.each(documented)("%s (HTTP %i) means %s", (Code, status, meaning, facts) => {
    const error = read({ status, headers: {}, text: JSON.stringify({ Code, Message: "Why.", RequestId: "0A1B" }) }, context);
    expect(error).toMatchObject({ code: meaning, retryable: false, divisible: false, provider: id, vendorCode: Code, ...facts });
    // Throttling and a divided request need no advice.
    if (meaning !== "rate_limited" && !error.divisible) expect(error.hint).toMatch(/\S/);
    expect(error.hint ?? "").not.toMatch(/VOD|asset/);
  });

  it("names the permissions of this product only", () => {
    const { hint } = read({ status: 403, headers: {}, text: '{"Code":"Forbidden.RAM"}' }, context);
    expect(hint).toMatch(new RegExp(`^Grant the RAM user ${product.id.replace("alibaba-", "")}:`));
  });
});
