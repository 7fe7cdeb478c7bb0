/** The settings of Alibaba Cloud VOD: the source of the keys, the problems, and the provider that they create. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Agent, type Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SettingValues } from "../../../src/base/setting.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import { alibabaVod } from "../../../src/providers/alibaba/definition.ts";
import type { ProviderContext } from "../../../src/providers/definition.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { countingCall, failureOf } from "../../contract/provider.ts";
import { handClock } from "../clock-harness.ts";

const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: "LTAIENVENVENVENVENVENV", ALIBABA_CLOUD_ACCESS_KEY_SECRET: "SECRETENVSECRETENVSECRETENV" };
const token = { ALIBABA_CLOUD_SECURITY_TOKEN: "TOKENENVTOKENENVTOKENENV==" };
const vod = (name: string) => `PREFETCH_ALIBABA_VOD_${name}`;

const saved = { name: "default", mode: "AK", access_key_id: "LTAIFILEFILEFILEFILE", access_key_secret: "SECRETFILESECRETFILESECRET" };
const second = { ...saved, name: "second", access_key_id: "LTAISECONDSECONDSECOND" };
const temporary = { ...saved, name: "temporary", mode: "StsToken", access_key_id: "STS.FILEFILEFILE", sts_token: "TOKENFILETOKENFILE" };
const fileOf = (profiles: readonly unknown[], current = "default") => JSON.stringify({ current, profiles });

let home: string;
let closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  // A profile of the developer's own must not decide a test.
  home = await mkdtemp(join(tmpdir(), "alibaba-settings-"));
  vi.stubEnv("HOME", home);
  vi.stubEnv("USERPROFILE", home);
  vi.stubEnv("USERPROFILE", home);
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

async function save(text: string): Promise<void> {
  await mkdir(join(home, ".aliyun"), { recursive: true });
  await writeFile(join(home, ".aliyun", "config.json"), text);
}

function problemOf(values: SettingValues): string {
  const reading = alibabaVod.read(values);
  if (reading.ok) throw new Error("The settings have no problem");
  expect(reading.problem).toMatch(/^alibaba-vod: .*\.$/s);
  return reading.problem;
}

async function providerOf(values: SettingValues, context: Partial<ProviderContext & { dispatcher: Dispatcher }> = {}): Promise<Provider> {
  const reading = alibabaVod.read(values);
  if (!reading.ok) throw new Error(reading.problem);
  const made = await reading.create({ clock: handClock(), observer: silentObserver, userAgent: "test", ...context });
  closing.push(() => made.close());
  return made;
}

const urls = { kind: "urls", urls: ["https://vod.example.net/a.mp4"] } as const;
const asset = { kind: "asset", assetId: "93ab850b4f6f44eab54b6e91d24d81d4" } as const;

interface Received {
  readonly key: string | undefined;
  readonly token: unknown;
  readonly host: string | undefined;
  readonly agent: string | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** A server that accepts every request and records it. */
