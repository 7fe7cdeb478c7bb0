/** The text that `--help` prints. */

import type { Setting } from "../base/setting.ts";
import { providerDefinitions } from "../providers/index.ts";
import { type CommandName, type CommandOption, commandDefinitions, commandNames } from "./commands/definitions.ts";
import { generalSettings, serverSettings } from "./settings.ts";

export function helpText(version: string): string {
  return [
    `cdn-prefetch-mcp ${version}: an MCP server that warms CDNs, over stdio or Streamable HTTP.`,
    "",
    "Usage: cdn-prefetch-mcp [--transport http] [--sandbox] [settings]    starts a server",
    ...commandNames.map((name) => `       cdn-prefetch-mcp ${name} ${commandDefinitions[name].operands}`.trimEnd()),
    "",
    "Commands for shells and pipelines (exit code 0: done, 1: refused, or a check failed, 2: not everything is warm, 3: not settled yet):",
    ...commandNames.flatMap(commandLines),
    "",
    "Settings (a flag wins over its variable):",
    ...Object.values(generalSettings).map(settingLines),
    "",
    "Streamable HTTP:",
    ...Object.values(serverSettings).map(settingLines),
    "",
    "  --check       Check the settings and the store, and exit with 0 if a server can start on them, else with 1.",
    "  --help, -h    Print this text.",
    "  --version, -v Print the version.",
    ...providerDefinitions.flatMap(({ title, id, settings }) => [
      "",
      `${title} (${id}), by environment only:`,
      ...settings.map(settingLines),
    ]),
    "",
  ].join("\n");
}

/** Told to a person who starts the server in a terminal, where nothing else would appear. */
export function terminalNotice(version: string): string {
  return (
    `cdn-prefetch-mcp ${version} waits for an MCP client on stdin. Add the server to your MCP client as the README shows; ` +
    "--sandbox needs no credentials, --help lists all settings, Ctrl+C ends it.\n"
  );
}

function commandLines(name: CommandName): string[] {
  const { about, options } = commandDefinitions[name];
  const lines = Object.entries<CommandOption>(options).map(
    ([flag, { value, about: purpose }]) => `      --${flag}${value === undefined ? "" : ` <${value}>`}: ${purpose}`,
  );
  return [`  ${name}`, `      ${about}`, ...lines];
}

function settingLines({ name, flag, kind, about, fallback }: Setting): string {
  const names = flag === undefined ? name : `--${flag}${kind === "boolean" ? "" : " <value>"}, ${name}`;
  return `  ${names}\n      ${about}${fallback ? ` Default: ${fallback}.` : ""}`;
}
