import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { licensesOf } from "../../scripts/licenses.ts";

const bundleOf = (...paths: readonly string[]) => ({
  inputs: Object.fromEntries(paths.map((path) => [path, { bytes: 1, imports: [] }])),
  outputs: {},
});

it("the build writes the licence of every bundled package", async () => {
  const text = await readFile("dist/third-party-licenses.txt", "utf8");
  for (const name of ["undici", "zod", "sax", "@modelcontextprotocol/server"]) {
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
  }
  expect(text).toMatch(/Apache License\s+Version 2\.0/);
});

it("licensesOf lists each bundled package once and no other package", async () => {
  const text = await licensesOf(bundleOf("src/main.ts", "node_modules/zod/index.js", "node_modules/zod/v4/core.js"));
  expect(text.match(/^zod /gm)).toHaveLength(1);
  expect(text).not.toContain("undici");
  expect(await licensesOf(bundleOf("src/main.ts"))).toBe("");
});

it("licensesOf fails for a package without a licence", async () => {
  await expect(licensesOf(bundleOf("node_modules/.bin/x.js"))).rejects.toThrow();
});
