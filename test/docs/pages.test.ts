/** The pages of docs/ and their index. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../src/base/errors.ts";

const root = join(import.meta.dirname, "../..");
const read = (page: string) => readFileSync(join(root, page), "utf8");
const pages = globSync("docs/*.md", { cwd: root }).filter((page) => !page.endsWith("README.md"));

describe("docs/README.md", () => {
  it("lists every page", () => {
    const index = read("docs/README.md");
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.filter((page) => !index.includes(`](${page.slice("docs/".length)})`))).toEqual([]);
  });
});

describe.each(pages)("%s", (page) => {
  it("begins with an example", () => {
    const [beginning = ""] = read(page).split(/^(?=## (?!A whole))/m);
    expect(beginning).toMatch(/^```/m);
  });
});

describe("README.md", () => {
  it("has an image and a first command within its first screen", () => {
    const screen = read("README.md").split("\n").slice(0, 30).join("\n");
    expect(screen).toContain("](assets/demo.svg)");
    expect(screen).toMatch(/^npm ci .*\nnpm run demo .*\nnpm test /m);
    expect(screen).toMatch(/ warm https:\/\/\S+ --verify --sandbox$/m);
  });

  it("explains codes that tools report", () => {
    const [, table = ""] = read("README.md").split("## Troubleshooting");
    const named = [...table.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code);
    expect(named.length).toBeGreaterThan(3);
    const known: readonly string[] = errorCodes;
    expect(named.filter((code) => code === undefined || !known.includes(code))).toEqual([]);
  });

  it("explains the work in five sentences", () => {
    const [, section = ""] = read("README.md").split("## How it works\n");
    const [paragraph = ""] = section.split("\n## ");
    expect(paragraph.trim().match(/\.(?:\s|$)/g)).toHaveLength(5);
  });
});

describe("SECURITY.md", () => {
  it("names the form of the repository that package.json has, and README.md links to it", () => {
    const { homepage } = JSON.parse(read("package.json"));
    expect(read("SECURITY.md")).toContain(`<${String(homepage).replace("#readme", "")}/security/advisories/new>`);
    expect(read("README.md")).toContain("](SECURITY.md)");
  });
});
