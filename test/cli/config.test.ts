import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { helpText, readCommand, secretValues } from "../../src/cli/config.ts";
import { hostMatches } from "../../src/prefetch/model/url.ts";
import { providerDefinitions } from "../../src/providers/index.ts";

function configOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = readCommand(args, env);
  if (command.kind !== "serve") throw new Error(`expected to serve, got ${command.kind}`);
  return command.config;
}

describe("configuration", () => {
  it("has safe defaults", () => {
    const config = configOf([]);
    expect(config).toMatchObject({ sandbox: false, pollSeconds: undefined, logLevel: "info", warnings: [] });
    expect(config.guards).toEqual({ allowedDomains: undefined, maxUrlsPerCall: 10_000 });
    expect(config.dailyBudget).toBeUndefined();
    expect(config.routes).toEqual([]);
    expect(config.store).toMatch(/cdn-prefetch-mcp.*prefetch\.sqlite$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("keeps nothing and polls at once in the sandbox, unless told otherwise", () => {
    expect(configOf(["--sandbox"])).toMatchObject({ sandbox: true, store: ":memory:", pollSeconds: 0 });
    expect(configOf([], { PREFETCH_SANDBOX: "true", PREFETCH_STORE: "sqlite:/tmp/x", PREFETCH_POLL_SECONDS: "3" })).toMatchObject({
      sandbox: true,
      store: "/tmp/x",
      pollSeconds: 3,
    });
  });

  it("prefers a flag to its variable", () => {
    expect(configOf(["--poll-seconds", "7"], { PREFETCH_POLL_SECONDS: "9" }).pollSeconds).toBe(7);
    expect(configOf(["--poll-seconds=7"], {}).pollSeconds).toBe(7);
  });

  it("reads lists, numbers and booleans in the spellings that hosts use", () => {
    const config = configOf([], {
      PREFETCH_ALLOWED_DOMAINS: " A.example.com, *.B.example.com ,",
      PREFETCH_DAILY_BUDGET: "0",
      PREFETCH_SANDBOX: "false",
    });
    expect(config.guards).toMatchObject({ allowedDomains: ["a.example.com", "*.b.example.com"] });
    expect(config.dailyBudget).toBe(0);
    expect(config.sandbox).toBe(false);
  });

  it.each(["", "  ", "$" + "{user_config.x}"])("takes %j for unset", (value) => {
    expect(configOf([], { PREFETCH_POLL_SECONDS: value, HUAWEICLOUD_SDK_AK: value, PREFETCH_STORE: value })).toMatchObject({
      pollSeconds: undefined,
      values: { HUAWEICLOUD_SDK_AK: undefined },
    });
  });

  it("lists every mistake at once and shows no value of a credential", () => {
    const read = () =>
      readCommand([], {
        PREFETCH_STORE: "x",
        PREFETCH_MAX_URLS_PER_CALL: "0",
        PREFETCH_LOG_LEVEL: "loud",
        HUAWEICLOUD_SDK_SK: "sesame-open",
      });
    expect(read).toThrow(PrefetchError);
    expect(read).toThrow(/PREFETCH_STORE must be.*PREFETCH_MAX_URLS_PER_CALL must be a whole number from 1 to 10000.*PREFETCH_LOG_LEVEL/);
    expect(read).not.toThrow(/sesame/);
  });

  it("reports names that look like settings and are none", () => {
    expect(configOf([], { PREFETCH_STOER: "x", OTHER: "y" }).warnings).toEqual(["PREFETCH_STOER is set, but there is no such setting"]);
  });
});

describe("routes", () => {
  const routesOf = (text: string, ...args: string[]) => configOf(args, { PREFETCH_ROUTES: text }).routes;
  const huawei = "huawei-vod";
  const alibaba = "alibaba-vod";

  it("are pairs of a host and a provider, in the order in which they count", () => {
    expect(routesOf("vod.example.com=huawei-vod,*.example.com=alibaba-vod,*=huawei-vod")).toEqual([
      { pattern: "vod.example.com", provider: huawei },
      { pattern: "*.example.com", provider: alibaba },
      { pattern: "*", provider: huawei },
    ]);
  });

  it.each([
    ["*=alibaba-vod", "*", alibaba],
    ["localhost=alibaba-vod", "localhost", alibaba],
    ["10.0.0.1=huawei-vod", "10.0.0.1", huawei],
    ["xn--bcher-kva.example=huawei-vod", "xn--bcher-kva.example", huawei],
    [" Vod.Example.COM = Huawei-VOD , ", "vod.example.com", huawei],
    [",,*.Example.com=alibaba-vod,", "*.example.com", alibaba],
  ])("are read leniently: %j", (text, pattern, provider) => {
    expect(routesOf(text)).toEqual([{ pattern, provider }]);
  });

  it.each([
    "example.com",
    "example.com=",
    "=huawei-vod",
    "=",
    "example.com=huawei",
    "example.com=constructor",
    "example.com=huawei-vod=alibaba-vod",
    "example.com==huawei-vod",
    "huawei-vod=example.com",
    "*.=huawei-vod",
    "**=huawei-vod",
    "*.*=huawei-vod",
    "*example.com=huawei-vod",
    "vod.*.com=huawei-vod",
    "example.com.=huawei-vod",
    "example..com=huawei-vod",
    "example.com:8443=huawei-vod",
    "https://example.com=huawei-vod",
    "example.com/path=huawei-vod",
    "bücher.example=huawei-vod",
    "a b=huawei-vod",
    "example.com:huawei-vod",
    "example.com=huawei-vod;example.org=alibaba-vod",
    // One mistake among many is a mistake: what it was to catch would go elsewhere.
    "*.example.com=alibaba-vod,example.org,*=huawei-vod",
  ])("are refused with an example and the providers that there are: %j", (text) => {
    expect(() => routesOf(text)).toThrow(PrefetchError);
    expect(() => routesOf(text)).toThrow(
      /^PREFETCH_ROUTES must be <host>=<provider>.*such as \*\.example\.com=\S+; providers are huawei-vod, alibaba-vod, http$/,
    );
  });

  it("may come from a flag, which wins", () => {
    expect(routesOf("*=huawei-vod", "--routes", "*=alibaba-vod")).toEqual([{ pattern: "*", provider: alibaba }]);
    expect(() => configOf(["--routes", "*"])).toThrow(/PREFETCH_ROUTES/);
  });

  it("are none unless set, and in the sandbox send each emulator the hosts that it serves", () => {
    expect(configOf([]).routes).toEqual([]);
    const { routes } = configOf(["--sandbox"]);
    const known = providerDefinitions.map((row) => row.id);
    for (const { provider } of routes) expect(known).toContain(provider);
    const providerOf = (host: string) => routes.find(({ pattern }) => hostMatches(host, pattern))?.provider;
    expect(["vod.example.net", "media.example.net", "example.com", "localhost"].map(providerOf)).toEqual([
      alibaba,
      alibaba,
      huawei,
      huawei,
    ]);
  });

  it("that are set replace those of the sandbox", () => {
    expect(routesOf("*=alibaba-vod", "--sandbox")).toEqual([{ pattern: "*", provider: alibaba }]);
  });
});

describe("what providers are set up with", () => {
  it("is kept with the other values, and what is secret is known as such", () => {
    const { values } = configOf([], {
      ALIBABA_CLOUD_ACCESS_KEY_ID: "the-id",
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: " the-secret\n",
      ALIBABA_CLOUD_SECURITY_TOKEN: "the-token",
      ALIBABA_CLOUD_PROFILE: "the-profile",
      HUAWEICLOUD_SDK_SK: "the-key",
      PREFETCH_ALIBABA_VOD_REGION: "",
      UNRELATED_SECRET: "unrelated",
    });
    expect(values).toMatchObject({ ALIBABA_CLOUD_ACCESS_KEY_SECRET: "the-secret", ALIBABA_CLOUD_PROFILE: "the-profile" });
    expect(values.PREFETCH_ALIBABA_VOD_REGION).toBeUndefined();
    expect(Object.keys(values)).not.toContain("UNRELATED_SECRET");
    expect(secretValues(values).sort()).toEqual(["the-id", "the-key", "the-secret", "the-token"]);
  });

  it("is set by the environment only", () => {
    for (const flag of ["--alibaba-cloud-access-key-secret=x", "--region=x"]) expect(() => configOf([flag])).toThrow(PrefetchError);
    const help = helpText("1.2.3");
    for (const row of providerDefinitions) {
      expect(help).toContain(`${row.title} (${row.id}), by environment only:`);
      for (const { name } of row.settings) expect(help).toContain(`  ${name}\n`);
    }
    expect(help).toContain("--routes <value>, PREFETCH_ROUTES");
  });

  it("has no unknown names, and those that look like it are reported", () => {
    const names = providerDefinitions.flatMap((row) => row.settings.map((setting) => setting.name));
    expect(configOf([], Object.fromEntries(names.map((name) => [name, "x"]))).warnings).toEqual([]);
    expect(configOf([], { PREFETCH_ALIBABA_VOD_REGOIN: "x" }).warnings).toEqual([
      "PREFETCH_ALIBABA_VOD_REGOIN is set, but there is no such setting",
    ]);
  });
});
