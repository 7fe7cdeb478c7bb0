/** Schemas for the kinds of values that settings take. Their messages continue the setting's name: "PREFETCH_STORE must be …". */

import { z } from "zod";
import { isLoopback } from "../transports/http/options.ts";

export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message);
}

const trueWords = ["1", "true", "yes", "on"];

export const switchValue = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum([...trueWords, "0", "false", "no", "off"], "must be 1 or 0"))
  .transform((word) => trueWords.includes(word));

/** Comma-separated values, trimmed, in lower case. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter(Boolean),
);

const hostPattern = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/;

/** A host name, or `*.` and a domain for every host below it. */
export function isHostPattern(text: string): boolean {
  return hostPattern.test(text);
}

/** Host names and bracketed IPv6 addresses, as the `Host` header has them without its port. */
export const hostNames = list.refine(
  (names) => names.length > 0 && names.every((name) => /^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])$/.test(name)),
  "must be host names without ports, separated by commas, such as mcp.example.com",
);

/** Origins as browsers send them: scheme, host and port without a path. */
export const origins = list.refine(
  (texts) => texts.length > 0 && texts.every((text) => /^https?:/.test(text) && URL.parse(text)?.origin === text),
  "must be origins, separated by commas, such as https://app.example.com, without a path; * is not allowed",
);

/** Tokens and signing keys travel to this URL, so it must be encrypted unless they stay on this machine. */
export const trustedUrl = z
  .string()
  .refine((text) => {
    const url = URL.parse(text);
    return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  }, "must be a URL with https; http only for loopback")
  .refine((text) => !/[?#]|\/\/[^/]*@/.test(text), "must have no query, fragment or credentials");
