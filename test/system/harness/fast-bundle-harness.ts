/** Bundles the fast server as the real one is: tests that start it by the dozen wait a third of the time for it. */

import { join } from "node:path";
import { build } from "esbuild";

/** The entry file, below `folder`. */
export async function bundleFastServer(folder: string): Promise<string> {
  await build({
    entryPoints: [join(import.meta.dirname, "fast-server.ts")],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.19",
    keepNames: true,
    logLevel: "error",
    // Bundled CommonJS packages call require(); ES modules have none of their own.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  });
  return join(folder, "fast-server.mjs");
}
