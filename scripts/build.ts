/** Bundles the bin: a small entry that checks Node's version, and the server behind it, with no dependencies left. */

import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minify: true,
  keepNames: true,
  legalComments: "none",
  chunkNames: "[name]-[hash]",
  // Bundled CommonJS packages call require(); ES modules have none of their own.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
await chmod("dist/main.js", 0o755);
