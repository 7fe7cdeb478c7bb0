/** The MCP bundle as a host gets it: unpacked into an empty folder, with the environment that the host makes of its manifest. */

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { getMcpConfigForManifest, type McpbManifestAny, unpackExtension } from "@anthropic-ai/mcpb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packBundle } from "../../../scripts/mcpb/pack.ts";
import { BUNDLE_FILE } from "../../../scripts/mcpb/server-json.ts";
import { sessions } from "../harness/clients-harness.ts";
import { brokenLinks, emptyFolder, expectToWork, filesBelow, OLDEST_NODE, oldestNode, printSize } from "./packaging-harness.ts";

const folder = emptyFolder();
const unpacked = join(folder, "unpacked");
const file = join(folder, BUNDLE_FILE);
const oldest = oldestNode();
const versionOf = (program: string) => execFileSync(program, ["--version"], { encoding: "utf8" }).trim();

beforeAll(async () => {
  printSize("MCP bundle", await packBundle(file));
  await unpackExtension({ mcpbPath: file, outputDir: unpacked, silent: true });
  printSize(
    "MCP bundle, unpacked",
    filesBelow(unpacked).reduce((sum, path) => sum + statSync(join(unpacked, path)).size, 0),
  );
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The server that a host starts after a person ticked the sandbox. */
async function hostOptions(node: string) {
  const manifest: McpbManifestAny = JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"));
  const userConfig = { sandbox: true };
  const config = await getMcpConfigForManifest({ manifest, extensionPath: unpacked, systemDirs: {}, userConfig, pathSeparator: "/" });
  expect(config?.command).toBe("node");
  const [entry = ""] = config?.args ?? [];
  return { program: [node, entry] as const, cwd: folder, env: config?.env ?? {} };
}

describe("the MCP bundle", () => {
  it("holds the server, its papers and no packages", () => {
    const files = filesBelow(unpacked);
    for (const path of [
      "manifest.json",
      "dist/main.js",
      "dist/sbom.cdx.json",
      "dist/task-view.html",
      "assets/icon.png",
      "LICENSE",
      "PRIVACY.md",
    ]) {
      expect(files).toContain(path);
    }
    for (const locale of ["en-US", "zh-CN"]) expect(files).toContain(`mcpb-resources/${locale}.json`);
    expect(files.filter((path) => /node_modules|\.ts$|\.map$/.test(path))).toEqual([]);
    expect(brokenLinks(unpacked)).toEqual([]);
  });

  it.each(sessions)("serves the %s on the Node.js of this checkout", async (_, open) => {
    await expectToWork(open, await hostOptions(process.execPath));
  });

  it.skipIf(oldest === undefined).each(sessions)(`serves the %s on Node.js ${OLDEST_NODE}`, async (_, open) => {
    expect(versionOf(oldest ?? "")).toBe(`v${OLDEST_NODE}`);
    await expectToWork(open, await hostOptions(oldest ?? ""));
  });
});
