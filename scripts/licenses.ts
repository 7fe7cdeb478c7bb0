/** Collects the licences of all bundled packages. Each licence demands that its text goes with the code. */

import { readdir, readFile } from "node:fs/promises";
import type { Metafile } from "esbuild";
import { z } from "zod";

const packageFields = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** The licence texts of the bundle's packages, sorted by folder. Throws for a package without a licence or without its text. */
export async function licensesOf({ inputs }: Metafile): Promise<string> {
  const folders = new Set(Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const texts = await Promise.all([...folders].sort().map(licenseOf));
  return [...new Set(texts)].join(`\n${"-".repeat(80)}\n\n`);
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = packageFields.parse(JSON.parse(await readFile(`${folder}/package.json`, "utf8")));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} has no file with the text of its licence (${license})`);
  const texts = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8")));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
}
