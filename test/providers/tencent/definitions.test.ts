/** The settings of Tencent Cloud's products, the file with their keys, and the providers that they create. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import type { ProviderDefinition } from "../../../src/providers/definition.ts";
import { currentKeys } from "../../../src/providers/kit/access-keys.ts";
import { keyFile, readKeyFile } from "../../../src/providers/tencent/credentials.ts";
import { tencentCdn, tencentEdgeOne, tencentVod } from "../../../src/providers/tencent/definitions.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { countingCall, failureOf } from "../../contract/provider.ts";
import { handClock } from "../clock-harness.ts";
import { anyText } from "../text-harness.ts";

const id = "AKIDZQZQZQZQZQZQZQZQZQZQZQZQZQ0001";
const secret = "ZQZQZQZQZQZQZQZQZQZQZQZQZQ0002";
const token = "ZQZQZQZQ+/0003==";
/** Matches parts of the secrets above. No message of ours matches. */
const trace = /ZQ|AKID/;
const keys = { TENCENTCLOUD_SECRET_ID: id, TENCENTCLOUD_SECRET_KEY: secret };
/** A file that does not exist, so that no file of this machine is read. */
const noFile = { TENCENTCLOUD_CREDENTIALS_FILE: join(tmpdir(), "no-such-file") };

function problemOf(definition: ProviderDefinition, values: SettingValues): string {
  const reading = definition.read(values);
  if (reading.ok) throw new Error("The settings have no problem");
  expect(reading.problem).not.toMatch(trace);
  return reading.problem;
}

async function providerOf(definition: ProviderDefinition, values: SettingValues) {
  const reading = definition.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  const provider = await reading.create({ clock: handClock(), userAgent: "test", observer: silentObserver });
  onTestFinished(() => provider.close());
  return { provider, reading };
}

describe.each([
  ["cdn", tencentCdn],
  ["edgeone", tencentEdgeOne],
  ["vod", tencentVod],
] as const)("tencent-%s", (product, definition) => {
  const chosen = { ...keys, PREFETCH_TENCENT_PRODUCTS: product };
  const own = (name: string) => `PREFETCH_TENCENT_${product.toUpperCase()}_${name}`;

  it("needs keys", () => {
    const problem = problemOf(definition, { PREFETCH_TENCENT_PRODUCTS: product, ...noFile });
    expect(problem).toMatch(/TENCENTCLOUD_CREDENTIALS_FILE cannot be read; set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY/);
    expect(problemOf(definition, { ...chosen, TENCENTCLOUD_SECRET_KEY: undefined })).toContain("set TENCENTCLOUD_SECRET_KEY");
  });

  it.each([
    ["PREFETCH_TENCENT_SITE", "intl"],
    [own("ENDPOINT"), "cdn.example.com"],
    [own("SIGN_HOST"), "https://cdn.example.com"],
    [own("ACCOUNT"), "a b"],
    ["TENCENTCLOUD_SESSION_TOKEN", "two words"],
    ["PREFETCH_TENCENT_PRODUCTS", `${product},cnd`],
  ])("refuses a bad %s and does not show it", (name, value) => {
    const problem = problemOf(definition, { ...chosen, [name]: value });
    expect(problem).toContain(`${name} must `);
    expect(problem).not.toContain(`"${value}"`);
  });

  it("creates a provider for the account's site, with a ledger of its own", async () => {
    const { provider, reading } = await providerOf(definition, { ...chosen, [own("ACCOUNT")]: "team-1" });
    expect(reading).toMatchObject({ secrets: [secret], keyIds: [id] });
    expect(provider).toMatchObject({ id: definition.id, title: definition.title, docs: definition.docs, accepts: ["urls"] });
    expect(provider.account).toMatch(new RegExp(`^${definition.id}:team-1`));
    expect(provider.endpoints).toEqual([expect.stringMatching(/^https:\/\/[a-z]+\.tencentcloudapi\.com$/)]);
    const abroad = await providerOf(definition, { ...chosen, PREFETCH_TENCENT_SITE: "international" });
    expect(abroad.provider.endpoints).toEqual([expect.stringMatching(/^https:\/\/[a-z]+\.intl\.tencentcloudapi\.com$/)]);
    const gateway = await providerOf(definition, { ...chosen, [own("ENDPOINT")]: "https://gateway.example.com" });
    expect(gateway.provider.endpoints).toEqual(["https://gateway.example.com"]);
  });

  it("names the account of temporary keys by a constant, and of permanent ones by a hash", async () => {
    const temporary = await providerOf(definition, { ...chosen, TENCENTCLOUD_SESSION_TOKEN: token });
    expect(temporary.provider.account).toMatch(new RegExp(`^${definition.id}:temporary`));
    expect(temporary.reading).toMatchObject({ secrets: [secret, token] });
    const { provider } = await providerOf(definition, chosen);
    expect(provider.account).toMatch(new RegExp(`^${definition.id}:[0-9a-f]{12}`));
  });

  it("has a name for each setting", () => {
    const names = definition.settings.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(new RegExp(`^(TENCENTCLOUD_|PREFETCH_TENCENT_(PRODUCTS|SITE)$|${own("")})`));
  });
});

