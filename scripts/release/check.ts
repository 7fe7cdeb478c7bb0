/**
 * Refuses a release that would go out under a placeholder, under two versions or without notes.
 *
 * Usage: `npm run release:check [-- --tag v1.2.3]`. Exits with 1 and prints each problem with its remedy.
 */

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readPackage } from "../package-fields.ts";
import { releaseProblems } from "./problems.ts";

/** The files that carry names or addresses of the project. */
const carriers = ["package.json", "manifest.json", "server.json", "deploy/Dockerfile", "README.md", "README.zh-CN.md", "SECURITY.md"];

const { values } = parseArgs({ options: { tag: { type: "string" } } });
const texts = await Promise.all(carriers.map(async (path): Promise<[string, string]> => [path, await readFile(path, "utf8")]));
const changelog = await readFile("CHANGELOG.md", "utf8");
const problems = releaseProblems({ fields: await readPackage(), carriers: Object.fromEntries(texts), changelog, tag: values.tag });
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) {
  process.stderr.write("Nothing was published. docs/releasing.md has the steps before the first release.\n");
  process.exitCode = 1;
}
