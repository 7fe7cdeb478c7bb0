/** Checks the paths that ARCHITECTURE.md names. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
/** The page leaves out these folders at the start of paths. */
const bases = ["", "src", "src/view", "src/prefetch", "src/prefetch/calls", "src/providers", "src/providers/http"];

it("ARCHITECTURE.md names only files and folders that exist", () => {
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const quoted = [...page.matchAll(/`([\w./<>-]+(?:\/|\.ts|\.md|\.json))`/g)].map((match) => match[1] ?? "");
  const paths = [...new Set(quoted)].map((path) =>
    path.replaceAll("<vendor>", "huawei").replaceAll("<id>", "cloudflare").replaceAll("<tool>", "prefetch-urls"),
  );
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => !bases.some((base) => existsSync(join(root, base, path))))).toEqual([]);
});
