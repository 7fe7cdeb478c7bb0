/** Bundles the server with its dependencies into dist/. The entry stays small, so that it can check Node's version first. */

import { chmod, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { bundling, threadEntries } from "./bundling.ts";
import { licensesOf } from "./licenses.ts";

await rm("dist", { recursive: true, force: true });
const { metafile } = await build({
  ...bundling,
  entryPoints: { main: "src/main.ts", ...threadEntries },
  outdir: "dist",
  splitting: true,
  chunkNames: "[name]-[hash]",
  metafile: true,
});
await writeFile("dist/third-party-licenses.txt", await licensesOf(metafile));
await chmod("dist/main.js", 0o755);
