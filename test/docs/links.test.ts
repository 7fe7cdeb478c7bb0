/** Links and source paths in the pages lead to existing files and headings. */

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const pages = globSync(["*.md", "docs/*.md", "deploy/*.md"], { cwd: root });
/** Bytes. Readers of the pages load each picture. */
const LARGEST_PICTURE = 150_000;
const proseOf = (page: string): string => readFileSync(join(root, page), "utf8").replace(/```.*?```/gs, "");

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(pages)("%s", (page) => {
  it("links to existing files and headings only", () => {
    const targets = [...proseOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = targets.filter(([, file = "", anchor]) => {
      const target = file === "" ? page : relative(root, join(root, dirname(page), file));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it("shows only pictures that exist and are small", () => {
    const pictures = [...proseOf(page).matchAll(/ (?:src|srcset)="([^"]+)"/g)].map(([, file = ""]) => file);
    const paths = pictures.map((file) => join(root, dirname(page), file));
    expect(paths.filter((path) => !existsSync(path) || statSync(path).size > LARGEST_PICTURE)).toEqual([]);
  });

  it("names existing source paths only", () => {
    const paths = [...proseOf(page).matchAll(/`((?:src|test|scripts|bench|deploy|docs)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    const missing = paths.filter((path) => !path.startsWith("src/providers/example/") && !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});
