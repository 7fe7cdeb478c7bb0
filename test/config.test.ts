import { describe, expect, it } from "vitest";
import { readCommand } from "../src/config.ts";
import { PrefetchError } from "../src/errors.ts";

function configOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = readCommand(args, env);
  if (command.kind !== "serve") throw new Error(`expected to serve, got ${command.kind}`);
  return command.config;
}

describe("configuration", () => {
  it("has safe defaults", () => {
    const config = configOf([]);
    expect(config).toMatchObject({ sandbox: false, pollSeconds: undefined, logLevel: "info", warnings: [] });
    expect(config.guards).toEqual({ allowedDomains: undefined, maxUrlsPerCall: 10_000, dailyBudget: undefined });
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
    expect(config.guards).toMatchObject({ allowedDomains: ["a.example.com", "*.b.example.com"], dailyBudget: 0 });
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
