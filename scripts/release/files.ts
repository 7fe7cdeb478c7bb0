/**
 * Collects everything that a release publishes in release/: the npm package, the MCP bundle, the bill of materials, the entry for
 * the MCP registry, the notes and the hashes. Usage: `npm run release:files`.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_FILE, serverJson } from "../mcpb/server-json.ts";
import { readPackage } from "../package-fields.ts";
import { notesOf } from "./problems.ts";

const folder = "release";
const sha256 = async (name: string) =>
  createHash("sha256")
    .update(await readFile(join(folder, name)))
    .digest("hex");

await rm(folder, { recursive: true, force: true });
await mkdir(folder);
const fields = await readPackage();
// Windows has npm as a script, which only a shell starts.
execFileSync("npm", ["pack", "--pack-destination", folder], { stdio: "inherit", shell: process.platform === "win32" });
await rename(BUNDLE_FILE, join(folder, BUNDLE_FILE));
await copyFile("dist/sbom.cdx.json", join(folder, "sbom.cdx.json"));

const published = (await readdir(folder)).sort();
const sums = await Promise.all(published.map(async (name) => `${await sha256(name)}  ${name}\n`));
await writeFile(join(folder, "SHA256SUMS"), sums.join(""));
const entry = serverJson(fields, { sha256: await sha256(BUNDLE_FILE) });
await writeFile(join(folder, "server.json"), `${JSON.stringify(entry, null, 2)}\n`);
await writeFile(join(folder, "notes.md"), `${notesOf(await readFile("CHANGELOG.md", "utf8"), fields.version) ?? ""}\n`);
for (const name of await readdir(folder)) process.stdout.write(`${join(folder, name)}\n`);
