/** What a command prints: lines for people, or lines of JSON for programs. Progress goes to standard error, on a terminal only. */

import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";
import type { ToolResult } from "../../mcp/define-tool.ts";

export interface Terminal {
  /** One result: as JSON, or as the lines that `linesOf` gives for people, which may be none. */
  result(event: string, facts: ToolResult, linesOf: () => readonly string[]): void;
  /** An error: as JSON among the results, or as a line on standard error. */
  failure(facts: ToolResult, line: string): void;
  progress(done: number, total: number): void;
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Those of the process, or of a test. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
}

export type Paint = (format: "bold" | "green" | "yellow" | "red", text: string) => string;

/** Colours on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function painter(stream: Output): Paint {
  return (format, text) => styleText(format, text, { stream });
}

/** Wider: the bar breaks on a terminal of 80 columns. */
const BAR_WIDTH = 40;

export function createTerminal({
  json,
  stdout,
  stderr,
}: {
  readonly json: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
}): Terminal {
  const draws = !json && stderr.isTTY === true;
  let isDrawn = false;
  const wipe = (): void => {
    if (isDrawn) stderr.write("\r\u001b[K");
    isDrawn = false;
  };
  return {
    result: (event, facts, linesOf) => {
      wipe();
      const own = json ? [JSON.stringify({ event, ...facts })] : linesOf();
      const notice = !json && own.length > 0 && typeof facts.notice === "string" ? [facts.notice] : [];
      for (const line of [...own, ...notice]) stdout.write(`${line}\n`);
    },
    failure: (facts, line) => {
      wipe();
      if (json) stdout.write(`${JSON.stringify({ event: "error", ...facts })}\n`);
      else stderr.write(`${line}\n`);
    },
    progress: (done, total) => {
      if (!draws || total === 0) return;
      const filled = Math.round((done / total) * BAR_WIDTH);
      stderr.write(`\r${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${done}/${total}`);
      isDrawn = true;
    },
  };
}
