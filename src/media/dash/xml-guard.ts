/**
 * Well-formed XML without a document type, or none at all. The parser behind `mpd-parser` mends what is broken, prints what
 * it finds there, and leaves entities as text; a manifest that needs any of this is refused before it gets there.
 */

import { PrefetchError } from "../../base/errors.ts";

/** An MPD is about eight elements deep; events inside it may nest a little more. */
const DEEPEST = 64;
/** A day of one-second segments, each with its own entry in a time line, and as much again. */
const MOST_ELEMENTS = 150_000;

const NAME = /[A-Za-z_][\w:.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w:.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const TAG_END = /\s*(\/?)>/y;
const CLOSING = /([A-Za-z_][\w:.-]*)\s*>/y;
const BAD_REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#[1-9]\d{0,6}|#x[1-9A-Fa-f][\dA-Fa-f]{0,5});)/;

/** Throws a `PrefetchError` that says what is wrong and where. `onElement` hears of every element; the root has depth 0. */
export function checkXml(text: string, onElement: (name: string, depth: number) => void = () => {}): void {
  const open: string[] = [];
  let elements = 0;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const tag = text.indexOf("<", at);
    const between = text.slice(at, tag < 0 ? text.length : tag);
    if (BAD_REFERENCE.test(between)) throw refused("uses an entity that XML itself does not define", at);
    if (open.length === 0 && between.trim() !== "") throw refused("has text outside its element", at);
    if (tag < 0) break;
    const section = sectionEnd(text, tag);
    if (section !== undefined) {
      at = section;
      continue;
    }
    if (text[tag + 1] === "/") {
      const closing = match(CLOSING, text, tag + 2);
      if (closing === undefined || open.pop() !== closing[1]) throw refused("has an end tag that fits no start tag", tag);
      at = CLOSING.lastIndex;
      continue;
    }
    const { name, empty, end } = readTag(text, tag);
    if (open.length === 0 && elements > 0) throw refused("has more than one root element", tag);
    elements += 1;
    if (elements > MOST_ELEMENTS) throw refused(`has more than ${MOST_ELEMENTS.toLocaleString("en")} elements`, tag);
    onElement(name, open.length);
    if (!empty) open.push(name);
    if (open.length > DEEPEST) throw refused(`nests deeper than ${DEEPEST} elements`, tag);
    at = end;
  }
  if (open.length > 0 || elements === 0) throw refused("ends too early", text.length);
}

/** Where a comment, an instruction or a CDATA section ends. */
function sectionEnd(text: string, at: number): number | undefined {
  if (/^<!doctype/i.test(text.slice(at, at + 9))) throw refused("has a document type declaration (DOCTYPE), which is never read", at);
  for (const [begin, close] of [
    ["<!--", "-->"],
    ["<![CDATA[", "]]>"],
    ["<?", "?>"],
  ] as const) {
    if (!text.startsWith(begin, at)) continue;
    const end = text.indexOf(close, at + begin.length);
    if (end < 0) throw refused("ends too early", at);
    return end + close.length;
  }
  return undefined;
}

function readTag(text: string, tag: number): { readonly name: string; readonly empty: boolean; readonly end: number } {
  const name = match(NAME, text, tag + 1)?.[0];
  if (name === undefined) throw refused("has a tag that cannot be read", tag);
  const attributes = new Set<string>();
  let at = NAME.lastIndex;
  for (let attribute = match(ATTRIBUTE, text, at); attribute !== undefined; attribute = match(ATTRIBUTE, text, at)) {
    const [, key = "", value = ""] = attribute;
    if (attributes.has(key)) throw refused("has an attribute twice", at);
    if (BAD_REFERENCE.test(value)) throw refused("uses an entity that XML itself does not define", at);
    attributes.add(key);
    at = ATTRIBUTE.lastIndex;
  }
  const closing = match(TAG_END, text, at);
  if (closing === undefined) throw refused("has a tag that cannot be read", tag);
  return { name, empty: closing[1] === "/", end: TAG_END.lastIndex };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function refused(what: string, at: number): PrefetchError {
  return new PrefetchError("invalid_argument", `The XML ${what}, at character ${at + 1}`, {
    hint: "Prefetch the manifest's URLs as a list, or have the packager write plain XML.",
  });
}
