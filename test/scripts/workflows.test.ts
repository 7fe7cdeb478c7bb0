/** The workflows against package.json and each other. Only GitHub can run them. */

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const step = z.object({ uses: z.string().optional(), run: z.string().optional() });
const job = z.object({
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  permissions: z.record(z.string(), z.string()).optional(),
  strategy: z.object({ matrix: z.record(z.string(), z.array(z.string())) }).optional(),
  steps: z.array(step).default([]),
});
const workflow = z.object({ permissions: z.record(z.string(), z.string()), jobs: z.record(z.string(), job) });
const read = (name: string) => parse(readFileSync(join(root, ".github", name), "utf8"), { strict: true, uniqueKeys: true });
const files = globSync("workflows/*.yml", { cwd: join(root, ".github") }).map((name) => name.replaceAll("\\", "/"));
const { scripts, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const release = workflow.parse(read("workflows/release.yml"));
const needsOf = (name: string): string[] => [release.jobs[name]?.needs ?? []].flat().flatMap((need) => [need, ...needsOf(need)]);

describe.each(files)("%s", (file) => {
  const { permissions, jobs } = workflow.parse(read(file));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it("may only read unless a job says more", () => {
    expect(permissions).toEqual({ contents: "read" });
  });

  it("runs scripts that package.json has, and actions of a fixed major version", () => {
    const names = steps.flatMap(({ run = "" }) => [...run.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name));
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
  });

  it("gives no event's text to a shell", () => {
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });
});

describe("the test workflow", () => {
  it("covers three systems and the oldest, the current and the newest Node", () => {
    const matrix = workflow.parse(read("workflows/test.yml")).jobs.test?.strategy?.matrix;
    expect(matrix).toEqual({ os: ["ubuntu-latest", "macos-latest", "windows-latest"], node: ["22.19", "24", "26"] });
    expect(engines.node).toBe(`>=${matrix?.node?.[0]}`);
  });
});

describe("the release workflow", () => {
  it("publishes nothing before the tests passed and the check found no problem", () => {
    for (const name of ["npm", "github", "image", "registry"]) expect(needsOf(name)).toEqual(expect.arrayContaining(["files", "test"]));
    const runs = release.jobs.files?.steps.map(({ run = "" }) => run) ?? [];
    const check = runs.findIndex((run) => run.startsWith("npm run release:check -- --tag"));
    expect(check).toBeGreaterThan(0);
    expect(runs.indexOf("npm run release:files")).toBeGreaterThan(check);
  });

  it("publishes the npm package with provenance, which needs an identity token", () => {
    expect(release.jobs.npm?.permissions).toMatchObject({ "id-token": "write" });
    expect(release.jobs.npm?.steps.at(-1)?.run).toMatch(/^npm publish --provenance --access public /);
  });

  it("enters the MCP registry last, once the package and the bundle can be found", () => {
    expect(needsOf("registry")).toEqual(expect.arrayContaining(["npm", "github"]));
  });
});

it("npm run release:check refuses to publish while package.json has placeholders", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/release/check.ts"], { cwd: root, encoding: "utf8" });
  const hasPlaceholder = /OWNER/.test(readFileSync(join(root, "package.json"), "utf8"));
  expect(/has the placeholder OWNER/.test(stderr)).toBe(hasPlaceholder);
  if (hasPlaceholder) expect(status).toBe(1);
  expect(scripts.prepublishOnly).toBe("npm run release:check");
});

it("dependabot.yml watches npm, the actions and the image", () => {
  const updates: { "package-ecosystem": string; directory: string }[] = read("dependabot.yml").updates;
  expect(updates.map((update) => [update["package-ecosystem"], update.directory])).toEqual([
    ["npm", "/"],
    ["github-actions", "/"],
    ["docker", "/deploy"],
  ]);
});
