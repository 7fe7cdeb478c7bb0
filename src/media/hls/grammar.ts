/** The grammar of HLS playlists (RFC 8216, section 4; draft-pantos-hls-rfc8216bis), read as tolerantly as players read it. */

import { PrefetchError } from "../../base/errors.ts";

export type Attributes = ReadonlyMap<string, string>;

/** Functions by tag name, such as `#EXTINF`. Each gets the text after the colon. */
export type TagHandlers = Readonly<Record<string, (value: string) => void>>;

/** Trimmed lines that are not blank. A byte order mark is not part of the first line. */
export function* linesOf(text: string): Generator<string> {
  let from = text.startsWith("\uFEFF") ? 1 : 0;
  const nextFeed = finderOf(text, "\n");
  // Some writers end lines with a lone carriage return.
  const nextReturn = finderOf(text, "\r");
  while (from < text.length) {
    const to = Math.min(nextFeed(from), nextReturn(from));
    const line = text.slice(from, to).trim();
    if (line !== "") yield line;
    from = to + 1;
  }
}

/** Finds the next place of a character at or behind rising positions, without looking at any part of the text twice. */
function finderOf(text: string, character: string): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) found = text.indexOf(character, from);
    if (found < 0) found = text.length;
    return found;
  };
}

/** Splits `#EXTINF:6,` into `#EXTINF` and `6,`. */
export function splitTag(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(":");
  return colon < 0 ? { name: line, value: "" } : { name: line.slice(0, colon).trimEnd(), value: line.slice(colon + 1) };
}

/** A date range with many attributes of its own has dozens. A larger value lets one line fill the memory. */
const MOST_ATTRIBUTES = 1_000;

/** Reads `NAME=value,NAME="quoted, value"`. The first of two attributes with one name counts. `fillIn` gets quoted values. */
export function readAttributes(list: string, fillIn: (quoted: string) => string): Attributes {
  const attributes = new Map<string, string>();
  let at = 0;
  while (at < list.length) {
    const equals = list.indexOf("=", at);
    if (equals < 0) break;
    const before = list.slice(at, equals);
    const name = before.slice(before.lastIndexOf(",") + 1).trim();
    const { value, end, isQuoted } = readValue(list, equals + 1);
    if (name !== "" && !attributes.has(name)) attributes.set(name, isQuoted ? fillIn(value) : value);
    if (attributes.size > MOST_ATTRIBUTES) throw tooManyAttributes();
    at = end + 1;
  }
  return attributes;
}

function tooManyAttributes(): PrefetchError {
  return new PrefetchError("limit_reached", `The playlist has a tag with more than ${MOST_ATTRIBUTES.toLocaleString("en")} attributes`);
}

interface Value {
  readonly value: string;
  readonly end: number;
  readonly isQuoted: boolean;
}

/** A quoted value may contain commas. A quote that never closes ends at the next comma. */
function readValue(list: string, after: number): Value {
  const from = skipBlanks(list, after);
  const isQuoted = list[from] === '"';
  const closing = isQuoted ? list.indexOf('"', from + 1) : -1;
  const comma = list.indexOf(",", closing < 0 ? from : closing);
  const end = comma < 0 ? list.length : comma;
  if (closing >= 0) return { value: list.slice(from + 1, closing), end, isQuoted };
  return { value: list.slice(isQuoted ? from + 1 : from, end).trim(), end, isQuoted };
}

function skipBlanks(text: string, at: number): number {
  let from = at;
  while (text[from] === " " || text[from] === "\t") from += 1;
  return from;
}

/** About 115 days, longer than any recording. A larger value is a mistake that would shift every later segment. */
const LONGEST_SECONDS = 10_000_000;

/** Reads leading seconds and ignores the text after them: `6.006,title` is 6.006. */
export function readSeconds(text: string | undefined): number | undefined {
  const seconds = readSignedSeconds(text);
  return seconds !== undefined && seconds >= 0 ? seconds : undefined;
}

export function readSignedSeconds(text: string | undefined): number | undefined {
  const seconds = Number.parseFloat(text ?? "");
  return Math.abs(seconds) <= LONGEST_SECONDS ? seconds : undefined;
}

/** Milliseconds since the Unix epoch. No date is longer. */
export function readDate(text: string | undefined): number | undefined {
  const date = Date.parse((text ?? "").slice(0, 64).trim());
  return Number.isNaN(date) ? undefined : date;
}

export function readInteger(text: string | undefined): number | undefined {
  const match = /^\s*(\d{1,15})(?!\d)/.exec(text ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
