/** The settings of Huawei Cloud VOD: the problems, which name variables and show no values, and the provider they create. */

import { Agent, type Dispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import type { Call, Provider } from "../../../src/prefetch/model/provider.ts";
import type { ProviderContext } from "../../../src/providers/definition.ts";
import { huaweiVod } from "../../../src/providers/huawei/definition.ts";
import { type HuaweiVodEmulator, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { handClock } from "../clock-harness.ts";

const projectId = "5a4dbe1d0c2b4f0e9f5d7c6b8a901234";
const region = "cn-north-4";
const asset = { kind: "asset", assetId: "f488337c31c8e4622f1590735b134c65" } as const;

const base = { HUAWEICLOUD_SDK_PROJECT_ID: projectId, PREFETCH_HUAWEI_VOD_REGION: region };
const keys = { HUAWEICLOUD_SDK_AK: "AKAKAKAKAKAKAKAKAKAK", HUAWEICLOUD_SDK_SK: "SKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSK" };
const token = { PREFETCH_HUAWEI_IAM_TOKEN: "TOKENTOKENTOKENTOKEN" };
const login = {
  PREFETCH_HUAWEI_IAM_USER: "USERUSERUSER",
  PREFETCH_HUAWEI_IAM_PASSWORD: "PASSPASSPASS",
  PREFETCH_HUAWEI_IAM_DOMAIN: "DOMAINDOMAIN",
};

let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

function problemOf(values: SettingValues): string {
  const reading = huaweiVod.read(values);
  if (reading.ok) throw new Error("The settings have no problem");
  return reading.problem;
}

async function providerOf(values: SettingValues, context: Partial<ProviderContext & { dispatcher: Dispatcher }> = {}): Promise<Provider> {
  const reading = huaweiVod.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  const made = await reading.create({ clock: handClock(), observer: silentObserver, userAgent: "test", ...context });
  closing.push(() => made.close());
  return made;
}

const call = (): Call => ({ signal: new AbortController().signal, turn: async () => undefined });

async function emulator(): Promise<HuaweiVodEmulator> {
  const started = await startHuaweiVod({ now: handClock().now });
  closing.push(() => started.close());
  return started;
}

describe("a problem in the settings", () => {
  it("names all required variables when nothing is set", () => {
    const problem = problemOf({});
    for (const name of ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID", "PREFETCH_HUAWEI_VOD_REGION"]) {
      expect(problem).toContain(name);
    }
    expect(problem).toContain("huawei-vod");
  });

  const missing: readonly (readonly [string, SettingValues, readonly string[]])[] = [
    ["no credentials", base, ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "PREFETCH_HUAWEI_IAM_TOKEN", "PREFETCH_HUAWEI_IAM_USER"]],
    ["a secret key without its access key", { ...base, HUAWEICLOUD_SDK_SK: keys.HUAWEICLOUD_SDK_SK }, ["set HUAWEICLOUD_SDK_AK"]],
    ["an access key without its secret key", { ...base, HUAWEICLOUD_SDK_AK: keys.HUAWEICLOUD_SDK_AK }, ["set HUAWEICLOUD_SDK_SK"]],
    // Falling back to the token would hide the mistake.
    ["half a pair of keys beside a token", { ...base, ...token, HUAWEICLOUD_SDK_AK: "AKAKAKAKAK" }, ["set HUAWEICLOUD_SDK_SK"]],
    ["a security token alone", { ...base, HUAWEICLOUD_SDK_SECURITY_TOKEN: "STSTSTSTST" }, ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"]],
    ["a login without a user", { ...base, ...login, PREFETCH_HUAWEI_IAM_USER: undefined }, ["PREFETCH_HUAWEI_IAM_USER"]],
    ["a login without a password", { ...base, ...login, PREFETCH_HUAWEI_IAM_PASSWORD: undefined }, ["PREFETCH_HUAWEI_IAM_PASSWORD"]],
    ["a login without a domain", { ...base, ...login, PREFETCH_HUAWEI_IAM_DOMAIN: undefined }, ["PREFETCH_HUAWEI_IAM_DOMAIN"]],
    ["no project", { ...keys, PREFETCH_HUAWEI_VOD_REGION: region }, ["HUAWEICLOUD_SDK_PROJECT_ID"]],
    ["no region", { ...keys, HUAWEICLOUD_SDK_PROJECT_ID: projectId }, ["PREFETCH_HUAWEI_VOD_REGION"]],
  ];

  it.each(missing)("names the missing variable: %s", (_, values, names) => {
    const problem = problemOf(values);
    for (const name of names) expect(problem).toContain(name);
    for (const value of Object.values(values)) if (value !== undefined && value !== region) expect(problem).not.toContain(value);
  });

  const secretNames = ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "PREFETCH_HUAWEI_IAM_TOKEN"];
  const unclean = secretNames.flatMap((name) => ["BAD BLANK", "BAD\nBREAK", "BAD\u0000NUL", "BADé"].map((value) => [name, value] as const));

  it.each(unclean)("names a secret that a header cannot carry: %s = %j", (name, value) => {
    const problem = problemOf({ ...base, ...keys, [name]: value });
    expect(problem).toContain(name);
    expect(problem).not.toContain("BAD");
  });

  const bad: readonly (readonly [string, string])[] = [
    ["HUAWEICLOUD_SDK_PROJECT_ID", "BAD/../PROJECT"],
    ["HUAWEICLOUD_SDK_PROJECT_ID", "B".repeat(65)],
    // The kit's tests have all forms of bad regions and endpoints.
    ["PREFETCH_HUAWEI_VOD_REGION", "bad.example.com/x-1"],
    ["PREFETCH_HUAWEI_VOD_EDITION", "BAD"],
    ["PREFETCH_HUAWEI_VOD_EDITION", "CURRENT-BAD"],
    ["PREFETCH_HUAWEI_VOD_ENDPOINT", "http://bad.example.com"],
    ["HUAWEICLOUD_SDK_IAM_ENDPOINT", "http://bad.example.com"],
  ];

  it.each(bad)("names the wrong variable: %s = %j", (name, value) => {
    const problem = problemOf({ ...base, ...keys, ...login, [name]: value });
    expect(problem).toContain(name);
    expect(problem).not.toContain(value);
    expect(problem).not.toMatch(/bad/i);
  });

  it("is listed together with all other problems", () => {
    const problem = problemOf({ PREFETCH_HUAWEI_VOD_EDITION: "x", PREFETCH_HUAWEI_VOD_ENDPOINT: "x", HUAWEICLOUD_SDK_AK: "x" });
    for (const name of [
      "HUAWEICLOUD_SDK_SK",
      "HUAWEICLOUD_SDK_PROJECT_ID",
      "PREFETCH_HUAWEI_VOD_EDITION",
      "PREFETCH_HUAWEI_VOD_ENDPOINT",
    ]) {
      expect(problem).toContain(name);
    }
  });
});

describe("good settings", () => {
  const good: readonly (readonly [string, SettingValues])[] = [
    ["keys and a region", { ...base, ...keys }],
    ["temporary keys", { ...base, ...keys, HUAWEICLOUD_SDK_SECURITY_TOKEN: "STSTST==" }],
    ["a token", { ...base, ...token }],
    ["a login", { ...base, ...login }],
    [
      "an endpoint instead of a region",
      { ...keys, HUAWEICLOUD_SDK_PROJECT_ID: projectId, PREFETCH_HUAWEI_VOD_ENDPOINT: "https://vod.example.com" },
    ],
    ...["https://vod.example.com:8443/", "http://127.0.0.1:8080", "http://127.1.2.3", "http://localhost:1", "http://[::1]:1"].map(
      (endpoint): readonly [string, SettingValues] => [
        `the endpoint ${endpoint}`,
        { ...base, ...login, PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint, HUAWEICLOUD_SDK_IAM_ENDPOINT: endpoint },
      ],
    ),
  ];

  it.each(good)("create a provider: %s", async (_, values) => {
    const made = await providerOf(values);
    expect(made).toMatchObject({ id: huaweiVod.id, title: huaweiVod.title, docs: huaweiVod.docs });
  });

  it("choose the edition", async () => {
    expect((await providerOf({ ...base, ...keys })).accepts).toEqual(["asset", "urls"]);
    expect((await providerOf({ ...base, ...keys, PREFETCH_HUAWEI_VOD_EDITION: "current" })).accepts).toEqual(["asset", "urls"]);
    expect((await providerOf({ ...base, ...keys, PREFETCH_HUAWEI_VOD_EDITION: "id-only" })).accepts).toEqual(["asset"]);
  });

  it("are all listed, and the secret ones are marked", () => {
    const described = huaweiVod.settings.map((setting) => setting.name);
    for (const values of [base, keys, token, login]) for (const name of Object.keys(values)) expect(described).toContain(name);
    const hidden = huaweiVod.settings.filter((setting) => setting.secret).map((setting) => setting.name);
    expect(hidden).toEqual([
      "HUAWEICLOUD_SDK_SK",
      "HUAWEICLOUD_SDK_SECURITY_TOKEN",
      "PREFETCH_HUAWEI_IAM_TOKEN",
      "PREFETCH_HUAWEI_IAM_PASSWORD",
    ]);
    expect(huaweiVod.settings.filter((setting) => setting.keyId).map((setting) => setting.name)).toEqual(["HUAWEICLOUD_SDK_AK"]);
    // Command lines are public.
    expect(huaweiVod.settings.filter((setting) => setting.secret && setting.flag)).toEqual([]);
  });
});

describe("the endpoints", () => {
  /** The addresses that a submit connects to. Each connection is refused, so no byte leaves this machine. */
  async function dialled(values: SettingValues): Promise<string[]> {
    const hosts: string[] = [];
    const refused = Object.assign(new Error("Not in a test"), { code: "ECONNREFUSED" });
    const dispatcher = new Agent({
      connect: ({ protocol, hostname, port }, callback) => {
        hosts.push(`${protocol}//${hostname}${port ? `:${port}` : ""}`);
        callback(refused, null);
      },
    });
    closing.push(() => dispatcher.destroy());
    const made = await providerOf(values, { dispatcher });
    await expect(made.submit(asset, call())).rejects.toMatchObject({ delivery: "not_sent" });
    return hosts;
  }

  it.each(["cn-north-4", "ap-southeast-3"])("are those of the region by default: %s", async (where) => {
    expect(await dialled({ ...base, ...keys, PREFETCH_HUAWEI_VOD_REGION: where })).toEqual([`https://vod.${where}.myhuaweicloud.com`]);
  });

  it("are the configured ones", async () => {
    expect(await dialled({ ...base, ...keys, PREFETCH_HUAWEI_VOD_ENDPOINT: "https://vod.example.com:8443" })).toEqual([
      "https://vod.example.com:8443",
    ]);
  });

  it("are the region's IAM for a login, else the global one, unless IAM is configured", async () => {
    expect(await dialled({ ...base, ...login })).toEqual(["https://iam.cn-north-4.myhuaweicloud.com"]);
    const elsewhere = { HUAWEICLOUD_SDK_PROJECT_ID: projectId, PREFETCH_HUAWEI_VOD_ENDPOINT: "https://vod.example.com" };
    expect(await dialled({ ...elsewhere, ...login })).toEqual(["https://iam.myhuaweicloud.com"]);
    expect(await dialled({ ...base, ...login, HUAWEICLOUD_SDK_IAM_ENDPOINT: "https://iam.example.com" })).toEqual([
      "https://iam.example.com",
    ]);
  });
});

describe("several credentials", () => {
  const wrongKeys = { HUAWEICLOUD_SDK_AK: "WRONGAK0000000000000", HUAWEICLOUD_SDK_SK: "wrong-secret-key" };
  const wrongToken = { PREFETCH_HUAWEI_IAM_TOKEN: "wrong-token" };
  const wrongLogin = { ...login, PREFETCH_HUAWEI_IAM_PASSWORD: "wrong-password" };

  const settingsFor = (vod: HuaweiVodEmulator) => ({
    here: {
      HUAWEICLOUD_SDK_PROJECT_ID: vod.projectId,
      PREFETCH_HUAWEI_VOD_ENDPOINT: vod.endpoint,
      HUAWEICLOUD_SDK_IAM_ENDPOINT: vod.endpoint,
    },
    rightKeys: { HUAWEICLOUD_SDK_AK: vod.user.ak, HUAWEICLOUD_SDK_SK: vod.user.sk },
    rightToken: { PREFETCH_HUAWEI_IAM_TOKEN: vod.issueToken() },
    rightLogin: {
      PREFETCH_HUAWEI_IAM_USER: vod.user.user,
      PREFETCH_HUAWEI_IAM_PASSWORD: vod.user.password,
      PREFETCH_HUAWEI_IAM_DOMAIN: vod.user.domain,
    },
  });
  const submits = async (values: SettingValues) => (await providerOf(values)).submit(asset, call());

  it("use keys first", async () => {
    const vod = await emulator();
    const { here, rightKeys, rightToken, rightLogin } = settingsFor(vod);
    expect((await submits({ ...here, ...rightKeys, ...wrongToken, ...wrongLogin })).vendorTaskIds).toHaveLength(1);
    await expect(submits({ ...here, ...wrongKeys, ...rightToken, ...rightLogin })).rejects.toMatchObject({ code: "auth_failed" });
    expect(vod.logins).toBe(0);
  });

  it("use a token without keys", async () => {
    const vod = await emulator();
    const { here, rightToken, rightLogin } = settingsFor(vod);
    expect((await submits({ ...here, ...rightToken, ...wrongLogin })).vendorTaskIds).toHaveLength(1);
    await expect(submits({ ...here, ...wrongToken, ...rightLogin })).rejects.toMatchObject({ code: "auth_failed" });
    expect(vod.logins).toBe(0);
  });

  it("use a login without keys and token", async () => {
    const vod = await emulator();
    const { here, rightLogin } = settingsFor(vod);
    expect((await submits({ ...here, ...rightLogin })).vendorTaskIds).toHaveLength(1);
    expect(vod.logins).toBe(1);
  });
});
