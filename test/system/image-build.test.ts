/** The build stage of `deploy/Dockerfile`, played in an empty folder that gets only the files that the stage copies. */

import { execFileSync, execSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const stages = readFileSync(join(root, "deploy/Dockerfile"), "utf8").split(/^(?=FROM )/m);
const instructionsOf = (stage = ""): string[][] => stage.split("\n").flatMap((line) => (/^[A-Z]+ /.test(line) ? [line.split(" ")] : []));

it("deploy/Dockerfile's build stage builds a server that starts when it has only the files that the stage copies", () => {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const commands: string[] = [];
  for (const [name, ...words] of instructionsOf(stages.find((stage) => stage.startsWith("FROM") && stage.includes(" AS build\n")))) {
    if (name === "COPY") {
      const target = words.pop() ?? "";
      for (const source of words) {
        // COPY puts the content of a folder into the target, but a file under its own name when the target ends in a slash.
        cpSync(join(root, source), join(folder, target.endsWith("/") ? join(target, basename(source)) : target), { recursive: true });
      }
    } else if (name === "RUN") {
      commands.push(words.join(" "));
      // The packages of this checkout are those of the lock.
      if (/^npm ci\b/.test(words.join(" "))) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
      else execSync(words.join(" "), { cwd: folder, stdio: "pipe" });
    }
  }
  expect(commands).toEqual([expect.stringMatching(/^npm ci --ignore-scripts\b/), "npm run build"]);
  const printed = execFileSync(process.execPath, [join(folder, "dist/main.js"), "--version"], { cwd: folder, encoding: "utf8" });
  expect(printed).toBe(`${version}\n`);
});
