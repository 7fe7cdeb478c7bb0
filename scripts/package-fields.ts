/** The fields of package.json that name the project. Every generated file takes its names and addresses from them. */

import { readFile } from "node:fs/promises";
import { z } from "zod";

const packageFields = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  keywords: z.array(z.string()),
  author: z.string(),
  /** The name in the MCP registry, which compares it with the `mcpName` of the published package. */
  mcpName: z.string(),
  homepage: z.url(),
  bugs: z.object({ url: z.url() }),
  repository: z.object({ type: z.literal("git"), url: z.string().regex(/^git\+https:\/\/github\.com\/[^/]+\/[^/]+\.git$/) }),
});

export type PackageFields = z.infer<typeof packageFields>;

export async function readPackage(): Promise<PackageFields & { fields: Readonly<Record<string, unknown>> }> {
  const fields = packageFields.parse(JSON.parse(await readFile("package.json", "utf8")));
  return { ...fields, fields };
}

/** The address of the repository for browsers, such as https://github.com/owner/cdn-prefetch-mcp. */
export function repositoryPage({ repository }: Pick<PackageFields, "repository">): string {
  return repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
}
