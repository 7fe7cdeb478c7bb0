/** The settings of Volcengine CDN, the files of the vendor's clients, and the provider that they create. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import type { ProviderConfiguration } from "../../../src/providers/definition.ts";
import { volcengineCdn } from "../../../src/providers/volcengine/definition.ts";
import { readFlatFile, readProfileFile } from "../../../src/providers/volcengine/key-files.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { countingCall, failureOf } from "../../contract/provider.ts";
import { handClock } from "../clock-harness.ts";
import { anyText } from "../text-harness.ts";
import { sessionToken, startVolcengine, urls } from "./harness.ts";

const keys = { VOLCENGINE_ACCESS_KEY: "AKLTsettings", VOLCENGINE_SECRET_KEY: "secretOfSettings==" };
const older = { VOLC_ACCESSKEY: "AKLTolder", VOLC_SECRETKEY: "secretOfOlder==" };
const byteplus = { BYTEPLUS_ACCESSKEY: "AKAPbyteplus", BYTEPLUS_SECRETKEY: "secretOfBytePlus==" };
const atBytePlus = { PREFETCH_VOLCENGINE_CDN_SITE: "byteplus" };

/** A home folder with the given files. */
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "home-"));
  vi.stubEnv("HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});
function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), typeof content === "string" ? content : JSON.stringify(content));
}

function usable(values: SettingValues): Extract<ProviderConfiguration, { ok: true }> {
  const reading = volcengineCdn.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  return reading;
}

function problemOf(values: SettingValues): string {
  const reading = volcengineCdn.read(values);
  if (reading.ok) throw new Error("The settings have no problem");
  expect(reading.problem).toMatch(/^volcengine-cdn: .+\.$/);
  return reading.problem;
}

async function providerOf(values: SettingValues) {
  const provider = await usable(values).create({ clock: handClock(), userAgent: "test", observer: silentObserver });
  await provider.close();
  return provider;
}

const profile = { mode: "AK", "access-key": "AKLTprofile", "secret-key": "secretOfProfile==", region: "cn-beijing" };
const profiles = (more: object = {}, current = "default") => ({ current, profiles: { default: profile, ...more } });

