/** The log: JSON lines on stderr, because stdout belongs to the protocol. */

import { type Logger, pino } from "pino";
import { createRedactor } from "../base/redact.ts";
import { ambientContext } from "./ambient-context.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Characters that JSON does not escape, although some readers end a line there and terminals execute them. */
const unescapedControls = /[\u007f-\u009f\u2028\u2029]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Redacts the given secrets, and anything that looks like one, from every line. */
export function createLog(level: LogLevel, secrets: readonly string[]): Logger {
  // A log line is JSON, so a secret with a quote or a backslash appears there in its escaped form.
  const redact = createRedactor([...secrets, ...secrets.map((secret) => JSON.stringify(secret).slice(1, -1))]);
  // A host may close the pipe because it reads no logs. Without a listener, that error would end the process.
  process.stderr.on("error", () => undefined);
  const destination = {
    write: (line: string): void => {
      if (process.stderr.writable) process.stderr.write(redact(line).replace(unescapedControls, escaped));
    },
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin: () => ({ ...ambientContext() }) }, destination);
}
