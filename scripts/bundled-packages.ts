/** The npm packages that esbuild put into the bundle, as its metafile tells. */

import { readFile } from "node:fs/promises";
import type { Metafile } from "esbuild";
import { z } from "zod";

const packageFields = z.looseObject({ name: z.string(), version: z.string(), license: z.string() });

export interface BundledPackage {
  /** `node_modules/zod`; a nested copy of a package has a folder of its own. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX id, such as MIT. */
  readonly license: string;
  /** The fields of its package.json. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Sorted by folder. Throws for a package without a name, a version or a licence. */
export async function bundledPackages({ inputs }: Pick<Metafile, "inputs">): Promise<BundledPackage[]> {
  const folders = new Set(Object.keys(inputs).flatMap((path) => folderOf(path) ?? []));
  return Promise.all(
    [...folders].sort().map(async (folder) => {
      const fields = packageFields.parse(JSON.parse(await readFile(`${folder}/package.json`, "utf8")));
      return { folder, name: fields.name, version: fields.version, license: fields.license, fields };
    }),
  );
}

/** The folder of the package that a file belongs to; `undefined` for the project's own files. */
export function folderOf(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}
