/** Tells HLS from DASH by the text itself, because file extensions and media types are often wrong. */

/** An MPD may begin with a long comment. A larger value only costs time. */
const INSPECTED_CHARACTERS = 4_096;

/** An HLS playlist begins with `#EXTM3U` (RFC 8216, section 4.3.1.1). An `<MPD>` may follow an XML prolog. */
export function sniff(text: string): "hls" | "dash" | undefined {
  const begin = text.slice(0, INSPECTED_CHARACTERS).replace(/^[\uFEFF\s]+/, "");
  if (/^#EXTM3U(?:\s|$)/.test(begin)) return "hls";
  return begin.startsWith("<") && /<MPD[\s>/]/.test(begin) ? "dash" : undefined;
}
