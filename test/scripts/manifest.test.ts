import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getMcpConfigForManifest, type McpbManifestAny } from "@anthropic-ai/mcpb";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { dialogue } from "../../scripts/mcpb/dialogue.ts";
import type { Setting } from "../../src/base/setting.ts";
import { readCommand } from "../../src/cli/config.ts";
import { allSettings, serverSettings } from "../../src/cli/settings.ts";

const root = join(import.meta.dirname, "../..");
const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
const manifest: McpbManifestAny = json("manifest.json");
const options = z
  .record(z.string(), z.looseObject({ type: z.string(), title: z.string(), description: z.string() }))
  .parse(manifest.user_config);
const { localization } = z.object({ localization: z.object({ resources: z.string(), default_locale: z.string() }) }).parse(manifest);

/** The configuration of a server that a host starts with these entries of the dialogue. */
async function configWith(userConfig: Record<string, string | number | boolean>) {
  const config = await getMcpConfigForManifest({ manifest, extensionPath: "/bundle", systemDirs: {}, userConfig, pathSeparator: "/" });
  const command = readCommand([], config?.env ?? {});
  return command.kind === "serve" ? command.config : expect.unreachable("no server");
}

describe("manifest.json", () => {
  it("passes the validator of the MCPB bundle format, with its icon", () => {
    const cli = join(root, "node_modules/@anthropic-ai/mcpb/dist/cli/cli.js");
    const result = spawnSync(process.execPath, [cli, "validate", join(root, "manifest.json")], { encoding: "utf8" });
    expect(result.stderr).toBe("");
    expect(result.stdout).toMatch(/schema validation passes.*Icon validation passed/s);
    expect(result.status).toBe(0);
  });

  it("has an icon of 512 by 512 pixels", () => {
    const header = readFileSync(join(root, manifest.icon ?? "")).subarray(16, 24);
    expect([header.readUInt32BE(0), header.readUInt32BE(4)]).toEqual([512, 512]);
  });

  it("asks for about a dozen fields, each for one setting of a stdio server, and hides the secret ones", () => {
    expect(dialogue.length).toBeGreaterThanOrEqual(10);
    expect(dialogue.length).toBeLessThanOrEqual(14);
    expect(Object.keys(options)).toEqual(dialogue.map(({ key }) => key));
    const forHttp: readonly Setting[] = Object.values(serverSettings);
    for (const { key, variable } of dialogue) {
      const setting = allSettings.find(({ name }) => name === variable);
      expect(setting, key).toBeDefined();
      expect(forHttp, key).not.toContain(setting);
      expect(manifest.server.mcp_config?.env?.[variable]).toBe(`\${user_config.${key}}`);
      expect(options[key]?.sensitive ?? false, key).toBe((setting?.secret ?? false) || (setting?.keyId ?? false));
    }
    expect(new Set(Object.values(manifest.server.mcp_config?.env ?? {})).size).toBe(dialogue.length);
  });

  it("keeps the fields of a vendor together and begins their titles with its name", () => {
    const groups = dialogue.map(({ title }) => /^(Huawei Cloud|Alibaba Cloud)/.exec(title["en-US"])?.[0] ?? "other");
    const runs = groups.filter((group, index) => group !== groups[index - 1]);
    expect(runs.filter((group) => group !== "other")).toEqual(["Huawei Cloud", "Alibaba Cloud"]);
    for (const { variable, title } of dialogue) {
      const vendor = /HUAWEI/.test(variable) ? "Huawei Cloud" : /ALIBABA/.test(variable) ? "Alibaba Cloud" : "";
      expect(title["en-US"].startsWith(vendor), variable).toBe(true);
    }
  });

  it("starts a server with the defaults when the dialogue stays empty", async () => {
    expect(await configWith({})).toMatchObject({ sandbox: false, dailyBudget: undefined, routes: [], warnings: [], secrets: [] });
  });

  it("starts a server that follows each field when a person fills in the dialogue", async () => {
    const config = await configWith({
      sandbox: true,
      huawei_access_key: "AKEXAMPLE",
      http_requests_per_second: 5,
      allowed_hosts: "media.example.com, *.example.org",
      daily_budget: 200,
      routes: "*.example.org=http",
    });
    expect(config).toMatchObject({
      sandbox: true,
      guards: { allowedDomains: ["media.example.com", "*.example.org"] },
      dailyBudget: 200,
      routes: [{ pattern: "*.example.org", provider: "http" }],
      secrets: [],
      keyIds: ["AKEXAMPLE"],
      warnings: [],
    });
    expect(config.values.PREFETCH_HTTP_REQUESTS_PER_SECOND).toBe("5");
  });

  it.each(["en-US", "zh-CN"])("has every text in %s", (locale) => {
    const path = localization.resources.replace(/\$\{locale\}/, locale);
    expect(existsSync(join(root, path))).toBe(true);
    const texts = json(path);
    for (const field of ["display_name", "description", "long_description"]) expect(texts[field], field).toMatch(/\S/);
    expect(texts.author.name).toMatch(/\S/);
    expect(texts.keywords.length).toBeGreaterThan(3);
    expect(texts.tools.map(({ name }: { name: string }) => name)).toEqual(manifest.tools?.map(({ name }) => name));
    expect(Object.keys(texts.user_config)).toEqual(Object.keys(options));
    if (locale === localization.default_locale) expect(texts.user_config.routes.title).toBe(options.routes?.title);
    else expect(JSON.stringify(texts.user_config)).toMatch(/\p{Script=Han}/u);
  });
});
