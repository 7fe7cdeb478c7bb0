/** Runs commands of the shell on one app of the sandbox, and keeps what they told. */

import type { Writable } from "node:stream";
import { z } from "zod";
import type { LocalApp } from "../../src/app/app.ts";
import { commands } from "../../src/cli/commands/run-command.ts";
import { createTerminal, painter } from "../../src/cli/commands/terminal.ts";
import { readCommand } from "../../src/cli/config.ts";
import { quotaSchema, spendOutput, statusOutput } from "../../src/mcp/result.ts";

const taskSchema = z.object({ ...spendOutput, ...statusOutput });
const verifiedSchema = z.object({ counts: z.record(z.string(), z.number()) });
const quotasSchema = z.object({ quotas: z.array(quotaSchema) });

/** What a command told, in the types of the tools' answers. */
export interface Ran {
  readonly code: number;
  readonly task: z.infer<typeof taskSchema> | undefined;
  /** URLs that the edge, or the tier behind it, holds. `undefined` when nothing asked the edge. */
  readonly held: number | undefined;
  readonly quotas: z.infer<typeof quotasSchema>["quotas"];
  readonly seconds: number;
}

type Output = Writable & { readonly isTTY?: boolean };

export type Stage = (args: readonly string[]) => Promise<Ran>;

export function createStage(app: LocalApp, { stdout, stderr, signal }: { stdout: Output; stderr: Output; signal: AbortSignal }): Stage {
  return async (args) => {
    const command = readCommand([...args, "--sandbox"], {});
    if (command.kind !== "command") throw new Error(`${args[0]} is no command`);
    const { name, operands, options, config } = command;
    const terminal = createTerminal({ json: false, stdout, stderr });
    const told: { readonly event: string; readonly facts: unknown }[] = [];
    const started = performance.now();
    const code = await commands[name]({
      app,
      operands,
      options,
      terminal: {
        ...terminal,
        result: (event, { notice, ...facts }, linesOf) => {
          told.push({ event, facts });
          // Each answer says that it comes from the sandbox. The demo says so once.
          terminal.result(event, facts, linesOf);
        },
      },
      paint: painter(stdout),
      stdin: process.stdin,
      signal,
      mostUrls: config.guards.maxUrlsPerCall,
    });
    return { code, ...read(told), seconds: (performance.now() - started) / 1_000 };
  };
}

function read(told: readonly { readonly event: string; readonly facts: unknown }[]): Pick<Ran, "task" | "held" | "quotas"> {
  const factsOf = (event: string): unknown[] => told.filter((one) => one.event === event).map(({ facts }) => facts);
  const [task] = factsOf("task");
  const verified = factsOf("verified").map((facts) => verifiedSchema.parse(facts).counts);
  return {
    task: task === undefined ? undefined : taskSchema.parse(task),
    held:
      verified.length === 0 ? undefined : verified.reduce((sum, counts) => sum + (counts.warm ?? 0) + (counts["warm-parent-only"] ?? 0), 0),
    quotas: factsOf("quota").flatMap((facts) => quotasSchema.parse(facts).quotas),
  };
}
