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
  const all = (await readdir(folder)).sort();
  const files = all.filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const readme = all.find((file) => /^readme/i.test(file));
  const texts =
    files.length > 0
      ? await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8")))
      : licenseIn(readme === undefined ? "" : await readFile(`${folder}/${readme}`, "utf8"));
  if (texts.length === 0) throw new Error(`${name} has no text of its licence (${license})`);
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}

/** Some packages of the MIT licence have its text in the last section of their README only. */
function licenseIn(readme: string): string[] {
  const [, section = ""] = /^#+ *licen[cs]e\s*$(.*)/ims.exec(readme) ?? [];
  return section.includes("Permission is hereby granted") ? [section] : [];
}
