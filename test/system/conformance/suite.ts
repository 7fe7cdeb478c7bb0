/** The official conformance suite, run as its users run it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

export const revisions = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof revisions)[number];

/** Limit for a whole revision. The suite itself limits each scenario to half a minute. */
export const RUN_MS = 90_000;

const cli = join(import.meta.dirname, "../../../node_modules/@modelcontextprotocol/conformance/dist/index.js");

const checksSchema = z.array(
  z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional(), details: z.unknown().optional() }),
);
export type Checks = z.infer<typeof checksSchema>;

export interface Run {
  /** Checks of each scenario that was run. */
  readonly scenarios: ReadonlyMap<string, Checks>;
  readonly exitCode: number | null;
  /** Everything that the suite has printed. */
  readonly output: string;
}

export interface Scenario {
  readonly name: string;
  /** Revisions that it belongs to, or `extension`. */
  readonly versions: readonly string[];
}

/** Runs one requirement set or suite against a server. */
export async function runSuite(url: string, args: readonly string[]): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const run = await start(["server", "--url", url, ...args, "--output-dir", folder], folder);
    const scenarios = new Map<string, Checks>();
    for (const entry of await readdir(folder)) {
      const [, name] = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry) ?? [];
      if (name !== undefined) scenarios.set(name, await readChecks(join(folder, entry, "checks.json")));
    }
    return { scenarios, ...run };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every server scenario that the suite has. */
export async function listScenarios(): Promise<Scenario[]> {
  const { output } = await start(["list", "--server"], tmpdir());
  return [...output.matchAll(/^ {2}- (\S+) \[(.+)\]$/gm)].map(([, name = "", versions = ""]) => ({ name, versions: versions.split(",") }));
}

/** A scenario's failures and warnings. The suite warns where a SHOULD of the specification is not met. */
export function complaintsOf(scenario: string, checks: Checks): string[] {
  return checks
    .filter(({ status }) => status === "FAILURE" || status === "WARNING")
    .map(({ id, status, errorMessage, details }) => `${scenario}:${id} ${status} ${errorMessage ?? ""} ${JSON.stringify(details ?? null)}`);
}

async function readChecks(file: string): Promise<Checks> {
  try {
    return checksSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    return [{ id: "no-results", status: "FAILURE", errorMessage: String(error) }];
  }
}

async function start(args: readonly string[], folder: string): Promise<Pick<Run, "exitCode" | "output">> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  await once(child, "close");
  return { exitCode: child.exitCode, output };
}
