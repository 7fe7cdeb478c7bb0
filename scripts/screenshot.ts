/**
 * Runs the demo and draws its most telling sections as assets/demo.svg, the picture at the head of the README.
 * Usage: `npm run screenshot`.
 */

import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { pictureOf } from "./terminal/picture.ts";

const output = execFileSync(process.execPath, ["scripts/demo.ts"], {
  env: { ...process.env, FORCE_COLOR: "1" },
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
await writeFile("assets/demo.svg", pictureOf(output));
process.stdout.write("assets/demo.svg written\n");
