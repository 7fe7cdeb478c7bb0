/** Response headers as caches send them: names in lower case, one value a line, and nothing about them trusted. */

/** Lower-case names. Lines stay apart: some vendors send one line for each tier, and joining would hide that. */
export type HeaderLines = ReadonlyMap<string, readonly string[]>;

export interface Evidence {
  readonly header: string;
  /** At most 200 printable ASCII characters, without query strings. */
  readonly value: string;
}

/** More than this says nothing about a cache; it only costs time. */
const LONGEST_VALUE = 8_192;
const MOST_LINES = 32;
const MOST_ITEMS = 64;
const LONGEST_EVIDENCE = 200;
const MOST_EVIDENCE = 16;
/** RFC 9111, section 1.2.2: what an implementation cannot hold counts as this. */
const LONGEST_SECONDS = 2_147_483_648;

/** Builds the multimap from names and values in the order of the wire. */
export function headerLines(pairs: Iterable<readonly [string, string]>): HeaderLines {
  const lines = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const known = lines.get(key);
    if (known) known.push(value);
    else lines.set(key, [value]);
  }
  return lines;
}

/**
 * The lines of one header, trimmed. None where there are too many or one is too long: without some of them, a word of a
 * tier behind would pass for the edge's.
 */
export function linesOf(headers: HeaderLines, name: string): string[] {
  const lines = headers.get(name);
  if (lines === undefined) return [];
  if (lines.length > MOST_LINES || lines.some((line) => line.length > LONGEST_VALUE)) return [];
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

export function firstOf(headers: HeaderLines, name: string): string | undefined {
  return linesOf(headers, name)[0];
}

/** The header's list over all its lines. Commas inside of quotes or brackets part nothing. */
export function itemsOf(headers: HeaderLines, name: string): string[] {
  if (!headers.has(name)) return [];
  const items = linesOf(headers, name).flatMap((line) => splitOutside(line, ","));
  // Where a list has two ends that matter, its middle is what can be spared.
  return items.length > MOST_ITEMS ? [...items.slice(0, MOST_ITEMS / 2), ...items.slice(-MOST_ITEMS / 2)] : items;
}

/** Pieces of `text` between separators that are not inside of quotes or brackets, trimmed, empty ones left out. */
export function splitOutside(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let begin = 0;
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "[" || char === "(") depth += 1;
    else if (char === "]" || char === ")") depth = Math.max(0, depth - 1);
    else if (char === separator && depth === 0) {
      pieces.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  pieces.push(text.slice(begin));
  // What never closes has not been opened: else it would hide all that follows.
  const found = quoted || depth > 0 ? text.split(separator) : pieces;
  return found.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

/** Delta-seconds of RFC 9111. `undefined` for anything else. */
export function secondsOf(text: string | undefined): number | undefined {
  const digits = /^\s*"?(\d{1,20})"?\s*(?:,|$)/.exec(text ?? "")?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), LONGEST_SECONDS);
}

/** What a header said, fit to be shown: bounded, printable, and without the query strings that signed URLs keep their keys in. */
function showable(text: string): string {
  return text
    .slice(0, LONGEST_VALUE)
    .replace(/\?[^\s"',;]+/g, "?...")
    .replace(/[^ -~]/g, "?")
    .slice(0, LONGEST_EVIDENCE);
}

export function evidenceOf(headers: HeaderLines, names: Iterable<string>): Evidence[] {
  return [...new Set(names)]
    .flatMap((header) =>
      (headers.get(header) ?? []).slice(0, MOST_LINES).map((value) => ({ header: showable(header), value: showable(value) })),
    )
    .slice(0, MOST_EVIDENCE);
}
