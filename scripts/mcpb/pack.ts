/** Packs the MCP bundle from the built server. */

import { cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packExtension } from "@anthropic-ai/mcpb";
import { readPackage } from "../package-fields.ts";

/** Everything of the repository that the bundle holds. The layout stays, because the manifest's paths count on it. */
const contents = ["manifest.json", "mcpb-resources", "assets", "dist", "LICENSE", "PRIVACY.md", "CHANGELOG.md"];

/** The pictures of the pages. No page of the bundle shows them. */
function isPicture(path: string): boolean {
  return path.endsWith(".webp");
}

/** Writes the bundle and returns its size in bytes. */
export async function packBundle(path: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "mcpb-"));
  try {
    for (const entry of contents) await cp(entry, join(folder, entry), { recursive: true, filter: (source) => !isPicture(source) });
    const { name, version } = await readPackage();
    // Without it, Node reads the files twice to find out that they are ES modules.
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ name, version, private: true, type: "module" }, null, 2)}\n`);
    if (!(await packExtension({ extensionPath: folder, outputPath: path, silent: true })))
      throw new Error(`the packer refused to write ${path}`);
    return (await stat(path)).size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
