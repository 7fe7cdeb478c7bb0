/**
 * Cuts a manifest's text into slices for the XML parser, without comments and processing instructions: they say nothing
 * about media, and the parser takes a step for each of their characters. Time is linear in the text.
 */

import { SLICE_CHARACTERS } from "../../documents/xml.ts";
import { malformed } from "./problem.ts";

export interface Slice {
  readonly text: string;
  /** Its place in the manifest. */
  readonly at: number;
}

/** Sections without elements. The reader drops them, or keeps their text without looking for markup in it. */
const sections = [
  { begin: "<!--", end: "-->", isKept: false },
  { begin: "<?", end: "?>", isKept: false },
  { begin: "<![CDATA[", end: "]]>", isKept: true },
] as const;

export function* slicesOf(text: string): Generator<Slice> {
  let from = text.startsWith("\uFEFF") ? 1 : 0;
  for (let at = text.indexOf("<", from); at >= 0; ) {
    const section = sections.find(({ begin }) => text.startsWith(begin, at));
    let next = at + 1;
    if (section !== undefined) {
      next = endOf(text, section.end, at + section.begin.length);
      if (!section.isKept) {
        yield* cut(text, from, at);
        from = next;
      }
    }
    at = text.indexOf("<", next);
  }
  yield* cut(text, from, text.length);
}

function endOf(text: string, ending: string, from: number): number {
  const at = text.indexOf(ending, from);
  if (at < 0) throw malformed("ends too early", from);
  return at + ending.length;
}

function* cut(text: string, from: number, to: number): Generator<Slice> {
  for (let at = from; at < to; at += SLICE_CHARACTERS) yield { text: text.slice(at, Math.min(to, at + SLICE_CHARACTERS)), at };
}
