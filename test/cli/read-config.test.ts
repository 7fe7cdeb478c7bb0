import { describe, expect, it, onTestFinished, vi } from "vitest";
import { explain } from "../../src/base/errors.ts";
import { readConfig } from "../../src/cli/read-config.ts";

const reading = (env: Readonly<Record<string, string>>, flags = {}) => readConfig(flags, { HOME: "/home/me", ...env });

describe("readConfig", () => {
  it("lists every mistake, and has the default in place of each wrong value", () => {
    const { mistakes, config, contradictions } = reading({
      PREFETCH_STORE: "x",
      PREFETCH_MAX_URLS_PER_CALL: "0",
      PREFETCH_LOG_LEVEL: "loud",
      PREFETCH_DAILY_BUDGET: "7",
    });
    expect(mistakes.map(({ name }) => name)).toEqual(["PREFETCH_STORE", "PREFETCH_MAX_URLS_PER_CALL", "PREFETCH_LOG_LEVEL"]);
    expect(config).toMatchObject({ guards: { maxUrlsPerCall: 10_000 }, logLevel: "info", dailyBudget: 7 });
    expect(config.store).toMatch(/cdn-prefetch-mcp.*prefetch\.sqlite$/);
    expect(contradictions).toEqual([]);
  });

  it("lists every contradiction beside the mistakes", () => {
    const { mistakes, contradictions } = reading({
      PREFETCH_LOG_LEVEL: "loud",
      PREFETCH_SERVER_TOKENS: "[]",
      PREFETCH_SERVER_TOKENS_FILE: "/tokens.json",
      PREFETCH_SERVER_OAUTH_AUDIENCE: "https://mcp.example.com",
    });
    expect(mistakes).toHaveLength(1);
    expect(contradictions.map(({ message }) => message)).toEqual([
      expect.stringContaining("PREFETCH_SERVER_TOKENS_FILE are both set"),
      expect.stringContaining("OAuth is off"),
    ]);
  });

  it.each([
    // The issuer is set, though wrongly.
    [{ PREFETCH_SERVER_OAUTH_ISSUER: "idp", PREFETCH_SERVER_OAUTH_AUDIENCE: "x" }, {}],
    [{ PREFETCH_TRANSPORT: "http", PREFETCH_SERVER_HOST: "0.0.0.0", PREFETCH_SERVER_OAUTH_ISSUER: "idp" }, {}],
    [{ PREFETCH_TRANSPORT: "htp" }, { port: "8080" }],
  ])("finds no contradiction that rests on a wrong value: %j", (env, flags) => {
    const { mistakes, contradictions } = reading(env, flags);
    expect(mistakes).toHaveLength(1);
    expect(contradictions.map(explain)).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("keeps nothing, and says so, when there is no home folder for the store", () => {
    vi.stubEnv("HOME", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { config, contradictions, unusable } = readConfig({}, { PREFETCH_STORE: "sqlite:~/x" });
    expect(contradictions.map(({ message }) => message)).toEqual(["PREFETCH_STORE needs your home folder, and HOME is empty"]);
    expect([config.store, unusable]).toEqual([":memory:", ["PREFETCH_STORE"]]);
  });

  it("names the database without its password, which no output shows", () => {
    const env = { PREFETCH_STORE: "postgres://ann@db.example/cdn", PGPASSWORD: "s3cr3t", PREFETCH_STORE_SCHEMA: "team" };
    const { config, mistakes, contradictions } = reading(env);
    expect([mistakes, contradictions]).toEqual([[], []]);
    expect(config.store).toBe("postgres://ann@db.example:5432/cdn");
    expect(config.postgres).toMatchObject({ address: { host: "db.example", tls: {} }, schema: "team", poolSize: 5 });
    expect(config.secrets).toContain("s3cr3t");
    expect(reading({ PREFETCH_STORE: "memory:" }).config).not.toHaveProperty("postgres");
  });

  it.each([
    [{ PREFETCH_STORE: "postgres://ann:s3cr3t@db.example/cdn" }, "PREFETCH_STORE must hold no password"],
    [
      { PREFETCH_STORE: "postgers://ann:s3cr3t@db.example/cdn" },
      "PREFETCH_STORE must be sqlite:<path>, postgres://<user>@<host>/<database> or memory:",
    ],
    [
      { PREFETCH_STORE_SCHEMA: "pg_mine" },
      'PREFETCH_STORE_SCHEMA must not begin with pg_, which PostgreSQL keeps for itself; it is "pg_mine"',
    ],
    [{ PREFETCH_STORE_SCHEMA: 'x"; DROP' }, "PREFETCH_STORE_SCHEMA must be at most 63 lower-case letters"],
    [{ PREFETCH_STORE_POOL: "0" }, "PREFETCH_STORE_POOL must be a whole number from 1 to 100"],
  ])("refuses %j without showing a password", (env, message) => {
    const { mistakes, contradictions } = reading(env);
    const [said = "", ...rest] = [...mistakes.map((mistake) => mistake.message), ...contradictions.map(explain)];
    expect(said).toContain(message);
    expect(rest).toEqual([]);
    expect(said).not.toContain("s3cr3t");
  });
});
