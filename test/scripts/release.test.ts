import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { notesOf, PLACEHOLDER, releaseProblems } from "../../scripts/release/problems.ts";

const owned = {
  fields: {
    version: "1.2.3",
    mcpName: "io.github.someone/cdn-prefetch-mcp",
    repository: { type: "git" as const, url: "git+https://github.com/someone/cdn-prefetch-mcp.git" },
  },
  carriers: { "package.json": "someone", "server.json": "io.github.someone" },
  changelog: "# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2027-01-31\n\n- A thing.\n\n## 1.2.2 - 2027-01-01\n\n- Before.\n",
  tag: "v1.2.3",
};

describe("releaseProblems", () => {
  it("finds none in a release that is ready, with and without a tag", () => {
    expect(releaseProblems(owned)).toEqual([]);
    expect(releaseProblems({ ...owned, tag: undefined })).toEqual([]);
  });

  it("names each file with a placeholder and what to do when some are left", () => {
    const carriers = {
      "package.json": `github.com/${PLACEHOLDER}/x, io.github.${PLACEHOLDER}/x`,
      "server.json": PLACEHOLDER,
      "README.md": "OWNERS",
    };
    expect(releaseProblems({ ...owned, carriers })).toEqual([
      "package.json has the placeholder OWNER in 2 places: put the GitHub account there.",
      "server.json has the placeholder OWNER in 1 places: run npm run generate after package.json is right.",
    ]);
  });

  it("refuses a README that says that nothing is published yet, in both languages", () => {
    for (const page of ["README.md", "README.zh-CN.md"]) {
      const text = readFileSync(join(import.meta.dirname, "../..", page), "utf8").replaceAll(PLACEHOLDER, "someone");
      expect(releaseProblems({ ...owned, carriers: { [page]: text } })).toEqual([
        expect.stringContaining(`${page} says that nothing is published`),
      ]);
      expect(releaseProblems({ ...owned, carriers: { [page]: text.replaceAll("**", "") } })).toEqual([]);
    }
  });

  it("refuses a name in the MCP registry that belongs to another account than the repository", () => {
    const fields = { ...owned.fields, mcpName: "io.github.stranger/cdn-prefetch-mcp" };
    expect(releaseProblems({ ...owned, fields })).toEqual([expect.stringContaining("must begin with io.github.someone/")]);
  });

  it("refuses a tag of another version", () => {
    expect(releaseProblems({ ...owned, tag: "v1.2.4" })).toEqual([expect.stringMatching(/tag is v1\.2\.4, but .* version 1\.2\.3/)]);
    expect(releaseProblems({ ...owned, tag: "1.2.3" })).toHaveLength(1);
  });

  it("refuses a version that the changelog does not describe", () => {
    for (const changelog of ["## Unreleased\n\n- A thing.\n", "## 1.2.3\n\n## 1.2.2\n\n- Before.\n", "## 1.2.30\n\n- A thing.\n"]) {
      expect(releaseProblems({ ...owned, changelog }), changelog).toEqual([expect.stringContaining("no section for 1.2.3")]);
    }
  });
});

it("notesOf returns the section of its version alone", () => {
  expect(notesOf(owned.changelog, "1.2.3")).toBe("- A thing.");
  expect(notesOf("## [2.0.0]\n\nText.\n", "2.0.0")).toBe("Text.");
});