async function vendor(): Promise<{ readonly url: string; readonly received: readonly Received[] }> {
  const received: Received[] = [];
  const server = createServer(({ headers, url = "/" }, response) => {
    const key = /Credential=([^,]+)/.exec(headers.authorization ?? "")?.[1];
    const params = Object.fromEntries(new URLSearchParams(url.split("?")[1]));
    received.push({ key, token: headers["x-acs-security-token"], host: headers.host, agent: headers["user-agent"], params });
    response.end('{"PreloadTaskId":"1","MediaRefreshJobId":"a"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

/** The requests of a prefetch of URLs, a prefetch of an asset, and a look-up of the asset. */
async function sent(values: SettingValues) {
  const { url, received } = await vendor();
  const made = await providerOf({ [vod("ENDPOINT")]: url, [vod("MEDIA_ENDPOINT")]: url, ...values });
  await made.submit(urls, countingCall());
  await made.submit(asset, countingCall());
  await made.resolveAsset?.(asset.assetId, countingCall());
  const [ofUrls, ofAsset, lookUp] = received;
  if (!ofUrls || !ofAsset || !lookUp) throw new Error("Not everything was sent");
  return { ofUrls, ofAsset, lookUp };
}

describe("access keys", () => {
  it("come from the environment when it has them", async () => {
    await save(fileOf([saved]));
    const { ofUrls, ofAsset, lookUp } = await sent(keys);
    for (const request of [ofUrls, ofAsset, lookUp]) {
      expect(request).toMatchObject({ key: keys.ALIBABA_CLOUD_ACCESS_KEY_ID, token: undefined, agent: "test" });
    }
  });

  it("include the security token", async () => {
    const { ofUrls } = await sent({ ...keys, ...token });
    expect(ofUrls).toMatchObject({ key: keys.ALIBABA_CLOUD_ACCESS_KEY_ID, token: token.ALIBABA_CLOUD_SECURITY_TOKEN });
  });

  it("come from the named profile, else from the current one", async () => {
    await save(fileOf([saved, second, temporary], "second"));
    expect((await sent({})).ofUrls).toMatchObject({ key: second.access_key_id, token: undefined });
    expect((await sent({ ALIBABA_CLOUD_PROFILE: "default" })).ofUrls).toMatchObject({ key: saved.access_key_id });
    expect((await sent({ ALIBABA_CLOUD_PROFILE: "temporary" })).ofUrls).toMatchObject({
      key: temporary.access_key_id,
      token: temporary.sts_token,
    });
  });

  it("are read from the file for every request", async () => {
    await save(fileOf([saved, second]));
    const { url, received } = await vendor();
    const made = await providerOf({ [vod("ENDPOINT")]: url });
    await made.submit(urls, countingCall());
    await save(fileOf([{ ...saved, access_key_id: "LTAIREPLACED" }, second], "second"));
    await made.submit(urls, countingCall());
    // The profile stays the same: another one may belong to another account with another quota.
    expect(received.map((request) => request.key)).toEqual([saved.access_key_id, "LTAIREPLACED"]);
  });

  it("of the environment need no readable profile file", async () => {
    await save("not JSON");
    expect((await sent({ ...keys, ALIBABA_CLOUD_PROFILE: "nobody" })).ofUrls.key).toBe(keys.ALIBABA_CLOUD_ACCESS_KEY_ID);
  });

  it.each(["true", "TRUE", "True"])("do not come from a disabled file: %s", async (disabled) => {
    await save(fileOf([saved]));
    const problem = problemOf({ ALIBABA_CLOUD_CLI_PROFILE_DISABLED: disabled });
    expect(problem).toContain("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    expect(problem).not.toContain("config.json");
    expect((await sent({ ...keys, ALIBABA_CLOUD_CLI_PROFILE_DISABLED: disabled })).ofUrls.key).toBe(keys.ALIBABA_CLOUD_ACCESS_KEY_ID);
  });

  it("come from the file when the disabling setting is false", async () => {
    await save(fileOf([saved]));
    expect((await sent({ ALIBABA_CLOUD_CLI_PROFILE_DISABLED: "false" })).ofUrls.key).toBe(saved.access_key_id);
  });
});

describe("a problem in the settings", () => {
  it("names the keys and the command line when nothing is set", () => {
    expect(problemOf({})).toBe(
      "alibaba-vod: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (or run aliyun configure).",
    );
  });

  it("names the keys when .aliyun is not a folder", async () => {
    await writeFile(join(home, ".aliyun"), "");
    expect(problemOf({})).toContain("(or run aliyun configure)");
    expect(problemOf({})).not.toContain("is reported when it cannot be read");
  });

  const missing: readonly (readonly [string, SettingValues, string])[] = [
    ["a secret without its id", { ALIBABA_CLOUD_ACCESS_KEY_SECRET: "HALFHALFHALF" }, "set ALIBABA_CLOUD_ACCESS_KEY_ID "],
    ["an id without its secret", { ALIBABA_CLOUD_ACCESS_KEY_ID: "HALFHALFHALF" }, "set ALIBABA_CLOUD_ACCESS_KEY_SECRET "],
    ["an id with a token only", { ALIBABA_CLOUD_ACCESS_KEY_ID: "HALFHALFHALF", ...token }, "set ALIBABA_CLOUD_ACCESS_KEY_SECRET "],
  ];

  it.each(missing)("names the missing variable: %s", async (_, values, name) => {
    // Falling back to the profile would hide the mistake.
    await save(fileOf([saved]));
    const problem = problemOf(values);
    expect(problem).toContain(name);
    for (const value of Object.values(values)) expect(problem).not.toContain(value);
  });

  it("names the keys when only a token is set", () => {
    const problem = problemOf(token);
    expect(problem).toContain("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    expect(problem).not.toContain(token.ALIBABA_CLOUD_SECURITY_TOKEN);
  });

  const unclean = [...Object.keys(keys), ...Object.keys(token)].flatMap((name) =>
    ["BAD BLANK", "BAD\nBREAK", "BAD\u0000NUL", "BADé"].map((value) => [name, value] as const),
  );

  it.each(unclean)("names a secret that a header cannot carry: %s = %j", (name, value) => {
    const problem = problemOf({ ...keys, ...token, [name]: value });
    expect(problem).toContain(`${name} must not contain blanks`);
    for (const other of [...Object.keys(keys), ...Object.keys(token)]) if (other !== name) expect(problem).not.toContain(other);
    expect(problem).not.toContain("BAD");
  });

  const bad: readonly (readonly [string, readonly string[]])[] = [
    ["ACCOUNT", ["BAD BLANK", "BAD/", "BAD:BAD", "BADé", "B".repeat(65), "BAD\n"]],
    // The kit's tests have all forms of bad regions and endpoints.
    ["REGION", ["bad.example.com/x-1"]],
    ["ENDPOINT", ["http://bad.example.com"]],
    ["MEDIA_ENDPOINT", ["http://bad.example.com"]],
    ...["SIGN_HOST", "MEDIA_SIGN_HOST", "PLAY_DOMAIN"].map((name): readonly [string, readonly string[]] => [
      name,
      [
        "https://bad.example.com",
        "bad.example.com/",
        "bad..example.com",
        ".bad",
        "bad.",
        "bad host",
        "bad\r\nx-bad: 1",
        "bad:",
        "bad:port",
        "*.bad",
        "badé",
      ],
    ]),
    ["AREA", ["BAD", "cn", "Domestic", "global", "domestic,overseas"]],
    ["L2", ["BAD", "1", "yes", "TRUE"]],
    [
      "WITH_HEADER",
      [
        "BAD",
        "{",
        "null",
        "7",
        "[]",
        '["BAD"]',
        '{"Bad":"bad"}',
        '{"Bad":[]}',
        '{"Bad":[7]}',
        '{"Bad Name":["bad"]}',
        '{"Bad:":["bad"]}',
        '{"":["bad"]}',
      ],
    ],
    ...["FORMATS", "DEFINITIONS"].map((name): readonly [string, readonly string[]] => [
      name,
      ["BAD,", ",BAD", "BAD,,BAD", "BAD BAD", "BAD, BAD", "BAD;BAD", "BAD&BAD=1", "BAD-"],
    ]),
    ["SEGMENTS", ["BAD", "21", "99", "100", "-1", "1.5", "1e1", "0x5", "+5", "5 "]],
  ];

  it.each(bad.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    "names the wrong variable: %s = %j",
    (name, value) => {
      const problem = problemOf({ ...keys, [vod(name)]: value });
      expect(problem).toContain(`${vod(name)} must `);
      expect(problem.split("PREFETCH_")).toHaveLength(2);
      expect(problem).not.toMatch(/bad/i);
      for (const secret of Object.values(keys)) expect(problem).not.toContain(secret);
    },
  );

  it("is listed together with all other problems", () => {
    const names = bad.map(([name]) => vod(name));
    const values = Object.fromEntries(bad.map(([name, [value]]) => [vod(name), value]));
    const problem = problemOf({ ...values, ALIBABA_CLOUD_ACCESS_KEY_ID: "x" });
    expect(bad).toHaveLength(13);
    for (const name of ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", ...names]) expect(problem).toContain(name);
  });

  it("names each damaged key", () => {
    const problem = problemOf({
      ALIBABA_CLOUD_ACCESS_KEY_ID: "a b",
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: "a b",
      ALIBABA_CLOUD_SECURITY_TOKEN: "a b",
    });
    for (const name of [...Object.keys(keys), ...Object.keys(token)]) expect(problem).toContain(`${name} must not contain blanks`);
  });
});

describe("an unusable profile file", () => {
  const useless: readonly (readonly [string, string, SettingValues])[] = [
    ["it is not JSON", `{"access_key_secret": "${saved.access_key_secret}`, {}],
    ["it has an unknown shape", JSON.stringify({ profiles: saved }), {}],
    ["it has no current profile", fileOf([second]), {}],
    ["it lacks the named profile", fileOf([saved]), { ALIBABA_CLOUD_PROFILE: "NOBODY" }],
    ["its mode is not supported", fileOf([{ ...saved, mode: "RamRoleArn" }]), {}],
    ["its keys are missing", fileOf([{ ...saved, access_key_secret: "" }]), {}],
    ["its keys are damaged", fileOf([{ ...saved, access_key_secret: `${saved.access_key_secret}\n` }]), {}],
    ["its token is missing", fileOf([{ ...temporary, name: "default", sts_token: undefined }]), {}],
  ];

  it.each(useless)("is named with the alternative: %s", async (_, text, values) => {
    await save(text);
    const problem = problemOf(values);
    expect(problem).toMatch(/^alibaba-vod: ~\/\.aliyun\/config\.json (is|has|does) /);
    expect(problem).toContain("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (or run aliyun configure)");
    expect(problem).not.toMatch(/SECRETFILE|LTAIFILE|LTAISECOND|TOKENFILE|NOBODY/);
    expect(problem).not.toContain(home);
  });

  it("is reported when it cannot be read", async () => {
    await mkdir(join(home, ".aliyun", "config.json"), { recursive: true });
    expect(problemOf({})).toMatch(/~\/\.aliyun\/config\.json cannot be read; set ALIBABA_CLOUD_ACCESS_KEY_ID/);
  });

  it("is listed together with other problems", async () => {
    await save("{");
    const problem = problemOf({ [vod("AREA")]: "x", [vod("SEGMENTS")]: "x" });
    for (const name of ["config.json is not valid JSON", vod("AREA"), vod("SEGMENTS")]) expect(problem).toContain(name);
  });

  it("shows none of its content when it is cut off anywhere", async () => {
    const whole = fileOf([saved, temporary]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (end) => {
        await save(whole.slice(0, end));
        expect(problemOf({})).not.toMatch(/SECRET(FI|S)|LTAI|TOKENF|STS\./);
      }),
      { numRuns: 25 },
    );
  });
});

describe("good settings", () => {
  const good: readonly (readonly [string, readonly string[]])[] = [
    ["ACCOUNT", ["a", "team-1.video@example.com", "A_b", "x".repeat(64)]],
    ["REGION", ["cn-shanghai", "ap-southeast-1", "cn-hangzhou-finance-1", "us-west-1"]],
    ...["ENDPOINT", "MEDIA_ENDPOINT"].map((name): readonly [string, readonly string[]] => [
      name,
      ["https://vod.example.com", "https://vod.example.com:8443/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"],
    ]),
    ...["SIGN_HOST", "MEDIA_SIGN_HOST", "PLAY_DOMAIN"].map((name): readonly [string, readonly string[]] => [
      name,
      ["vod.cn-shanghai.aliyuncs.com", "localhost", "127.0.0.1:8080", "a-b.example.com"],
    ]),
    ["AREA", ["domestic", "overseas"]],
    ["L2", ["true", "false"]],
    ["WITH_HEADER", ['{"Accept-Encoding":["gzip, deflate, br"]}', '{"A":["1","2"],"B":[""]}', ' {"X_y": ["é"]} ']],
    ["FORMATS", ["mp4", "mp4,m3u8"]],
    ["DEFINITIONS", ["HD", "FD,LD,SD,HD,OD,2K,4K,SQ,HQ,AUTO"]],
    ["SEGMENTS", ["0", "1", "05", "20"]],
  ];

  it.each(good.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    "create a provider: %s = %s",
    async (name, value) => {
      const made = await providerOf({ ...keys, [vod(name)]: value });
      expect(made).toMatchObject({ id: alibabaVod.id, title: alibabaVod.title, docs: alibabaVod.docs });
    },
  );

  it("create a provider with the vendor's limits", async () => {
    const { limits, ...made } = await providerOf(keys);
    expect(made).toMatchObject({ id: "alibaba-vod", accepts: ["asset", "urls"], tracking: "task", depth: "mid-tier" });
    expect(limits).toMatchObject({
      urlsPerRequest: 100,
      urlsPerDay: 500,
      urlLength: 1_024,
      timeZone: "Asia/Shanghai",
      pollSeconds: 30,
      recordDays: 3,
    });
    // Submits for one host within one second share a task id.
    expect(limits.hostIntervalMs).toBeGreaterThan(1_000);
    expect(limits.requestsPerMinute).toBe(120);
    // The query carries the URLs encoded, with an encoded line break between two URLs.
    expect(limits.bytesOf("https://a.example/é b")).toBe("https%3A%2F%2Fa.example%2F%C3%A9%20b%0A".length);
    expect(limits.bytesPerRequest).toBeLessThanOrEqual(8_192 - 1_024);
    expect(limits.bytesOf(`https://a.example/${"/".repeat(1_024 - 18)}`)).toBeLessThan(limits.bytesPerRequest);
    for (const member of [made.status, made.resolveAsset, made.quota, made.findSubmitted]) expect(member).toBeInstanceOf(Function);
  });

  it("are all listed, and the secret ones are marked", () => {
    const described = alibabaVod.settings.map((setting) => setting.name);
    expect(new Set(described).size).toBe(described.length);
    const others = ["ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "PREFETCH_ALIBABA_PRODUCTS"];
    const used = [...Object.keys(keys), ...Object.keys(token), ...others];
    expect(new Set(described)).toEqual(new Set([...used, ...good.map(([name]) => vod(name))]));
    const hidden = alibabaVod.settings.filter((setting) => setting.secret).map((setting) => setting.name);
    const [keyId, ...secret] = Object.keys(keys);
    expect(hidden).toEqual([...secret, ...Object.keys(token)]);
    expect(alibabaVod.settings.filter((setting) => setting.keyId).map((setting) => setting.name)).toEqual([keyId]);
    // Command lines are public.
    expect(alibabaVod.settings.filter((setting) => setting.flag)).toEqual([]);
  });
});

describe("a request", () => {
  it("carries no option by default", async () => {
    const { ofUrls, ofAsset, lookUp } = await sent(keys);
    expect(ofUrls.params).toEqual({ ObjectPath: urls.urls[0] });
    expect(ofAsset.params).toEqual({ MediaIds: asset.assetId, TaskType: "Preload" });
    expect(lookUp.params).toEqual({ VideoId: asset.assetId, ResultType: "Single" });
  });

  it("carries each configured option in its own call", async () => {
    const header = '{"Accept-Encoding":["br"]}';
    const { ofUrls, ofAsset, lookUp } = await sent({
      ...keys,
      [vod("AREA")]: "overseas",
      [vod("L2")]: "false",
      [vod("WITH_HEADER")]: header,
      [vod("FORMATS")]: "mp4,m3u8",
      [vod("DEFINITIONS")]: "HD",
      [vod("SEGMENTS")]: "05",
      [vod("PLAY_DOMAIN")]: "play.example.net",
    });
    expect(ofUrls.params).toEqual({ ObjectPath: urls.urls[0], Area: "overseas", L2Preload: "false", WithHeader: header });
    expect(ofAsset.params).toMatchObject({ Formats: "mp4,m3u8", Definitions: "HD", SliceFlag: "true", SliceCount: "5" });
    expect(lookUp.params).toMatchObject({ Formats: "mp4,m3u8", Definition: "HD", PlayConfig: '{"PlayDomain":"play.example.net"}' });
  });

  it("asks for the second tier when L2 is true", async () => {
    expect((await sent({ ...keys, [vod("L2")]: "true" })).ofUrls.params).toMatchObject({ L2Preload: "true" });
  });

  it("is signed for the configured host of its endpoint", async () => {
    const { ofUrls, ofAsset, lookUp } = await sent({
      ...keys,
      [vod("SIGN_HOST")]: "cache.example.com",
      [vod("MEDIA_SIGN_HOST")]: "media.example.com",
    });
    expect([ofUrls, ofAsset, lookUp].map((request) => request.host)).toEqual([
      "cache.example.com",
      "media.example.com",
      "media.example.com",
    ]);
    const plain = await sent({ ...keys, [vod("MEDIA_SIGN_HOST")]: "media.example.com" });
    expect(plain.ofUrls.host).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe("the endpoints", () => {
  /** The addresses that a submit and a look-up connect to. Each connection is refused, so no byte leaves this machine. */
  async function dialled(values: SettingValues): Promise<readonly string[]> {
    const hosts: string[] = [];
    const refused = Object.assign(new Error("Not in a test"), { code: "ECONNREFUSED" });
    const dispatcher = new Agent({
      connect: ({ protocol, hostname, port }, callback) => {
        hosts.push(`${protocol}//${hostname}${port ? `:${port}` : ""}`);
        callback(refused, null);
      },
    });
    closing.push(() => dispatcher.destroy());
    const made = await providerOf({ ...keys, ...values }, { dispatcher });
    expect(await failureOf(made.submit(urls, countingCall()))).toMatchObject({ delivery: "not_sent" });
    expect(await failureOf(Promise.resolve(made.resolveAsset?.(asset.assetId, countingCall())))).toMatchObject({ delivery: "not_sent" });
    return hosts;
  }

  const shanghai = "https://vod.cn-shanghai.aliyuncs.com";

  it("are in one region for caches, and in the configured region for media", async () => {
    expect(await dialled({})).toEqual([shanghai, shanghai]);
    expect(await dialled({ [vod("REGION")]: "ap-southeast-1" })).toEqual([shanghai, "https://vod.ap-southeast-1.aliyuncs.com"]);
  });

  it("are the configured ones, each for its own calls", async () => {
    expect(await dialled({ [vod("ENDPOINT")]: "https://a.example.com:8443" })).toEqual(["https://a.example.com:8443", shanghai]);
    expect(await dialled({ [vod("MEDIA_ENDPOINT")]: "https://b.example.com", [vod("REGION")]: "ap-southeast-1" })).toEqual([
      shanghai,
      "https://b.example.com",
    ]);
  });

  it("are not contacted before the first call", async () => {
    const dispatcher = new Agent({
      connect: () => {
        throw new Error("It was dialled");
      },
    });
    closing.push(() => dispatcher.destroy());
    expect((await providerOf(keys, { dispatcher })).id).toBe("alibaba-vod");
  });
});

describe("the account name", () => {
  const accountOf = async (values: SettingValues) => (await providerOf(values)).account;

  it("is stable, differs between keys and reveals none of them", async () => {
    const name = await accountOf(keys);
    expect(name).toMatch(/^alibaba-vod:[0-9a-f]{12}$/);
    // A literal, because ledgers on disk contain it.
    expect(name).toBe("alibaba-vod:85680c1b3ea2");
    expect(await accountOf({ ...keys, ALIBABA_CLOUD_ACCESS_KEY_SECRET: "anothersecret", [vod("REGION")]: "us-west-1" })).toBe(name);
    expect(await accountOf({ ...keys, ALIBABA_CLOUD_ACCESS_KEY_ID: "LTAIANOTHER" })).not.toBe(name);
  });

  it("stays the same for other temporary keys", async () => {
    const name = await accountOf({ ...keys, ...token });
    expect(name).toBe("alibaba-vod:temporary");
    expect(await accountOf({ ...keys, ALIBABA_CLOUD_ACCESS_KEY_ID: "STS.ANOTHER", ALIBABA_CLOUD_SECURITY_TOKEN: "another" })).toBe(name);
  });

  it("is the same for one key from the settings and from the file", async () => {
    await save(fileOf([saved, second, { ...second, name: "third" }]));
    const name = await accountOf({ ALIBABA_CLOUD_PROFILE: "second" });
    expect(await accountOf({ ALIBABA_CLOUD_PROFILE: "third" })).toBe(name);
    const { access_key_id: id, access_key_secret: secret } = second;
    expect(await accountOf({ ALIBABA_CLOUD_ACCESS_KEY_ID: id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret })).toBe(name);
    expect(await accountOf({})).not.toBe(name);
  });

  it("stays the same when a profile gets other temporary keys", async () => {
    await save(fileOf([saved, temporary]));
    const name = await accountOf({ ALIBABA_CLOUD_PROFILE: "temporary" });
    expect(name).toBe("alibaba-vod:profile-temporary");
    await save(fileOf([{ ...temporary, access_key_id: "STS.ANOTHER" }]));
    expect(await accountOf({ ALIBABA_CLOUD_PROFILE: "temporary" })).toBe(name);
  });

  it("is the configured one for any keys", async () => {
    await save(fileOf([saved]));
    for (const values of [keys, { ...keys, ...token }, {}]) {
      expect(await accountOf({ ...values, [vod("ACCOUNT")]: "team-1" })).toBe("alibaba-vod:team-1");
    }
  });

  it("contains no secret", async () => {
    await save(fileOf([saved, temporary]));
    const names = await Promise.all([keys, { ...keys, ...token }, {}, { ALIBABA_CLOUD_PROFILE: "temporary" }].map(accountOf));
    const parts = [...Object.values(keys), ...Object.values(token), ...Object.values(saved).slice(2), ...Object.values(temporary).slice(2)];
    for (const name of names) for (const part of parts) expect(name).not.toContain(part);
  });
});
