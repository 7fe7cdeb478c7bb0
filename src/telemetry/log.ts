/** The log: JSON lines on stderr, because stdout belongs to the protocol. */

import { type Logger, pino } from "pino";
import { hidePlaces } from "../base/redact.ts";
import type { SecretHider } from "../base/secrets.ts";
import { escapeInvisible } from "../base/visible-text.ts";
import { ambientContext } from "./ambient-context.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Redacts known secrets, and what stands in the place of a credential, from every line. */
export function createLog(level: LogLevel, { hideInMessage }: Pick<SecretHider, "hideInMessage">): Logger {
  // A host may close the pipe because it reads no logs. Without a listener, that error would end the process.
  process.stderr.on("error", () => undefined);
  const destination = {
    write: (line: string): void => {
      if (process.stderr.writable) process.stderr.write(`${cleanLine(line.trimEnd(), hideInMessage)}\n`);
    },
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin: () => ({ ...ambientContext() }) }, destination);
}

/** The line stays JSON. JSON does not escape all characters that end a line, move a terminal's cursor or turn text around. */
export function cleanLine(line: string, hide: SecretHider["hideInMessage"]): string {
  const clean = (text: string): string => hidePlaces(hide(text));
  const whole = clean(line);
  return escapeInvisible(isJson(whole) ? whole : JSON.stringify(cleanTexts(JSON.parse(line), clean)));
}

/** Each text by itself: a secret that ends in an escaped backslash takes the quote after it with it when the line is cleaned as a whole. */
function cleanTexts(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((each) => cleanTexts(each, clean));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [clean(key), cleanTexts(each, clean)]));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
