/** The settings of Huawei Cloud CDN, and the provider that they create. */

import { describe, expect, it } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import { huaweiCdn } from "../../../src/providers/huawei/cdn-definition.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { handClock } from "../clock-harness.ts";

const keys = { HUAWEICLOUD_SDK_AK: "HWTESTAK0000000000EX", HUAWEICLOUD_SDK_SK: "fakeSecretKeyForTestVectorsOnly0123456789" };
const chosen = { ...keys, PREFETCH_HUAWEI_PRODUCTS: "cdn" };
const domainId = "0123456789abcdef0123456789abcdef";

function problemOf(values: SettingValues): string {
  const reading = huaweiCdn.read(values);
  if (reading.ok) throw new Error("The settings have no problem");
  return reading.problem;
}

async function providerOf(values: SettingValues) {
  const reading = huaweiCdn.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  const provider = await reading.create({ clock: handClock(), userAgent: "test", observer: silentObserver });
  await provider.close();
  return provider;
}

describe("huawei-cdn", () => {
  it("is off while nothing asks for it, also with the keys of VOD", () => {
    const problem = "huawei-cdn: add cdn to PREFETCH_HUAWEI_PRODUCTS.";
    expect(huaweiCdn.read(keys)).toEqual({ ok: false, problem, off: true });
    expect(huaweiCdn.read({ ...keys, PREFETCH_HUAWEI_CDN_ACCOUNT: "x" })).toEqual({ ok: false, problem });
  });

  it("needs credentials, and no project or region", () => {
    expect(problemOf({ PREFETCH_HUAWEI_PRODUCTS: "cdn" })).toContain("set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK");
    expect(huaweiCdn.read(chosen).ok).toBe(true);
  });

  it.each([
    ["HUAWEICLOUD_SDK_DOMAIN_ID", "cn-north-4"],
    ["PREFETCH_HUAWEI_CDN_ENTERPRISE_PROJECT", "default"],
    ["PREFETCH_HUAWEI_CDN_ACCOUNT", "a b"],
    ["PREFETCH_HUAWEI_CDN_ENDPOINT", "cdn.myhuaweicloud.com"],
    ["PREFETCH_HUAWEI_PRODUCTS", "cdn,live"],
  ])("refuses a bad %s and does not show it", (name, value) => {
    const problem = problemOf({ ...chosen, [name]: value });
    expect(problem).toContain(`${name} must `);
    expect(problem).not.toContain(`"${value}"`);
  });

  it.each([
    [{}, /^huawei-cdn:[0-9a-f]{12}$/],
    [{ HUAWEICLOUD_SDK_SECURITY_TOKEN: "a-token" }, /^huawei-cdn:temporary$/],
    [{ HUAWEICLOUD_SDK_DOMAIN_ID: domainId }, new RegExp(`^huawei-cdn:${domainId}$`)],
    [{ HUAWEICLOUD_SDK_DOMAIN_ID: domainId, PREFETCH_HUAWEI_CDN_ACCOUNT: "team-1" }, /^huawei-cdn:team-1$/],
  ] as const)("names its account in the ledger with %j", async (more, account) => {
    const provider = await providerOf({ ...chosen, ...more });
    expect(provider.account).toMatch(account);
    expect(provider.refresh?.account).toBe(provider.account.replace("huawei-cdn:", "huawei-cdn-refresh:"));
  });

  it("has the vendor's endpoint and limits", async () => {
    const provider = await providerOf(chosen);
    expect(provider).toMatchObject({ id: huaweiCdn.id, title: huaweiCdn.title, docs: huaweiCdn.docs, accepts: ["urls"] });
    expect(provider.endpoints).toEqual(["https://cdn.myhuaweicloud.com"]);
    expect(provider.limits).toMatchObject({ urlsPerRequest: 1_000, urlLength: 4_096, recordDays: 7 });
    const login = { PREFETCH_HUAWEI_IAM_USER: "u", PREFETCH_HUAWEI_IAM_PASSWORD: "p", PREFETCH_HUAWEI_IAM_DOMAIN: "d" };
    const byLogin = await providerOf({ PREFETCH_HUAWEI_PRODUCTS: "cdn", ...login });
    expect(byLogin.endpoints).toEqual(["https://cdn.myhuaweicloud.com", "https://iam.myhuaweicloud.com"]);
  });
});
