/** The manifest of the MCP bundle. Format: https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md */

import { globSync } from "node:fs";
import type { Setting } from "../../src/base/setting.ts";
import { allSettings } from "../../src/cli/settings.ts";
import { type PackageFields, repositoryPage } from "../package-fields.ts";
import { type DialogueField, dialogue } from "./dialogue.ts";

export interface ToolText {
  readonly name: string;
  readonly description: string;
}

export type Manifest = ReturnType<typeof manifestOf>;

const longDescription =
  "Warms a CDN before viewers ask for the files. It calls the prefetch APIs of Huawei Cloud (VOD, CDN), Alibaba Cloud (VOD, CDN, DCDN), Tencent Cloud (CDN, EdgeOne, VOD) and Volcengine (CDN), and it warms any other CDN through its edges without an account. It splits and deduplicates lists, respects daily quotas, spends nothing twice after a restart or a lost answer, and proves URL by URL whether the edge holds the file.";

/** The services that get data from the server: https://support.claude.com/en/articles/12922832 asks for their policies. */
const vendorPolicies = [
  "https://www.huaweicloud.com/intl/en-us/declaration/sa_prp.html",
  "https://www.alibabacloud.com/help/en/legal/latest/alibaba-cloud-international-website-privacy-policy",
  "https://www.tencentcloud.com/document/product/301/17345",
];

/** Paths in the result are relative to the repository, which has the same layout as the bundle. */
export function manifestOf(fields: PackageFields, tools: readonly ToolText[]) {
  const repository = repositoryPage(fields);
  const screenshots = globSync("assets/screenshots/*.png").map((path) => path.replaceAll("\\", "/"));
  return {
    manifest_version: "0.3",
    name: fields.name,
    display_name: "CDN Prefetch",
    version: fields.version,
    description: fields.description,
    long_description: longDescription,
    author: { name: fields.author },
    repository: { type: "git", url: repository },
    homepage: fields.homepage,
    documentation: fields.homepage,
    support: fields.bugs.url,
    icon: "assets/icon.png",
    ...(screenshots.length > 0 && { screenshots: screenshots.sort() }),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the bundle's host fills this in.
    localization: { resources: "mcpb-resources/${locale}.json", default_locale: "en-US" },
    license: fields.license,
    keywords: fields.keywords,
    privacy_policies: [`${repository}/blob/main/PRIVACY.md`, ...vendorPolicies],
    server: {
      type: "node",
      entry_point: "dist/main.js",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the bundle's host fills this in.
      mcp_config: { command: "node", args: ["${__dirname}/dist/main.js"], env: environment() },
    },
    tools,
    tools_generated: false,
    // The format wants the text of each prompt, which the server builds from the prompt's arguments.
    prompts_generated: true,
    compatibility: { platforms: ["darwin", "win32", "linux"], runtimes: { node: ">=22.19.0" } },
    user_config: Object.fromEntries(dialogue.map((field) => [field.key, optionOf(field)])),
  };
}

function environment(): Record<string, string> {
  return Object.fromEntries(dialogue.map(({ key, variable }) => [variable, `\${user_config.${key}}`]));
}

/**
 * A number has no default, because each default would be a choice of its own. The host then leaves the placeholder in the variable,
 * and the server takes that for unset.
 */
function optionOf({ key, variable, type, min, title, about }: DialogueField) {
  const fallback = { string: { default: "" }, number: {}, boolean: { default: false } }[type];
  return {
    type,
    title: title["en-US"],
    description: about["en-US"],
    required: false,
    ...fallback,
    ...(min !== undefined && { min }),
    ...(isHidden(settingOf(key, variable)) && { sensitive: true }),
  };
}

/** Dialogues hide what they call sensitive while a person types it. A key id is none, but people take care of it like of the key. */
export function isHidden({ secret, keyId }: Setting): boolean {
  return secret === true || keyId === true;
}

/** Throws for a field whose variable no setting has. */
export function settingOf(key: string, variable: string): Setting {
  const setting = allSettings.find(({ name }) => name === variable);
  if (setting === undefined) throw new Error(`the field ${key} of scripts/mcpb/dialogue.ts sets ${variable}, which is no setting`);
  return setting;
}
