/** Tells HLS from DASH by the text itself, because file extensions and media types are often wrong. */

/**
 * `smooth` and `headless` are manifests that are not read: Smooth Streaming, and HLS without its first line. `unclear`: the
 * text ends before it tells. `other`: no manifest.
 */
export type Sniffed = "hls" | "dash" | "smooth" | "headless" | "unclear" | "other";

export function sniff(text: string): Sniffed {
  const from = skipBlanks(text, 0);
  if (text.startsWith("#", from)) return sniffPlaylist(text.slice(from, from + LONGEST_TAG));
  return text[from] === "<" ? sniffXml(text, from) : "other";
}

/** Longer than every tag that may come first. */
const LONGEST_TAG = 40;

/** A playlist begins with `#EXTM3U` (RFC 8216, section 4.3.1.1), and players refuse one that does not. */
function sniffPlaylist(begin: string): Sniffed {
  if (/^#EXTM3U(?:\s|$)/.test(begin)) return "hls";
  return /^#(?:EXTINF:|EXT-X-)/.test(begin) ? "headless" : "other";
}

const PATCH = "urn:mpeg:dash:schema:mpd-patch:";
/** Characters in which the root element names its vocabulary. */
const LONGEST_ROOT = 1_000;

/** Everything that may come before the root element (XML 1.0, section 2.8), and the text that ends it. */
const prolog: readonly (readonly [begin: string, end: string])[] = [
  ["<!--", "-->"],
  ["<?", "?>"],
];

function sniffXml(text: string, begin: number): Sniffed {
  let from = begin;
  for (;;) {
    const found = prolog.find(([opening]) => text.startsWith(opening, from));
    const end = found ? endOf(text, found[1], from + found[0].length) : endOfDoctype(text, from);
    if (end === undefined) break;
    if (end < 0) return "unclear";
    from = skipBlanks(text, end);
  }
  const name = /^<(?:[\w.-]{1,64}:)?([\w.-]{1,64})[\s>/]/.exec(text.slice(from, from + 140))?.[1];
  if (name === undefined) return text.length - from < 140 ? "unclear" : "other";
  return sniffRoot(name, text.slice(from, from + LONGEST_ROOT));
}

function sniffRoot(name: string, begin: string): Sniffed {
  // The reader of DASH tells why it refuses a patch of an MPD.
  if (name === "MPD" || (name === "Patch" && begin.includes(PATCH))) return "dash";
  return name === "SmoothStreamingMedia" ? "smooth" : "other";
}

/** The place behind the ending text; -1 when the text has none. */
function endOf(text: string, ending: string, from: number): number {
  const at = text.indexOf(ending, from);
  return at < 0 ? -1 : at + ending.length;
}

/** `undefined` without a document type. It may hold an internal subset in brackets. */
function endOfDoctype(text: string, from: number): number | undefined {
  if (!/^<!doctype/i.test(text.slice(from, from + 9))) return undefined;
  const close = text.indexOf(">", from);
  const bracket = text.slice(from, close < 0 ? undefined : close).indexOf("[");
  return bracket < 0 ? endOf(text, ">", from) : endOf(text, "]>", from + bracket);
}

function skipBlanks(text: string, from: number): number {
  const blanks = /[\uFEFF\s]*/y;
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
}
