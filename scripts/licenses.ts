/** Collects the licences of all bundled packages. Each licence demands that its text goes with the code. */

import { readdir, readFile } from "node:fs/promises";
import type { Metafile } from "esbuild";
import { type BundledPackage, bundledPackages } from "./bundled-packages.ts";

/** The licence texts of the bundle's packages, sorted by folder. Throws for a package without a licence or without its text. */
export async function licensesOf(metafile: Pick<Metafile, "inputs">): Promise<string> {
  const texts = await Promise.all((await bundledPackages(metafile)).map(licenseOf));
  return [...new Set(texts)].join(`\n${"-".repeat(80)}\n\n`);
}

async function licenseOf({ folder, name, version, license }: BundledPackage): Promise<string> {
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} has no file with the text of its licence (${license})`);
  const texts = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8")));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}
