import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { readCommand } from "../../src/cli/config.ts";
import { hostMatches } from "../../src/prefetch/model/url.ts";
import { providerDefinitions } from "../../src/providers/index.ts";

function configOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = readCommand(args, env);
  if (command.kind !== "serve") throw new Error(`expected to serve, got ${command.kind}`);
  return command.config;
}

describe("readCommand", () => {
  it("has safe defaults", () => {
    const config = configOf([]);
    expect(config).toMatchObject({ sandbox: false, pollSeconds: undefined, logLevel: "info", warnings: [] });
    expect(config.guards).toEqual({ allowedDomains: undefined, maxUrlsPerCall: 10_000, confirmAbove: 1_000 });
    expect(config.dailyBudget).toBeUndefined();
    expect(config.routes).toEqual([]);
    expect(config.store).toMatch(/cdn-prefetch-mcp.*prefetch\.sqlite$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("keeps tasks in memory and polls without delay in the sandbox, unless settings say otherwise", () => {
    expect(configOf(["--sandbox"])).toMatchObject({ sandbox: true, store: ":memory:", pollSeconds: 0 });
    expect(configOf([], { PREFETCH_SANDBOX: "true", PREFETCH_STORE: "sqlite:/tmp/x", PREFETCH_POLL_SECONDS: "3" })).toMatchObject({
      sandbox: true,
      store: "/tmp/x",
      pollSeconds: 3,
    });
  });

  it("prefers a flag over its variable", () => {
    expect(configOf(["--poll-seconds", "7"], { PREFETCH_POLL_SECONDS: "9" }).pollSeconds).toBe(7);
    expect(configOf(["--poll-seconds=7"], {}).pollSeconds).toBe(7);
  });

  it("reads lists, numbers and booleans in every spelling that hosts use", () => {
    const config = configOf([], {
      PREFETCH_ALLOWED_DOMAINS: " A.example.com, *.B.example.com ,",
      PREFETCH_DAILY_BUDGET: "0",
      PREFETCH_SANDBOX: "false",
    });
    expect(config.guards).toMatchObject({ allowedDomains: ["a.example.com", "*.b.example.com"] });
    expect(config.dailyBudget).toBe(0);
    expect(config.sandbox).toBe(false);
  });

  it.each(["", "  ", "$" + "{user_config.x}"])("treats %j as unset", (value) => {
    expect(configOf([], { PREFETCH_POLL_SECONDS: value, HUAWEICLOUD_SDK_AK: value, PREFETCH_STORE: value })).toMatchObject({
      pollSeconds: undefined,
      values: { HUAWEICLOUD_SDK_AK: undefined },
    });
  });

  it("lists every mistake in one error and shows no credential", () => {
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

  it("warns about a variable that looks like a setting and is none", () => {
    expect(configOf([], { PREFETCH_STOER: "x", OTHER: "y" }).warnings).toEqual([
      "PREFETCH_STOER is set, but there is no such setting. Did you mean PREFETCH_STORE? --help lists all settings.",
    ]);
  });
});

describe("the mistakes that readCommand names", () => {
  it.each([
    [["--poll-seconds", "soon"], {}, '--poll-seconds must be a whole number from 0 to 3600; it is "soon"'],
    [[], { PREFETCH_POLL_SECONDS: "soon" }, 'PREFETCH_POLL_SECONDS must be a whole number from 0 to 3600; it is "soon"'],
    [
      ["--transport", "http", "--host", "0.0.0.0"],
      {},
      "--host is 0.0.0.0, which other machines can reach, and the server would give them all full access",
    ],
    [["--port", "8080"], {}, "--port belongs to the HTTP server, but the server was to speak over stdio"],
    [["--routes", "a.example=huawei"], {}, /^--routes must be .*; no provider is called "huawei"$/],
    [["--routes", "a.example=http,b.example"], {}, /^--routes must be .*; "b.example" is not of this form$/],
  ])("are told by the name that was given when the arguments are %j and the variables %j", (args, env, message) => {
    expect(() => readCommand(args, env)).toThrow(message);
  });

  it("are told without the value when the setting has no flag, because it may be a secret", () => {
    expect(() => readCommand([], { PREFETCH_STORE: "x".repeat(100), HUAWEICLOUD_SDK_SK: "open sesame" })).toThrow(
      `PREFETCH_STORE must be sqlite:<path>, postgres://<user>@<host>/<database> or memory:; it is "${"x".repeat(60)}…"`,
    );
  });

  it("do not include a variable of the HTTP server when the server speaks over stdio", () => {
    expect(configOf([], { PREFETCH_SERVER_PORT: "8080" }).transport).toBe("stdio");
  });
});

describe("PREFETCH_ROUTES", () => {
  const routesOf = (text: string, ...args: string[]) => configOf(args, { PREFETCH_ROUTES: text }).routes;
  const huawei = "huawei-vod";
  const alibaba = "alibaba-vod";

  it("is a list of host patterns and providers, whose order stays", () => {
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
  ])("ignores case, blanks and empty entries: %j", (text, pattern, provider) => {
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
    // A dropped route would send its host's URLs to another provider, so one bad route fails the whole list.
    "*.example.com=alibaba-vod,example.org,*=huawei-vod",
  ])("is refused with an example and the known providers when a route is malformed: %j", (text) => {
    expect(() => routesOf(text)).toThrow(PrefetchError);
    expect(() => routesOf(text)).toThrow(
      /^PREFETCH_ROUTES must be auto, or <host>=<provider>.*such as \*\.example\.com=\S+; providers are /,
    );
    expect(() => routesOf(text)).toThrow(providerDefinitions.map((definition) => definition.id).join(", "));
  });

  it("asks the vendors where it says auto, alone or between written routes", () => {
    expect(routesOf(" AUTO ")).toEqual(["auto"]);
    expect(routesOf("a.example=huawei-vod,auto,*=http")).toEqual([
      { pattern: "a.example", provider: huawei },
      "auto",
      { pattern: "*", provider: "http" },
    ]);
    for (const text of ["auto=huawei-vod=x", "automatic", "auto=", "*=auto"])
      expect(() => routesOf(text)).toThrow(/^PREFETCH_ROUTES must be auto, or/);
  });

  it("is overridden by --routes", () => {
    expect(routesOf("*=huawei-vod", "--routes", "*=alibaba-vod")).toEqual([{ pattern: "*", provider: alibaba }]);
    expect(() => configOf(["--routes", "*"])).toThrow(/^--routes must be/);
  });

  it("is empty by default; in the sandbox it routes each emulated host to its emulator, and every other host to http", () => {
    expect(configOf([]).routes).toEqual([]);
    const { routes } = configOf(["--sandbox"]);
    const known = providerDefinitions.map((definition) => definition.id);
    const written = routes.filter((route) => route !== "auto");
    expect(written).toEqual(routes);
    for (const { provider } of written) expect(known).toContain(provider);
    const providerOf = (host: string) => written.find(({ pattern }) => hostMatches(host, pattern))?.provider;
    expect(["vod.example.net", "media.example.net", "example.com", "www.example.com", "cdn.my-company.test"].map(providerOf)).toEqual([
      alibaba,
      alibaba,
      huawei,
      huawei,
      "http",
    ]);
  });

  it("replaces the sandbox's routes when it is set", () => {
    expect(routesOf("*=alibaba-vod", "--sandbox")).toEqual([{ pattern: "*", provider: alibaba }]);
  });
});
