/**
 * The entry in the MCP registry. Format and rules:
 * https://github.com/modelcontextprotocol/registry/blob/main/docs/reference/server-json/official-registry-requirements.md
 */

import { type PackageFields, repositoryPage } from "../package-fields.ts";
import { dialogue } from "./dialogue.ts";
import { isHidden, settingOf } from "./manifest.ts";

export const BUNDLE_FILE = "cdn-prefetch-mcp.mcpb";

/** The registry refuses more than 100 characters. */
const description = "Warms CDNs: hand over URLs or an asset id; each ends up warm or is named with the reason.";

export interface ReleasedBundle {
  readonly sha256: string;
}

/** Without a bundle, the entry offers the npm package alone: the bundle's hash exists only once the bundle is packed. */
export function serverJson(fields: PackageFields, bundle?: ReleasedBundle) {
  const { name, mcpName, version, homepage } = fields;
  const repository = repositoryPage(fields);
  const transport = { type: "stdio" };
  const npm = {
    registryType: "npm",
    registryBaseUrl: "https://registry.npmjs.org",
    identifier: name,
    version,
    runtimeHint: "npx",
    transport,
    environmentVariables: dialogue.map(variableOf),
  };
  const mcpb = bundle && {
    registryType: "mcpb",
    identifier: `${repository}/releases/download/v${version}/${BUNDLE_FILE}`,
    version,
    fileSha256: bundle.sha256,
    transport,
  };
  return {
    $schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
    name: mcpName,
    title: "CDN Prefetch",
    description,
    version,
    websiteUrl: homepage,
    repository: { url: repository, source: "github" },
    icons: [{ src: iconAddress(repository), mimeType: "image/png", sizes: ["512x512"] }],
    packages: mcpb ? [npm, mcpb] : [npm],
  };
}

function variableOf({ key, variable, type, title, about }: (typeof dialogue)[number]) {
  return {
    name: variable,
    description: `${title["en-US"]}. ${about["en-US"]}`,
    format: type,
    isRequired: false,
    isSecret: isHidden(settingOf(key, variable)),
  };
}

function iconAddress(repository: string): string {
  return `${repository.replace("https://github.com/", "https://raw.githubusercontent.com/")}/main/assets/icon.png`;
}
