/** The settings of Alibaba Cloud CDN and DCDN, and the providers that they create. */

import { describe, expect, it } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import { alibabaCdn, alibabaDcdn } from "../../../src/providers/alibaba/plain-definitions.ts";
import type { ProviderDefinition } from "../../../src/providers/definition.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { handClock } from "../clock-harness.ts";

const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: "LTAI5tFakeKeyForTests001", ALIBABA_CLOUD_ACCESS_KEY_SECRET: "fakeAccessKeySecretForTests001" };
const cases: readonly (readonly [string, ProviderDefinition])[] = [
  ["cdn", alibabaCdn],
  ["dcdn", alibabaDcdn],
];

describe.each(cases)("alibaba-%s", (product, definition) => {
  const chosen = { ...keys, PREFETCH_ALIBABA_PRODUCTS: product };
  const own = (name: string) => `PREFETCH_ALIBABA_${product.toUpperCase()}_${name}`;
  const problemOf = (values: SettingValues): string => {
    const reading = definition.read(values);
    if (reading.ok) throw new Error("The settings have no problem");
    return reading.problem;
  };

  it("is off while nothing asks for it, also with the keys of the other products", () => {
    const problem = `alibaba-${product}: add ${product} to PREFETCH_ALIBABA_PRODUCTS.`;
    expect(definition.read(keys)).toEqual({ ok: false, problem, off: true });
    expect(definition.read({ ...keys, [own("AREA")]: "overseas" })).toEqual({ ok: false, problem });
  });

  it("needs keys", () => {
    const values = { PREFETCH_ALIBABA_PRODUCTS: product, ALIBABA_CLOUD_CLI_PROFILE_DISABLED: "true" };
    expect(problemOf(values)).toContain("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  });

  it.each([
    ["ENDPOINT", "cdn.example.com"],
    ["SIGN_HOST", "https://cdn.example.com"],
    ["AREA", "cn"],
    ["L2", "yes"],
    ["WITH_HEADER", "{}"],
    ["QUERY_HASHKEY", "1"],
    ["ACCOUNT", "a b"],
  ])("refuses a bad %s and does not show it", (name, value) => {
    const problem = problemOf({ ...chosen, [own(name)]: value });
    expect(problem).toContain(`${own(name)} must `);
    expect(problem).not.toContain(`"${value}"`);
  });

  it("creates a provider for the vendor's endpoint, with a ledger of its own", async () => {
    const reading = definition.read({ ...chosen, [own("ACCOUNT")]: "team-1" });
    if (!reading.ok) throw new Error(reading.problem);
    expect(reading.secrets).toEqual([keys.ALIBABA_CLOUD_ACCESS_KEY_SECRET]);
    const provider = await reading.create({ clock: handClock(), userAgent: "test", observer: silentObserver });
    expect(provider).toMatchObject({ id: `alibaba-${product}`, title: definition.title, docs: definition.docs, accepts: ["urls"] });
    expect(provider.account).toBe(`alibaba-${product}:team-1`);
    expect(provider.refresh?.account).toBe(`alibaba-${product}-refresh:team-1`);
    expect(provider.endpoints).toEqual([`https://${product}.aliyuncs.com`]);
    expect(provider.limits).toMatchObject({ urlsPerRequest: 100, urlsPerDay: 1_000, urlLength: 1_024 });
    expect(provider.refresh?.limits.urlsPerDay).toBe(10_000);
    await provider.close();
  });

  it("has a name for each setting", () => {
    const names = definition.settings.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names)
      expect(name).toMatch(/^(ALIBABA_CLOUD_|PREFETCH_ALIBABA_PRODUCTS$)/.test(name) ? /./ : new RegExp(`^${own("")}`));
  });
});
