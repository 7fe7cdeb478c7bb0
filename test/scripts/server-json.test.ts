/**
 * server.json against the registry's schema, which `data/server.schema.json` keeps:
 * https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import ajvFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { serverJson } from "../../scripts/mcpb/server-json.ts";
import { readPackage } from "../../scripts/package-fields.ts";

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const schema = json(join(import.meta.dirname, "data/server.schema.json"));
// The schema explains fields with keywords of OpenAPI, such as `example`.
const ajv = new Ajv({ strict: false, allErrors: true });
ajvFormats.default(ajv);
const isValid = ajv.compile(schema);
const committed = json(join(import.meta.dirname, "../../server.json"));
const fields = await readPackage();
const bundle = { sha256: "a".repeat(64) };

describe("server.json", () => {
  it("keeps the registry's schema, with and without the bundle", () => {
    for (const content of [committed, serverJson(fields), serverJson(fields, bundle)]) {
      isValid(content);
      expect(isValid.errors).toBeNull();
      expect(content.$schema).toBe(schema.$id);
    }
    expect(isValid({ ...committed, description: "x".repeat(101) })).toBe(false);
  });

  it("has the name that proves to the registry who owns the npm package", () => {
    expect(committed.name).toBe(fields.mcpName);
    expect(committed.packages[0]).toMatchObject({ registryType: "npm", identifier: fields.name, version: fields.version });
    expect(committed.version).toBe(fields.version);
  });

  it("marks the vendors' keys as secrets and nothing as required", () => {
    const variables: { name: string; isSecret: boolean; isRequired: boolean }[] = committed.packages[0].environmentVariables;
    expect(variables.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toEqual([
      "HUAWEICLOUD_SDK_AK",
      "HUAWEICLOUD_SDK_SK",
      "ALIBABA_CLOUD_ACCESS_KEY_ID",
      "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    ]);
    expect(variables.every(({ isRequired }) => !isRequired)).toBe(true);
  });

  it("names the released bundle by an address that contains mcp, and by its hash", () => {
    const [, mcpb] = serverJson(fields, bundle).packages;
    expect(mcpb).toMatchObject({ registryType: "mcpb", fileSha256: bundle.sha256 });
    expect(mcpb?.identifier).toMatch(/^https:\/\/github\.com\/.*\/releases\/download\/v\d+\.\d+\.\d+\/cdn-prefetch-mcp\.mcpb$/);
  });
});
