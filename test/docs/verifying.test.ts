/** docs/verifying.md explains every obstacle that the source can report. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Codes in object literals, such as `code: "too-large"`, and the keys of the table in why-not-cached.ts. */
const literals = [...globSync("src/providers/http/cache/**/*.ts", { cwd: root }), "src/providers/http/probe/obstacles.ts"].flatMap((path) =>
  [...read(path).matchAll(/\bcode: "([a-z-]+)"/g)].map(([, code = ""]) => code),
);
const table = /const texts = \{\n(.*?)\n\}/s.exec(read("src/providers/http/cache/why-not-cached.ts"))?.[1] ?? "";
const keys = [...table.matchAll(/^ {2}"?([a-z-]+)"?: \[/gm)].map(([, code = ""]) => code);
const codes = [...new Set([...literals, ...keys, "short-lived"])];

const [, section = ""] = read("docs/verifying.md").split("\n## Obstacles\n");
const rows = section.split("\n").filter((line) => /^\| `(?!code`)/.test(line));
const named = rows.flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([a-z-]+)`/g)].map(([, code = ""]) => code));

describe("docs/verifying.md", () => {
  it("finds the codes in the source", () => {
    expect(codes).toEqual(expect.arrayContaining(["no-store", "stays-a-miss", "cloudflare-rule", "challenge", "type-misfit"]));
  });

  it.each(codes)("explains the obstacle %s", (code) => {
    expect(named).toContain(code);
  });

  it.each(named)("names no obstacle that the source lacks: %s", (code) => {
    expect(codes).toContain(code);
  });
});
