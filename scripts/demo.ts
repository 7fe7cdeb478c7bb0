/**
 * Shows the main jobs with the commands of the shell, on the emulated vendors of the sandbox. Its lines fit into 100 columns.
 * Exits with 1 when a check fails.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { createApp } from "../src/app/app.ts";
import { readCommand } from "../src/cli/config.ts";
import { type Scene, scenes } from "./demo/scenes.ts";
import { createStage, type Ran } from "./demo/stage.ts";
import { summaryLines } from "./demo/summary.ts";
import { wrapping } from "./terminal/wrap.ts";

const COLUMNS = 100;
/** A timer that never fires in practice: the app's own timers do not keep the process alive. */
const FAR_AWAY_MS = 2_147_483_647;

const server = join(process.cwd(), "dist/main.js");
const stdout = wrapping(process.stdout, COLUMNS);
const out = (line = ""): boolean => stdout.write(`${line}\n`);
const heading = (text: string): boolean => out(`\n${styleText("bold", text)}`);

const command = readCommand(["quota", "--sandbox"], {});
if (command.kind !== "command") throw new Error("the sandbox has no configuration");
const app = createApp(command.config);
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
const alive = setInterval(() => undefined, FAR_AWAY_MS);
const folder = await mkdtemp(join(tmpdir(), "cdn-prefetch-demo-"));
// The command lines name their lists as a person would.
process.chdir(folder);

const stage = createStage(app, { stdout, stderr: process.stderr, signal: interrupted.signal });
const failedClaims: string[] = [];
const rows: { readonly name: string; readonly ran: Ran }[] = [];
try {
  out("The sandbox emulates the vendors and the CDN, so no real CDN is touched.");
  for (const scene of scenes) await play(scene);
} finally {
  process.chdir(tmpdir());
  await rm(folder, { recursive: true, force: true });
  await app.close();
  clearInterval(alive);
  // Ctrl+C ends the demo without the error of the command that it stopped.
  if (interrupted.signal.aborted) process.exit(130);
}

heading("Summary");
for (const line of summaryLines(rows)) out(line);

heading("Connect a client");
out(`An MCP client that starts the built server sees ${await countTools()} tools. In this folder, for Claude Code:`);
out(`  claude mcp add cdn-prefetch -- "$PWD/node_modules/.bin/node" "$PWD/dist/main.js"`);
out("Add --sandbox to the line to keep to the emulated vendors. README.md has the lines of other clients.");

if (failedClaims.length > 0) {
  heading("Failed checks");
  for (const claim of failedClaims) out(`  not true: ${claim}`);
  process.exitCode = 1;
} else heading("Everything ended as it should.");

async function play({ title, note, lists = {}, commands, row, expected }: Scene): Promise<void> {
  heading(title);
  if (note !== undefined) out(note);
  for (const [file, urls] of Object.entries(lists)) await writeFile(file, `${urls.join("\n")}\n`);
  const ran: Ran[] = [];
  for (const args of commands) {
    out(styleText("bold", `$ cdn-prefetch-mcp ${args.join(" ")}`));
    ran.push(await stage(args));
  }
  // A repeat of a command shows that it does nothing; the summary counts the command that did the work.
  const worked = ran.findLast(({ task }) => task !== undefined && !task.dry_run && task.cost !== 0) ?? ran.at(-1);
  if (row !== undefined && worked !== undefined) rows.push({ name: row, ran: worked });
  failedClaims.push(...expected(ran).flatMap(([isTrue, claim]) => (isTrue ? [] : [`${title}: ${claim}`])));
}

async function countTools(): Promise<number> {
  const client = new Client({ name: "demo", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server, "--sandbox"], stderr: "ignore" }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.length;
}
