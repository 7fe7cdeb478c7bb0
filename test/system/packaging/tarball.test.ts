/** The npm package as `npx` gets it: packed from a clone, installed into an empty folder. */

import { execFile } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessions } from "../harness/clients-harness.ts";
import { brokenLinks, emptyFolder, expectToWork, filesBelow, npm, npmEnv, packTarball, printSize } from "./packaging-harness.ts";

const packing = emptyFolder();
const user = emptyFolder();
const installed = join(user, "node_modules/cdn-prefetch-mcp");

beforeAll(() => {
  const tarball = packTarball(packing);
  printSize("npm package", statSync(tarball).size);
  npm(["install", "--offline", tarball], user);
  printSize(
    "npm package, installed",
    filesBelow(installed).reduce((sum, path) => sum + statSync(join(installed, path)).size, 0),
  );
}, 60_000);

afterAll(() => {
  for (const folder of [packing, user]) rmSync(folder, { recursive: true, force: true });
});

describe("the npm package of a clone", () => {
  it("holds the built server and its papers, and nothing of the checkout, when the clone had no dist", () => {
    const files = filesBelow(installed);
    for (const file of [
      "dist/main.js",
      "dist/sbom.cdx.json",
      "dist/task-view.html",
      "dist/third-party-licenses.txt",
      "LICENSE",
      "README.md",
      "README.zh-CN.md",
      "SECURITY.md",
      "PRIVACY.md",
    ]) {
      expect(files).toContain(file);
    }
    const known =
      /^(?:dist\/[\w./-]+\.(?:js|txt|json|html)|(?:docs|deploy)\/[\w.-]+|assets\/(?:demo\.svg|view-(?:light|dark)\.webp)|[A-Z]+(?:\.zh-CN)?\.md|LICENSE|package\.json)$/;
    expect(files.filter((file) => !known.test(file))).toEqual([]);
  });

  it("installs no other package", () => {
    expect(filesBelow(join(user, "node_modules")).filter((path) => !/^(?:cdn-prefetch-mcp\/|\.bin\/|\.package-lock)/.test(path))).toEqual(
      [],
    );
  });

  it("has pages whose links lead to files of the package", () => {
    expect(brokenLinks(installed)).toEqual([]);
  });

  it.each([
    ["doctor", "--sandbox", "--json"],
    ["warm", "https://www.example.org/robots.txt", "--expand", "sitemap", "--dry-run", "--sandbox", "--json"],
    ["warm", "https://cdn.example.org/hls/film/master.m3u8", "--expand", "streams", "--dry-run", "--sandbox", "--json"],
  ])("runs %s %s %s when npx starts it", { timeout: 90_000 }, async (...args) => {
    const { stdout } = await promisify(execFile)("npx", ["--no-install", "cdn-prefetch-mcp", ...args], { cwd: user, env: npmEnv });
    expect(stdout).toMatch(/^\{"event":"(?:check|task)"/);
    expect(stdout).not.toContain('"state":"failed"');
  });

  it.each(sessions)("serves the %s when npx starts it", async (_, open) => {
    await expectToWork(open, { program: ["npx", "--no-install", "cdn-prefetch-mcp"], args: ["--sandbox"], cwd: user, env: npmEnv });
  });
});
