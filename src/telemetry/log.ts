/** Logs, as JSON lines to stderr: stdout belongs to the protocol. */

import { type Logger, pino } from "pino";
import { createRedactor } from "../base/redact.ts";
import { ambientContext } from "./ambient-context.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What JSON leaves as it is, although readers end lines at it and terminals obey it. */
const controls = /[\u007f-\u009f\u2028\u2029]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Every line is scrubbed of the secrets and of what looks like one before it leaves the process. */
export function createLog(level: LogLevel, secrets: readonly string[]): Logger {
  const redact = createRedactor([...secrets, ...secrets.map((secret) => JSON.stringify(secret).slice(1, -1))]);
  // A host that has closed the pipe does not read logs; that is no reason to end its server.
  process.stderr.on("error", () => undefined);
  const destination = {
    write: (line: string): void => {
      if (process.stderr.writable) process.stderr.write(redact(line).replace(controls, escaped));
    },
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin: () => ({ ...ambientContext() }) }, destination);
}
