/** The grammar of HLS playlists (RFC 8216, section 4; draft-pantos-hls-rfc8216bis), read as tolerantly as players read it. */

export type Attributes = ReadonlyMap<string, string>;

/** Lines without their ends and surrounding blanks; blank ones are left out. A byte order mark is no part of the first. */
export function* linesOf(text: string): Generator<string> {
  let from = text.startsWith("\uFEFF") ? 1 : 0;
  while (from < text.length) {
    let to = text.indexOf("\n", from);
    if (to < 0) to = text.length;
    // Old writers end lines with a lone carriage return.
    for (const line of text.slice(from, to).split("\r")) {
      const trimmed = line.trim();
      if (trimmed !== "") yield trimmed;
    }
    from = to + 1;
  }
}

/** `NAME=value,NAME="quoted, value"`. Of an attribute that is there twice the first counts. */
export function readAttributes(list: string): Attributes {
  const attributes = new Map<string, string>();
  let at = 0;
  while (at < list.length) {
    const equals = list.indexOf("=", at);
    if (equals < 0) break;
    const before = list.slice(at, equals);
    const name = before.slice(before.lastIndexOf(",") + 1).trim();
    let from = equals + 1;
    while (list[from] === " " || list[from] === "\t") from += 1;
    const quoted = list[from] === '"';
    const closing = quoted ? list.indexOf('"', from + 1) : -1;
    const comma = list.indexOf(",", closing < 0 ? from : closing);
    const end = comma < 0 ? list.length : comma;
    const value = closing < 0 ? list.slice(quoted ? from + 1 : from, end).trim() : list.slice(from + 1, closing);
    if (name !== "" && !attributes.has(name)) attributes.set(name, value);
    at = end + 1;
  }
  return attributes;
}

/** Longer than any recording; what is beyond it is a mistake that would spoil every time after it. */
const LONGEST_SECONDS = 10_000_000;

/** Seconds, whatever else stands behind them. */
export function readSeconds(text: string | undefined): number | undefined {
  const seconds = Number.parseFloat(text ?? "");
  return seconds >= 0 && seconds <= LONGEST_SECONDS ? seconds : undefined;
}

/** As `readSeconds`, with a sign. */
export function readSignedSeconds(text: string | undefined): number | undefined {
  const seconds = Number.parseFloat(text ?? "");
  return Math.abs(seconds) <= LONGEST_SECONDS ? seconds : undefined;
}

export function readInteger(text: string | undefined): number | undefined {
  const match = /^\s*(\d{1,15})(?!\d)/.exec(text ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** `length[@start]`. */
export function readByteRange(text: string | undefined): { readonly length: number; readonly start: number | undefined } | undefined {
  const [length, start] = (text ?? "").split("@").map(readInteger);
  return length === undefined ? undefined : { length, start };
}
