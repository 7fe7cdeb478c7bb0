/** Logs, as JSON lines to stderr: stdout belongs to the protocol. */

import { type Logger, pino } from "pino";
import { callFacts } from "./context.ts";
import { createRedactor } from "./providers/redact.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Every line is scrubbed of the secrets and of what looks like one before it leaves the process. */
export function createLog(level: LogLevel, secrets: readonly string[]): Logger {
  const redact = createRedactor([...secrets, ...secrets.map((secret) => JSON.stringify(secret).slice(1, -1))]);
  // A host that has closed the pipe does not read logs; that is no reason to end its server.
  process.stderr.on("error", () => undefined);
  const destination = {
    write: (line: string): void => {
      if (process.stderr.writable) process.stderr.write(redact(line));
    },
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin: () => ({ ...callFacts() }) }, destination);
}