describe("the keys", () => {
  it("come from the settings of the site: newer names first, then older ones", () => {
    const secretsOf = (values: SettingValues) => usable(values).secrets;
    expect(secretsOf({ ...older, ...keys, ...byteplus })).toEqual([keys.VOLCENGINE_SECRET_KEY]);
    expect(secretsOf({ ...older, ...byteplus })).toEqual([older.VOLC_SECRETKEY]);
    expect(secretsOf({ ...older, ...keys, ...byteplus, ...atBytePlus })).toEqual([byteplus.BYTEPLUS_SECRETKEY]);
    expect(secretsOf({ ...keys, VOLCENGINE_SESSION_TOKEN: sessionToken })).toEqual([keys.VOLCENGINE_SECRET_KEY, sessionToken]);
    expect(usable(keys).keyIds).toEqual([keys.VOLCENGINE_ACCESS_KEY]);
  });

  it.each([
    [{}, "set VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY (or write ~/.volcengine/config.json or ~/.volc/config)"],
    [{ ...keys, ...atBytePlus }, "set BYTEPLUS_ACCESSKEY and BYTEPLUS_SECRETKEY (or write ~/.byteplus/config)"],
    [{ VOLCENGINE_ACCESS_KEY: "a", ...older }, "set VOLCENGINE_SECRET_KEY (VOLCENGINE_ACCESS_KEY is set without it)"],
    [{ VOLC_SECRETKEY: "a" }, "set VOLC_ACCESSKEY (VOLC_SECRETKEY is set without it)"],
    [{ VOLCENGINE_SESSION_TOKEN: "a" }, "(VOLCENGINE_SESSION_TOKEN is set without them)"],
  ])("are missed in %j", (values, problem) => {
    expect(problemOf(values)).toContain(problem);
  });

  it.each([
    [".volc/config", { ak: "AKLTflat", sk: "secretOfFile==" }, {}],
    [".volc/config", { VOLC_ACCESSKEY: "AKLTflat", VOLC_SECRETKEY: "secretOfFile==" }, {}],
    [".byteplus/config", `\ufeff${JSON.stringify({ ak: "AKAPflat", sk: "secretOfFile==" })}`, atBytePlus],
    [".volcengine/config.json", profiles({ default: { ...profile, "secret-key": "secretOfFile==" } }), {}],
    [".volcengine/config.json", profiles({ ci: { ...profile, mode: "", "secret-key": "secretOfFile==" } }), { VOLCENGINE_PROFILE: "ci" }],
    [".volcengine/config.json", profiles({ ci: { ...profile, mode: undefined, "secret-key": "secretOfFile==" } }, "ci"), {}],
  ])("come from ~/%s", (path, content, values) => {
    write(path, content);
    expect(usable(values).secrets).toEqual(["secretOfFile=="]);
    expect(usable({ ...keys, ...byteplus, ...values }).secrets).not.toContain("secretOfFile==");
  });

  it("come from the command line's profile before the older client's file", () => {
    write(".volc/config", { ak: "AKLTflat", sk: "secretOfFile==" });
    write(".volcengine/config.json", profiles());
    expect(usable({}).secrets).toEqual(["secretOfProfile=="]);
  });

  it.each([
    [".volc/config", "ak=1", "~/.volc/config is not valid JSON"],
    [".volc/config", { ak: "" }, "~/.volc/config has no access key and secret key"],
    [".volc/config", { ak: "AKLTsecret", sk: "two words" }, "~/.volc/config has keys with blanks"],
    [".volcengine/config.json", "[", "~/.volcengine/config.json is not valid JSON"],
    [".volcengine/config.json", { profiles: [] }, "does not have the form that ve configure writes"],
    [".volcengine/config.json", profiles({}, "gone"), "has no current profile"],
    [".volcengine/config.json", profiles({}, "toString"), "has no current profile"],
    [".volcengine/config.json", profiles({ default: { mode: "sso" } }), "has a profile without keys in the file"],
    [".volcengine/config.json", profiles({ default: { mode: "ak", "access-key": "AKLTsecret" } }), "has a profile without its keys"],
  ])("have a problem that shows nothing of ~/%s when it is %j", (path, content, problem) => {
    write(path, content);
    expect(problemOf({})).toContain(problem);
    expect(problemOf({})).not.toMatch(/AKLTsecret|two words/);
  });

  it("of no text break the readers", () => {
    fc.assert(
      fc.property(fc.oneof(anyText(200), fc.json()), fc.option(anyText(9), { nil: undefined }), (text, wanted) => {
        for (const found of [readFlatFile(text), readProfileFile(text, wanted)])
          if (typeof found === "string") expect(found).toMatch(/^[a-z ]+/);
      }),
    );
  });

  it("are read again for each request, of the profile that was current at the start", async () => {
    const harness = await startVolcengine({ emulator: { user: { sessionToken } } });
    const { accessKeyId, secretKey } = harness.vendor.user;
    const temporary = { mode: "StsToken", "access-key": accessKeyId, "secret-key": secretKey, "session-token": "expired" };
    write(".volcengine/config.json", profiles({ temporary }, "temporary"));
    const values = { PREFETCH_VOLCENGINE_CDN_ENDPOINT: harness.vendor.endpoint };
    const provider = await usable(values).create({ clock: harness.clock, userAgent: "test", observer: silentObserver });
    expect(provider.account).toBe("volcengine-cdn:profile-temporary");
    const submit = () => provider.submit({ kind: "urls", urls: urls(1) }, countingCall());
    expect(await failureOf(submit())).toMatchObject({ code: "auth_failed", vendorCode: "InvalidSecretToken" });
    write(".volcengine/config.json", profiles({ temporary: { ...temporary, "session-token": sessionToken } }));
    expect((await submit()).vendorTaskIds).toHaveLength(1);
    write(".volcengine/config.json", profiles());
    const gone = await failureOf(submit());
    expect(gone).toMatchObject({ code: "not_configured", delivery: "not_sent" });
    expect(gone.hint).toContain("Correct ~/.volcengine/config.json, or set VOLCENGINE_ACCESS_KEY");
    await provider.close();
    await harness.close();
  });
});

describe("the provider", () => {
  it.each([
    ["SITE", "china"],
    ["AREA", "cn"],
    ["ACCOUNT", "a b"],
    ["ENDPOINT", "cdn.volcengineapi.com"],
    ["REGION", "Beijing"],
  ])("refuses a bad %s and does not show it", (name, value) => {
    const problem = problemOf({ ...keys, [`PREFETCH_VOLCENGINE_CDN_${name}`]: value });
    expect(problem).toContain(`PREFETCH_VOLCENGINE_CDN_${name} must `);
    expect(problem).not.toContain(`"${value}"`);
  });

  it.each([
    [{}, /^volcengine-cdn:[0-9a-f]{12}$/],
    [{ VOLCENGINE_SESSION_TOKEN: "t" }, /^volcengine-cdn:temporary$/],
    [{ PREFETCH_VOLCENGINE_CDN_ACCOUNT: "team-1" }, /^volcengine-cdn:team-1$/],
  ] as const)("names its account in the ledger with %j", async (more, account) => {
    const provider = await providerOf({ ...keys, ...more });
    expect(provider.account).toMatch(account);
    expect(provider.refresh?.account).toBe(provider.account.replace("volcengine-cdn:", "volcengine-cdn-refresh:"));
  });

  it("has the vendor's endpoint, title and limits, by the site", async () => {
    const provider = await providerOf(keys);
    expect(provider).toMatchObject({ id: volcengineCdn.id, title: volcengineCdn.title, docs: volcengineCdn.docs, accepts: ["urls"] });
    expect(provider.endpoints).toEqual(["https://cdn.volcengineapi.com"]);
    expect(provider.limits).toMatchObject({ urlsPerRequest: 100, urlsPerDay: 1_000, recordDays: 7 });
    expect(provider.refresh?.limits.urlsPerDay).toBe(10_000);
    const other = await providerOf({ ...byteplus, ...atBytePlus });
    expect(other).toMatchObject({ title: "BytePlus CDN", endpoints: ["https://open.byteplusapi.com"] });
    expect(other.reach).toMatch(/^BytePlus /);
  });
});
