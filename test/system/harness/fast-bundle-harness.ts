/** Bundles the fast server: a bundle starts in a third of the time, and some tests start dozens of servers. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { bundling, threadEntries } from "../../../scripts/bundling.ts";

/** Node finds compiled code by the path of its file, so the same bundle always has the same path. */
const bundles = join(import.meta.dirname, "../../../node_modules/.cache/fast-servers");

let bundled: Promise<string> | undefined;

/** The bundle's entry file. Each test process builds it once. */
export function fastServer(): Promise<string> {
  bundled ??= bundleFastServer();
  return bundled;
}

async function bundleFastServer(): Promise<string> {
  const { outputFiles } = await build({
    ...bundling,
    entryPoints: { "fast-server": join(import.meta.dirname, "fast-server.ts"), ...threadEntries },
    absWorkingDir: join(import.meta.dirname, "../../.."),
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    splitting: true,
    keepNames: true,
    logLevel: "error",
    write: false,
  });
  const hash = createHash("sha256");
  for (const { contents } of outputFiles) hash.update(contents);
  const folder = join(bundles, hash.digest("hex").slice(0, 16));
  if (!existsSync(folder)) {
    mkdirSync(bundles, { recursive: true });
    // Another test process may write the same bundle: each renames a whole one.
    const draft = mkdtempSync(join(dirname(folder), "draft-"));
    for (const { path, contents } of outputFiles) writeFileSync(join(draft, basename(path)), contents);
    try {
      renameSync(draft, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
      rmSync(draft, { recursive: true });
    }
  }
  return join(folder, "fast-server.mjs");
}
