/** Response headers as caches send them. Names are in lower case; values are untrusted. */

import { visibleText } from "../../../base/visible-text.ts";

/** The lines of a header stay apart: some vendors send one line per tier, and joining would hide that. */
export type HeaderLines = ReadonlyMap<string, readonly string[]>;

export interface Evidence {
  readonly header: string;
  /** At most 200 printable ASCII characters, without query strings and cookies' values. */
  readonly value: string;
}

/** Longest line that is parsed. Smaller: a long but honest `Via` goes unread. Larger: a hostile server costs parsing time. */
const MAX_VALUE_CHARS = 8_192;
/** Most lines of one header that are parsed; the trade-off is the same. */
const MAX_LINES = 32;
/** Most list items that are parsed, half of them from each end. */
const MAX_ITEMS = 64;
/** Tool results show the evidence, so more of it costs the caller tokens; less of it cuts off a `Via` in the middle. */
const MAX_EVIDENCE_CHARS = 200;
const MAX_EVIDENCE_LINES = 16;
/** RFC 9111, section 1.2.2: a larger delta-seconds value counts as this one. */
const MAX_DELTA_SECONDS = 2_147_483_648;

/**
 * The trimmed lines of one header. Empty if there are too many lines or one is too long: reading only some of them could
 * mistake a parent's word for the edge's.
 */
export function linesOf(headers: HeaderLines, name: string): string[] {
  const lines = headers.get(name);
  if (lines === undefined) return [];
  if (lines.length > MAX_LINES || lines.some((line) => line.length > MAX_VALUE_CHARS)) return [];
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

export function firstOf(headers: HeaderLines, name: string): string | undefined {
  return linesOf(headers, name)[0];
}

/** The items of a comma-separated header over all its lines. */
export function itemsOf(headers: HeaderLines, name: string): string[] {
  if (!headers.has(name)) return [];
  const items = linesOf(headers, name).flatMap((line) => splitOutside(line, ","));
  // The edge is the first or the last item, depending on the vendor, so the middle is dropped.
  return items.length > MAX_ITEMS ? [...items.slice(0, MAX_ITEMS / 2), ...items.slice(-MAX_ITEMS / 2)] : items;
}

/** A complete quoted string, or one character that matters. A lone `"` is the start of a string that never ends. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|["[\](),;]/gs;

const depthChanges = new Map([
  ["[", 1],
  ["(", 1],
  ["]", -1],
  [")", -1],
]);

/**
 * Splits `text` at each separator outside quotes and brackets, e.g. `a[0,H], "b,c"` has two pieces at `,`. Pieces are trimmed;
 * empty pieces are dropped.
 */
export function splitOutside(text: string, separator: "," | ";"): string[] {
  const separators: number[] = [];
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '"') return piecesOf(text.split(separator));
    depth = Math.max(0, depth + (depthChanges.get(token) ?? 0));
    if (token === separator && depth === 0) separators.push(index);
  }
  // A bracket that never closes would hide all items after it, so brackets do not count then.
  if (depth > 0) return piecesOf(text.split(separator));
  return piecesOf([...separators, text.length].map((end, index) => text.slice(index === 0 ? 0 : (separators[index - 1] ?? 0) + 1, end)));
}

function piecesOf(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Reads delta-seconds (RFC 9111, section 1.2.2). */
export function secondsOf(text: string | undefined): number | undefined {
  const digits = /^\s*"?(\d{1,20})"?\s*(?:,|$)/.exec(text ?? "")?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_DELTA_SECONDS);
}

/** A boolean of a structured field, such as `stored=?0`, or a query string. */
const BOOLEAN_OR_QUERY = /=\?[01](?=[\s,;)]|$)|\?[^\s"',;]+/g;

/** Makes a header value safe to show. Query strings go, because signed URLs keep their keys there. */
function showable(text: string): string {
  return visibleText(text.slice(0, MAX_VALUE_CHARS))
    .replace(BOOLEAN_OR_QUERY, (found) => (found.startsWith("=") ? found : "?..."))
    .replace(/[^ -~]/g, "?")
    .slice(0, MAX_EVIDENCE_CHARS);
}

/** `session=secret; Path=/` is shown as `session=...`: a cookie's value may let its holder in. */
function showableCookie(line: string): string {
  return `${showable(/^[^=;\s]+(?==)/.exec(line.trim())?.[0] ?? "")}=...`;
}

export function evidenceOf(headers: HeaderLines, names: Iterable<string>): Evidence[] {
  const shown = (header: string, line: string): string => (header === "set-cookie" ? showableCookie(line) : showable(line));
  return [...new Set(names)]
    .flatMap((header) =>
      (headers.get(header) ?? []).slice(0, MAX_LINES).map((value) => ({ header: showable(header), value: shown(header, value) })),
    )
    .slice(0, MAX_EVIDENCE_LINES);
}
