/** What a text is, by what it says: extensions and media types are often wrong. */

/** RFC 8216, section 4.3.1.1: `#EXTM3U` comes first. An MPD may have a prolog of comments before it. */
export function sniff(text: string): "hls" | "dash" | undefined {
  const begin = text.slice(0, 4_096).replace(/^[\uFEFF\s]+/, "");
  if (/^#EXTM3U(?:\s|$)/.test(begin)) return "hls";
  return begin.startsWith("<") && /<MPD[\s>/]/.test(begin) ? "dash" : undefined;
}
