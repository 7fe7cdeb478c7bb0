/** The command lines in the pages are such that the command line takes them. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readCommandLine } from "../../src/cli/flags.ts";
import { allSettings } from "../../src/cli/settings.ts";

const root = join(import.meta.dirname, "../..");
const pages = globSync(["README*.md", "docs/*.md", "deploy/*.md"], { cwd: root });

/** Arguments of each call of the program in blocks for shells. Comments, redirections and words of the shell itself are left out. */
function linesOf(page: string): string[][] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  return blocks.flatMap((block) =>
    [...block.matchAll(/(?:^cdn-prefetch-mcp|^(?:\S+\/)?node dist\/main\.js|^npx -y cdn-prefetch-mcp) +([^#<>&\n]*)/gm)].map(
      ([, args = ""]) => args.trim().split(/\s+/),
    ),
  );
}

const lines = pages.flatMap((page) =>
  linesOf(readFileSync(join(root, page), "utf8")).map((args) => ({ page, line: args.join(" "), args })),
);

it("finds the lines of the README, its translation and the pages", () => {
  expect(lines.length).toBeGreaterThan(15);
  expect(new Set(lines.map(({ page }) => page)).size).toBeGreaterThanOrEqual(4);
});

it.each(lines)("$page: takes $line", ({ args }) => {
  expect(() => readCommandLine(args, allSettings)).not.toThrow();
});
