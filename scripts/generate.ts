/**
 * Generates manifest.json and the tables of tools and settings in the README and in docs/ from the code.
 *
 * Usage: `npm run generate`, or `node scripts/generate.ts` after a build. With `--check` it writes nothing and fails when
 * a file is out of date.
 */

import { readFile, writeFile } from "node:fs/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import type { Setting } from "../src/base/setting.ts";
import { generalSettings, serverSettings } from "../src/cli/settings.ts";
import { providerDefinitions } from "../src/providers/index.ts";

const packageFields = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  keywords: z.array(z.string()),
});
const inputSchema = z.object({ properties: z.record(z.string(), z.object({ description: z.string() })) });

const { name, version, description, license, keywords } = packageFields.parse(JSON.parse(await readFile("package.json", "utf8")));
const general: readonly Setting[] = Object.values(generalSettings);
const settings = [...general, ...providerDefinitions.flatMap((row) => row.settings)];
const tools = await listTools();

const tableHead = ["| variable | flag | meaning | default |", "|---|---|---|---|"];
const files: Record<string, string> = {
  "manifest.json": `${JSON.stringify(manifest(), null, 2)}\n`,
  "README.md": await filled("README.md", {
    providers: providerDefinitions.map((row) => `  - ${row.title}: [\`${row.id}\`](docs/${row.id}.md)`),
    tools: ["| tool | what it is for | arguments | effect |", "|---|---|---|---|", ...toolRows()],
    settings: [...tableHead, ...settingRows(general)],
  }),
};
files["docs/streamable-http.md"] = await filled("docs/streamable-http.md", {
  settings: [...tableHead, ...settingRows(Object.values(serverSettings))],
});
for (const row of providerDefinitions) {
  const page = `docs/${row.id}.md`;
  files[page] = await filled(page, { settings: [...tableHead, ...settingRows(row.settings)] });
}

let stale = false;
for (const [file, content] of Object.entries(files)) {
  if ((await readFile(file, "utf8").catch(() => "")) === content) continue;
  if (process.argv.includes("--check")) {
    stale = true;
    process.stderr.write(`${file} is out of date: run npm run generate.\n`);
  } else {
    await writeFile(file, content);
    process.stdout.write(`${file} written\n`);
  }
}
process.exitCode = stale ? 1 : 0;

async function listTools() {
  const client = new Client({ name: "generate", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: ["dist/main.js", "--sandbox"], stderr: "ignore" }));
  const listed = await client.listTools();
  await client.close();
  return listed.tools;
}

function manifest() {
  const key = (setting: Setting) => setting.name.toLowerCase();
  const userConfig = settings.map((setting) => [
    key(setting),
    {
      // A number field has no empty state, so an unset number would look set. Every setting except a switch is text.
      type: setting.kind ?? "string",
      title: titleOf(setting),
      description: about(setting),
      required: false,
      default: setting.kind === "boolean" ? false : "",
      ...((setting.secret || setting.keyId) && { sensitive: true }),
    },
  ]);
  const env = settings.map((setting) => [setting.name, `\${user_config.${key(setting)}}`]);
  return {
    manifest_version: "0.3",
    name,
    display_name: "CDN Prefetch",
    version,
    description,
    author: { name: "The cdn-prefetch-mcp authors" },
    license,
    keywords,
    server: {
      type: "node",
      entry_point: "dist/main.js",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the bundle's host fills this in.
      mcp_config: { command: "node", args: ["${__dirname}/dist/main.js"], env: Object.fromEntries(env) },
    },
    tools: tools.map((tool) => ({ name: tool.name, description: tool.description })),
    tools_generated: false,
    compatibility: { platforms: ["darwin", "win32", "linux"], runtimes: { node: ">=22.19.0" } },
    user_config: Object.fromEntries(userConfig),
  };
}

function titleOf(setting: Setting): string {
  return setting.name
    .replace(/^(HUAWEICLOUD_SDK|PREFETCH)_/, "")
    .toLowerCase()
    .replaceAll("_", " ")
    .replace(/^./, (first) => first.toUpperCase());
}

function about(setting: Setting): string {
  return setting.fallback ? `${setting.about} Default: ${setting.fallback}.` : setting.about;
}

function toolRows(): string[] {
  return tools.map((tool) => {
    const names = Object.keys(inputSchema.parse(tool.inputSchema).properties);
    const effect = tool.annotations?.readOnlyHint ? "reads" : names.includes("dry_run") ? "spends quota" : "stops spending";
    return `| \`${tool.name}\` | ${tool.description} | ${names.map((name) => `\`${name}\``).join(", ")} | ${effect} |`;
  });
}

function settingRows(list: readonly Setting[]): string[] {
  return list.map((setting) => {
    const flag = setting.flag ? `\`--${setting.flag}\`` : "";
    const cells = [`${setting.about}${setting.secret ? " Secret." : ""}`, setting.fallback ?? ""];
    // Markdown takes a placeholder in angle brackets for HTML and drops it.
    return `| \`${setting.name}\` | ${flag} | ${cells.map((cell) => cell.replaceAll("<", "\\<")).join(" | ")} |`;
  });
}

/** The page with its generated sections replaced. */
async function filled(page: string, sections: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const text = await readFile(page, "utf8");
  return Object.entries(sections).reduce((content, [section, lines]) => {
    const begin = `<!-- generated: ${section} -->`;
    const end = `<!-- end: ${section} -->`;
    const from = content.indexOf(begin);
    const to = content.indexOf(end);
    if (from < 0 || to < from) throw new Error(`${page} has no section from ${begin} to ${end}`);
    return `${content.slice(0, from)}${begin}\n${lines.join("\n")}\n${content.slice(to)}`;
  }, text);
}
