/** Bundles the fast server: a bundle starts in a third of the time, and some tests start dozens of servers. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { threadEntries } from "../../../scripts/bundling.ts";

let bundled: Promise<string> | undefined;

/** The bundle's entry file. Each test process builds it once. */
export function fastServer(): Promise<string> {
  bundled ??= bundleFastServer();
  return bundled;
}

async function bundleFastServer(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "fast-server-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: { "fast-server": join(import.meta.dirname, "fast-server.ts"), ...threadEntries },
    absWorkingDir: join(import.meta.dirname, "../../.."),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.19",
    keepNames: true,
    logLevel: "error",
    // Bundled CommonJS packages call require(), which ES modules do not have.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  });
  return join(folder, "fast-server.mjs");
}
