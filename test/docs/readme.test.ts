/** README.md beside package.json. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const packageFields = z.object({ engines: z.object({ node: z.string().regex(/^>=[\d.]+$/) }) });

it("README.md explains npm's EBADENGINE warnings before the first command that prints them", () => {
  const { engines } = packageFields.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const [before = ""] = readFileSync(join(root, "README.md"), "utf8").split(/^npm ci/m);
  const explanation = before.split("\n").filter((line) => line.includes("EBADENGINE"));
  expect(explanation).toEqual([expect.stringContaining(`older than ${engines.node.slice(2)}`)]);
});
