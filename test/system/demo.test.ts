/** The demo from end to end, and the picture in the README that is made of it. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { plainText } from "../../scripts/terminal/ansi.ts";
import { shownLines } from "../../scripts/terminal/picture.ts";
import { linesOfSvg } from "../../scripts/terminal/svg.ts";

const root = join(import.meta.dirname, "../..");

/** A line without the parts that differ from run to run. */
const steady = (line: string) =>
  line
    .replace(/pf_[0-9a-f-]+/g, "<id>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/ \(in [\d hmins]+\)/g, "")
    .replace(/\d+(?:\.\d+)? (?:s|ms)\b/g, "<time>")
    .replace(/ +\d+\.\d$/, " <seconds>")
    .trimEnd();

describe("the demo", () => {
  let stdout = "";

  beforeAll(async () => {
    const demo = spawn(process.execPath, ["scripts/demo.ts"], {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [told, errors] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
    expect(errors.replace(/.*Warning.*\n.*trace-warnings.*\n/, "")).toBe("");
    stdout = told;
  }, 120_000);

  it("ends well", () => {
    // The demo says so only when its own checks hold.
    expect(plainText(stdout)).toMatch(/\nEverything ended as it should\.\n$/);
    expect(stdout).not.toMatch(/undefined|\[object|NaN/);
  });

  it("fits into 100 columns", () => {
    expect(
      plainText(stdout)
        .split("\n")
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });

  it("ends with a summary of its jobs and the line that connects a client", () => {
    const [, summary = ""] = plainText(stdout).split("\nSummary\n");
    expect(summary).toMatch(/^job +provider +URLs +succeeded +held by CDN +reasons +seconds\n─+\n/);
    expect(summary).toMatch(/^the start of a stream +http +29 +29 +29 +0 /m);
    expect(summary).toContain('claude mcp add cdn-prefetch -- "$PWD/node_modules/.bin/node" "$PWD/dist/main.js"');
  });

  it("is what assets/demo.svg shows; npm run screenshot draws it again", () => {
    const svg = readFileSync(join(root, "assets/demo.svg"), "utf8");
    const lines = shownLines(stdout).map((line) => steady(plainText(line)));
    expect(linesOfSvg(svg).map(steady)).toEqual(lines.filter((line) => line !== ""));
  });
});