describe("tencent-cdn", () => {
  it("is off while nothing asks for it, and warms the area that is set", async () => {
    const values = { ...keys, PREFETCH_TENCENT_CDN_AREA: "overseas", PREFETCH_TENCENT_PRODUCTS: "cdn" };
    expect((await providerOf(tencentCdn, values)).provider.account).toMatch(/:overseas$/);
    expect((await providerOf(tencentCdn, { ...keys, PREFETCH_TENCENT_PRODUCTS: "cdn" })).provider.account).toMatch(/:mainland$/);
    expect(problemOf(tencentCdn, { ...values, PREFETCH_TENCENT_CDN_AREA: "cn" })).toContain("must be mainland or overseas or global");
  });
});

describe("tencent-edgeone", () => {
  it("reads the zone of each host, and looks zones up by default", async () => {
    const values = { ...keys, PREFETCH_TENCENT_PRODUCTS: "edgeone" };
    const HOSTS = "PREFETCH_TENCENT_EDGEONE_HOSTS";
    const { provider } = await providerOf(tencentEdgeOne, { ...values, [HOSTS]: "*.example.com=zone-2o1t24kgy362,cdn.example.com=zone-1" });
    expect(await provider.hosts?.(countingCall())).toEqual([
      { pattern: "cdn.example.com", zone: "zone-1" },
      { pattern: "*.example.com", zone: "zone-2o1t24kgy362" },
    ]);
    await providerOf(tencentEdgeOne, { ...values, [HOSTS]: "auto" });
    expect(problemOf(tencentEdgeOne, { ...values, [HOSTS]: "cdn.example.com" })).toContain(
      `${HOSTS} must be auto or hosts with ids, such as`,
    );
  });
});

describe("tencent-vod", () => {
  it("is off by default, and takes the number of an application", async () => {
    expect(tencentVod.read(keys)).toEqual({ ok: false, problem: "tencent-vod: add vod to PREFETCH_TENCENT_PRODUCTS.", off: true });
    const values = { ...keys, PREFETCH_TENCENT_PRODUCTS: "vod", PREFETCH_TENCENT_VOD_SUB_APP_ID: "app" };
    expect(problemOf(tencentVod, values)).toContain("PREFETCH_TENCENT_VOD_SUB_APP_ID must be a number");
    await providerOf(tencentVod, { ...values, PREFETCH_TENCENT_VOD_SUB_APP_ID: "1500000001" });
  });
});

describe("the credentials file", () => {
  const pair = `secret_id = ${id}\nsecret_key = ${secret}\n`;

  it.each<readonly [string, string, object]>([
    ["id and secret", `[default]\n${pair}`, { id, secret }],
    ["a token", `[default]\n${pair}token = ${token}\n`, { id, secret, securityToken: token }],
    ["no blanks, and quotes", `[default]\r\nsecret_id="${id}"\r\nsecret_key='${secret}'\r\n`, { id, secret }],
    [
      "comments, other keys and sections",
      `\ufeff; a\n[other]\nsecret_id = x\n[ default ]\n# b\nregion = ap-x\n${pair}[more]\ntoken = y\n`,
      { id, secret },
    ],
    ["an empty token", `[default]\n${pair}token =\n`, { id, secret }],
    ["a secret with an equals sign", `[default]\nsecret_id = ${id}\nsecret_key = a=b==\n`, { id, secret: "a=b==" }],
  ])("may have %s", (_, text, expected) => {
    expect(readKeyFile(text)).toEqual(expected);
  });

  it.each([
    ["", /has no section/],
    [pair, /has no section/],
    [`[default]\nsecret_id = ${id}\n`, /has no secret_id and secret_key/],
    [`[default]\nsecret_id = ${id}\nsecret_key = two ${secret}\n`, /blanks/],
  ])("has a problem that shows none of its content: %#", (text, problem) => {
    const found = readKeyFile(text);
    expect(found).toMatch(problem);
    expect(found).not.toMatch(trace);
  });

  it("never throws, and gives keys that headers can carry or a problem without content", () => {
    const line = fc.oneof(fc.constantFrom("[default]", "[x]", `secret_id = ${id}`, `secret_key=${secret}`, "token ="), anyText(30));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const found = readKeyFile(lines.join("\n"));
        if (typeof found === "string") expect(found).not.toMatch(trace);
        else for (const value of Object.values(found)) expect(value).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });

  it("names the account, and is read again for every request", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tencent-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "credentials");
    await writeFile(path, `[default]\n${pair}`);
    const values = { TENCENTCLOUD_CREDENTIALS_FILE: path, PREFETCH_TENCENT_PRODUCTS: "cdn" };
    const { reading } = await providerOf(tencentCdn, values);
    expect(reading).toMatchObject({ secrets: [secret], keyIds: [id] });
    const source = { kind: "file", ...keyFile(path) } as const;
    expect(await currentKeys(source, "tencent-cdn")).toEqual({ id, secret });
    await writeFile(path, `[default]\n${pair}token = ${token}`);
    expect(await currentKeys(source, "tencent-cdn")).toEqual({ id, secret, securityToken: token });
    await writeFile(path, "[default]");
    expect(await failureOf(currentKeys(source, "tencent-cdn"))).toMatchObject({
      code: "not_configured",
      hint: expect.stringContaining("TENCENTCLOUD_SECRET_ID"),
    });
    expect(problemOf(tencentCdn, values)).toMatch(/the file in TENCENTCLOUD_CREDENTIALS_FILE has no secret_id/);
  });
});
