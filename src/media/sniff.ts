/** Tells HLS from DASH by the text itself, because file extensions and media types are often wrong. */

import { rootElement, skipBlanks } from "../documents/root-element.ts";

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

function sniffXml(text: string, begin: number): Sniffed {
  const root = rootElement(text, begin);
  if (typeof root === "string") return root === "unclear" ? "unclear" : "other";
  return sniffRoot(root.name, text.slice(root.at, root.at + LONGEST_ROOT));
}

function sniffRoot(name: string, begin: string): Sniffed {
  // The reader of DASH tells why it refuses a patch of an MPD.
  if (name === "MPD" || (name === "Patch" && begin.includes(PATCH))) return "dash";
  return name === "SmoothStreamingMedia" ? "smooth" : "other";
}
