/** What every command gets, and how it reads the results of tools. */

import type { Readable } from "node:stream";
import { z } from "zod";
import type { LocalApp } from "../../app/app.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { ToolResult } from "../../mcp/define-tool.ts";
import { localCaller } from "../../prefetch/model/caller.ts";
import { inShellWords } from "./shell-words.ts";
import type { Paint, Terminal } from "./terminal.ts";

export type Options = Readonly<Record<string, string | boolean | undefined>>;

export interface CommandContext {
  readonly app: Pick<LocalApp, "runTool">;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly terminal: Terminal;
  readonly paint: Paint;
  readonly stdin: Readable;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  /** URLs that one call of a tool takes. */
  readonly mostUrls: number;
}

/** Resolves with the exit code. Throws `PrefetchError` when the command cannot be carried out. */
export type Command = (context: CommandContext) => Promise<number>;

const row = z.object({ url: z.string().optional(), asset_id: z.string().optional(), state: z.string(), reason: z.string().optional() });

const taskFacts = z.object({
  task_id: z.string().optional(),
  state: z.string(),
  counts: z.record(z.string(), z.number()),
  cost: z.number().optional(),
  refresh_cost: z.number().optional(),
  problems: z.array(row),
  next_step: z.string(),
});

/** A tool's result about a task: what commands use of it, and all of it. */
export interface TaskResult extends z.infer<typeof taskFacts> {
  readonly all: ToolResult;
}

/** Runs a tool and shows its progress. Its next step comes in the words of the shell. */
export async function runTool({ app, terminal, signal }: CommandContext, name: string, args: ToolResult): Promise<ToolResult> {
  const result = await app.runTool(name, args, { caller: localCaller, signal, onProgress: terminal.progress });
  return typeof result.next_step === "string" ? { ...result, next_step: inShellWords(result.next_step) } : result;
}

export async function runTaskTool(context: CommandContext, name: string, args: ToolResult): Promise<TaskResult> {
  const all = await runTool(context, name, args);
  return { ...taskFacts.parse(all), all };
}

const LONGEST_WAIT_SECONDS = 50;

/** Asks for the outcome of a task until it is settled or `minutes` are over. */
export async function follow(context: CommandContext, task: TaskResult, minutes: number): Promise<TaskResult> {
  const until = performance.now() + minutes * 60_000;
  let latest = task;
  for (let left = until - performance.now(); isOpen(latest) && left > 0; left = until - performance.now()) {
    const args = { task_id: latest.task_id, wait_seconds: Math.min(LONGEST_WAIT_SECONDS, Math.ceil(left / 1_000)) };
    latest = await runTaskTool(context, "get_prefetch_status", args);
  }
  return latest;
}

function isOpen({ state, task_id: taskId }: TaskResult): boolean {
  return taskId !== undefined && (state === "queued" || state === "running");
}

/** Throws `invalid_argument` for a text that is no number of minutes. */
export function minutesFrom({ wait }: Options, fallback: number): number {
  if (wait === undefined) return fallback;
  const minutes = Number(wait);
  if (wait !== "" && minutes >= 0 && Number.isFinite(minutes)) return minutes;
  throw new PrefetchError("invalid_argument", `--wait must be a number of minutes, such as 30; it is "${wait}"`);
}

/** The task for people: its state and counts, its problems, its next step. */
export function taskLines(task: TaskResult, paint: Paint): string[] {
  const { task_id: taskId, state, counts, cost, refresh_cost: refreshCost, problems, next_step: nextStep } = task;
  const isGood = ["succeeded", "planned"].includes(state);
  const shown = Object.entries(counts).filter(([name, count]) => count > 0 && name !== "total");
  const facts = [
    ...shown.map(([name, count]) => `${count} ${name}`),
    ...(cost === undefined ? [] : [`cost ${cost}`]),
    ...(refreshCost === undefined ? [] : [`refresh cost ${refreshCost}`]),
  ];
  return [
    `${paint(isGood ? "green" : "yellow", state)}: ${facts.join(", ")}${taskId === undefined ? "" : ` (${taskId})`}`,
    ...problems.map((problem) => `  ${paint("red", problem.state)} ${problem.url ?? problem.asset_id}: ${problem.reason ?? ""}`),
    `  ${nextStep}`,
  ];
}
