/**
 * Generates the manifest of the MCP bundle with its translations, server.json, the labels of the image, the tables of tools and
 * settings in docs/, and the lists and addresses in both READMEs and SECURITY.md from the code and package.json.
 *
 * Usage: `npm run generate`, or `node scripts/generate.ts` after a build. With `--check` it writes nothing and fails when
 * a file is out of date.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import type { Setting } from "../src/base/setting.ts";
import { generalSettings, serverSettings } from "../src/cli/settings.ts";
import { providerDefinitions } from "../src/providers/index.ts";
import { localeFiles } from "./mcpb/locales.ts";
import { manifestOf } from "./mcpb/manifest.ts";
import { serverJson } from "./mcpb/server-json.ts";
import { readPackage, repositoryPage } from "./package-fields.ts";
import { PLACEHOLDER } from "./release/problems.ts";

const inputSchema = z.object({ properties: z.record(z.string(), z.object({ description: z.string() })) });

const fields = await readPackage();
const general: readonly Setting[] = Object.values(generalSettings);
const tools = await listTools();
const manifest = manifestOf(
  fields,
  tools.map(({ name, description = "" }) => ({ name, description })),
);

const tableHead = ["| variable | flag | meaning | default |", "|---|---|---|---|"];
const files: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries({ "manifest.json": manifest, "server.json": serverJson(fields), ...localeFiles(manifest) }).map(([path, content]) => [
      path,
      `${JSON.stringify(content, null, 2)}\n`,
    ]),
  ),
  "deploy/Dockerfile": await filled("deploy/Dockerfile", { labels: labels() }, (marker) => `# ${marker}`),
  "docs/tools.md": await filled("docs/tools.md", {
    tools: ["| tool | what it is for | arguments | effect |", "|---|---|---|---|", ...toolRows()],
  }),
  "docs/settings.md": await filled("docs/settings.md", { settings: [...tableHead, ...settingRows(general)] }),
  "docs/streamable-http.md": await filled("docs/streamable-http.md", {
    settings: [...tableHead, ...settingRows(Object.values(serverSettings))],
  }),
  "SECURITY.md": await filled("SECURITY.md", { contact: [`**<${repositoryPage(fields)}/security/advisories/new>**`] }),
};
for (const page of ["README.md", "README.zh-CN.md"]) {
  files[page] = await filled(page, {
    image: imageCommands(),
    providers: providerDefinitions.map((row) => `  - ${row.title}: [\`${row.id}\`](docs/${row.id}.md)`),
  });
}
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
    await mkdir(dirname(file), { recursive: true });
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

/** What a registry of images and the MCP registry read from the image. */
function labels(): string[] {
  const values = {
    "io.modelcontextprotocol.server.name": fields.mcpName,
    "org.opencontainers.image.title": fields.name,
    "org.opencontainers.image.description": "MCP server that warms CDNs",
    "org.opencontainers.image.source": repositoryPage(fields),
    "org.opencontainers.image.version": fields.version,
    "org.opencontainers.image.licenses": fields.license,
  };
  return [
    `LABEL ${Object.entries(values)
      .map(([name, value]) => `${name}="${value}"`)
      .join(" \\\n      ")}`,
  ];
}

/** Registries of images take lower case only. */
function imageCommands(): string[] {
  const path = new URL(repositoryPage(fields)).pathname.slice(1);
  // The check of releases finds the placeholder by its capitals.
  const image = `ghcr.io/${path.startsWith(`${PLACEHOLDER}/`) ? path : path.toLowerCase()}`;
  return [
    "```sh",
    "docker run --publish 127.0.0.1:3399:3399 --volume cdn-prefetch:/data \\",
    `  --env PREFETCH_SERVER_TOKENS ${image}`,
    "```",
  ];
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
async function filled(
  page: string,
  sections: Readonly<Record<string, readonly string[]>>,
  comment = (marker: string) => `<!-- ${marker} -->`,
): Promise<string> {
  const text = await readFile(page, "utf8");
  return Object.entries(sections).reduce((content, [section, lines]) => {
    const begin = comment(`generated: ${section}`);
    const end = comment(`end: ${section}`);
    const from = content.indexOf(begin);
    const to = content.indexOf(end);
    if (from < 0 || to < from) throw new Error(`${page} has no section from ${begin} to ${end}`);
    return `${content.slice(0, from)}${begin}\n${lines.join("\n")}\n${content.slice(to)}`;
  }, text);
}
