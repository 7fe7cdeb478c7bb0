import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { licensesOf } from "../../scripts/licenses.ts";

const bundleOf = (...paths: readonly string[]) => ({
  inputs: Object.fromEntries(paths.map((path) => [path, { bytes: 1, imports: [] }])),
  outputs: {},
});

it("the build brings the licences of what is in it", async () => {
  const text = await readFile("dist/third-party-licenses.txt", "utf8");
  for (const name of ["undici", "zod", "mpd-parser", "@modelcontextprotocol/server"]) {
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
  }
  expect(text).toMatch(/Apache License\s+Version 2\.0/);
});

it("each package is told once, and none that is not in the bundle", async () => {
  const text = await licensesOf(bundleOf("src/main.ts", "node_modules/zod/index.js", "node_modules/zod/v4/core.js"));
  expect(text.match(/^zod /gm)).toHaveLength(1);
  expect(text).not.toContain("undici");
  expect(await licensesOf(bundleOf("src/main.ts"))).toBe("");
});

it("a package without a licence does not go unnoticed", async () => {
  await expect(licensesOf(bundleOf("node_modules/.bin/x.js"))).rejects.toThrow();
});
