import { describe, expect, it } from "vitest";
import { explain } from "../../src/base/errors.ts";
import { readSettings } from "../../src/cli/schema.ts";
import { serverConfigFrom, serverContradictions } from "../../src/cli/server-config.ts";

const settingsOf = (values: Readonly<Record<string, string>>) => {
  const { settings, mistakes } = readSettings(values);
  expect(mistakes).toEqual([]);
  return settings;
};
const configOf = (values: Readonly<Record<string, string>>) => serverConfigFrom(settingsOf(values));

function conflictIn(values: Readonly<Record<string, string>>): string {
  const [first] = serverContradictions(settingsOf(values));
  return first === undefined ? "none" : explain(first);
}

describe("serverConfigFrom", () => {
  it("has safe defaults", () => {
    expect(configOf({})).toEqual({
      host: "127.0.0.1",
      port: 3399,
      path: "/mcp",
      publicUrl: undefined,
      allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
      allowedOrigins: ["localhost", "127.0.0.1", "[::1]"],
      corsOrigins: [],
      requestsPerMinute: 600,
      tokensFile: undefined,
      tokens: undefined,
      oauth: undefined,
    });
  });

  it("allows the public URL's host and no other public host", () => {
    const { allowedHosts, allowedOrigins } = configOf({ PREFETCH_SERVER_PUBLIC_URL: "https://mcp.example.com/mcp" });
    expect(allowedHosts).toEqual(["localhost", "127.0.0.1", "[::1]", "mcp.example.com"]);
    expect(allowedOrigins).toEqual(allowedHosts);
    const hosts = { PREFETCH_SERVER_ALLOWED_HOSTS: "a.example.com" };
    expect(configOf({ ...hosts, PREFETCH_SERVER_PUBLIC_URL: "https://mcp.example.com/mcp" }).allowedHosts).toEqual(["a.example.com"]);
  });

  it("accepts a host that other machines can reach only over stdio or with authentication", () => {
    const open = { PREFETCH_SERVER_HOST: "0.0.0.0" };
    const http = { ...open, PREFETCH_TRANSPORT: "http" };
    expect(conflictIn(open)).toBe("none");
    expect(conflictIn({ ...http, PREFETCH_SERVER_TOKENS: "[]" })).toBe("none");
    expect(conflictIn({ ...http, PREFETCH_SERVER_OAUTH_ISSUER: "https://idp.example.com" })).toBe("none");
    expect(conflictIn(http)).toMatch(
      /^PREFETCH_SERVER_HOST is 0\.0\.0\.0, which other machines can reach.* Set PREFETCH_SERVER_TOKENS_FILE or/,
    );
  });

  it("refuses an unknown port with OAuth unless the public URL is set", () => {
    const oauth = { PREFETCH_SERVER_OAUTH_ISSUER: "https://idp.example.com", PREFETCH_SERVER_PORT: "0" };
    expect(conflictIn(oauth)).toMatch(/^PREFETCH_SERVER_PORT is 0, so .* Set PREFETCH_SERVER_PUBLIC_URL/);
    expect(conflictIn({ ...oauth, PREFETCH_SERVER_PUBLIC_URL: "https://mcp.example.com/mcp" })).toBe("none");
  });
});
