import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Setting } from "../../src/base/setting.ts";
import { allSettings, serverSettings } from "../../src/cli/settings.ts";

const root = join(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "manifest.json"), "utf8"));

describe("manifest.json", () => {
  it("passes the validator of the MCPB bundle format", () => {
    const cli = join(root, "node_modules/@anthropic-ai/mcpb/dist/cli/cli.js");
    const result = spawnSync(process.execPath, [cli, "validate", join(root, "manifest.json")], { encoding: "utf8" });
    expect(result.stderr).toBe("");
    expect(result.stdout).toMatch(/validation passes/);
    expect(result.status).toBe(0);
  });

  it("offers every setting of a stdio server, marks secrets, and has a default for each so that no placeholder stays unfilled", () => {
    const config = manifest.user_config;
    const { env } = manifest.server.mcp_config;
    const forHttp: readonly Setting[] = Object.values(serverSettings);
    const settings = allSettings.filter((setting) => !forHttp.includes(setting));
    expect(settings.length).toBe(allSettings.length - forHttp.length);
    expect(Object.keys(env)).toEqual(settings.map((setting) => setting.name));
    for (const setting of settings) {
      const key = setting.name.toLowerCase();
      expect(env[setting.name]).toBe(`\${user_config.${key}}`);
      expect(config[key], key).toMatchObject({ required: false, description: expect.any(String) });
      expect(["", false], key).toContain(config[key].default);
      expect(config[key].sensitive ?? false, key).toBe(setting.secret ?? false);
    }
    for (const word of ["_sk", "password", "token"]) {
      const secretKeys = Object.keys(config).filter((key) => key.endsWith(word));
      expect(secretKeys.length, word).toBeGreaterThan(0);
      for (const key of secretKeys) expect(config[key].sensitive, key).toBe(true);
    }
  });
});
