/** Bundles the bin: a small entry that checks Node's version, and the server behind it, with no dependencies left. */

import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";
import { bundling } from "./bundling.ts";

await rm("dist", { recursive: true, force: true });
await build({ ...bundling, entryPoints: ["src/main.ts"], outdir: "dist", splitting: true, chunkNames: "[name]-[hash]" });
await chmod("dist/main.js", 0o755);
