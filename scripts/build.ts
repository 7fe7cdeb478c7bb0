/** Bundles the server with its dependencies, and the view of a task, into dist/. The entry stays small, so that it can check Node's version first. */

import { chmod, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { bundling, threadEntries } from "./bundling.ts";
import { licensesOf } from "./licenses.ts";
import { readPackage } from "./package-fields.ts";
import { sbomOf } from "./sbom.ts";
import { viewPage } from "./view-page.ts";

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
await writeFile("dist/sbom.cdx.json", await sbomOf(metafile, await readPackage()));
await writeFile("dist/task-view.html", await viewPage());
await chmod("dist/main.js", 0o755);
