/** README.md and README.zh-CN.md say the same: everything but the sentences is equal. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (page: string) => readFileSync(join(root, page), "utf8");

const english = partsOf(read("README.md"));
const chinese = partsOf(read("README.zh-CN.md"));

/** The parts of a page that a translation keeps. */
function partsOf(page: string) {
  const prose = page.replace(/```.*?```/gs, "").replace(/<!--.*?-->/gs, "");
  const sections = prose.split(/^(?=#+ )/m);
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, level]) => level),
    blocks: page.match(/```.*?```/gs) ?? [],
    comments: page.match(/<!--.*?-->/gs) ?? [],
    // The line of languages differs: each page links to the other one.
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target).filter((target) => !target.startsWith("README")),
    tables: [...prose.matchAll(/^\|.*\|$/gm)].map(([row]) => row.split("|").length - 2),
    quotes: prose.match(/^> /gm)?.length,
    items: prose.match(/^ *(?:-|\d+\.) /gm)?.length,
    pictures: [...prose.matchAll(/ (?:src|srcset|media|width)="([^"]+)"/g)].map(([, value]) => value),
    details: prose.match(/<\/?(?:details|summary)>/g),
    // Word order differs between the languages, so names and commands are compared as sets of a section.
    names: sections.map((section) => (section.match(/`[^`]+`/g) ?? []).map((name) => name.replace(/\s+/g, " ")).sort()),
  };
}

describe("README.zh-CN.md", () => {
  it("is written in Chinese, and both pages link to each other in their first lines", () => {
    expect(read("README.zh-CN.md").match(/\p{Script=Han}/gu)?.length ?? 0).toBeGreaterThan(2_000);
    expect(read("README.md").split("\n").slice(0, 4).join("\n")).toContain("(README.zh-CN.md)");
    expect(read("README.zh-CN.md").split("\n").slice(0, 4).join("\n")).toContain("(README.md)");
  });

  it.each(["headings", "blocks", "comments", "links", "tables", "quotes", "items", "pictures", "details", "names"] as const)(
    "has the same %s as README.md",
    (part) => {
      expect(chinese[part]).toEqual(english[part]);
    },
  );

  it("is compared by parts that both pages have", () => {
    for (const [part, found] of Object.entries(english)) expect(found, part).not.toHaveProperty("length", 0);
  });
});
