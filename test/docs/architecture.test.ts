/** The paths that ARCHITECTURE.md names exist, so that a newcomer who follows it arrives. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
/** The page abbreviates paths below these folders. */
const bases = ["", "src", "src/prefetch", "src/prefetch/calls", "src/providers", "src/providers/http"];

it("names only files and folders that exist, with one vendor in the place of <vendor>", () => {
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const quoted = [...page.matchAll(/`([\w./<>-]+(?:\/|\.ts|\.md|\.json))`/g)].map((match) => match[1] ?? "");
  const paths = [...new Set(quoted)].map((path) =>
    path.replaceAll("<vendor>", "huawei").replaceAll("<id>", "cloudflare").replaceAll("<tool>", "prefetch-urls"),
  );
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => !bases.some((base) => existsSync(join(root, base, path))))).toEqual([]);
});
