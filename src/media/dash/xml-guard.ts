/**
 * Refuses a manifest that is not well-formed XML or has a document type. The parser behind `mpd-parser` repairs broken
 * XML, prints its complaints to the console, and leaves entities as text, so it must not get such a manifest.
 */

import { PrefetchError } from "../../base/errors.ts";

/** An MPD nests about eight elements, plus those inside events. A larger value only helps hostile manifests. */
const DEEPEST = 64;
/** A day of one-second segments makes 86,400 `S` elements. A larger value lets a hostile manifest fill the memory. */
const MOST_ELEMENTS = 150_000;

const NAME = /[A-Za-z_][\w:.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w:.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const START_TAG_END = /\s*(\/?)>/y;
const END_TAG = /<\/([A-Za-z_][\w:.-]*)\s*>/y;
const BAD_REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#[1-9]\d{0,6}|#x[1-9A-Fa-f][\dA-Fa-f]{0,5});)/;

type ElementListener = (name: string, depth: number) => void;

/** Throws a `PrefetchError` with the problem and its position. Calls `onElement` for each element; the root has depth 0. */
export function checkXml(text: string, onElement: ElementListener = () => {}): void {
  const tree = createTree(onElement);
  for (const token of tokensOf(text)) {
    switch (token.type) {
      case "text":
        tree.text(token);
        break;
      case "start":
        tree.start(token);
        break;
      case "end":
        tree.end(token);
        break;
    }
  }
  tree.finish(text.length);
}

interface TextToken {
  readonly type: "text";
  readonly text: string;
  readonly at: number;
}

interface StartToken {
  readonly type: "start";
  readonly name: string;
  /** `<name/>`. */
  readonly isEmpty: boolean;
  readonly at: number;
  readonly end: number;
}

interface EndToken {
  readonly type: "end";
  /** `undefined` for a malformed end tag. */
  readonly name: string | undefined;
  readonly at: number;
  readonly end: number;
}

/** Checks that tags match and stay within the limits. */
function createTree(onElement: ElementListener) {
  const open: string[] = [];
  let elements = 0;
  return {
    text: ({ text, at }: TextToken): void => {
      if (open.length === 0 && text.trim() !== "") throw refused("has text outside its root element", at);
    },
    start: ({ name, isEmpty, at }: StartToken): void => {
      if (open.length === 0 && elements > 0) throw refused("has more than one root element", at);
      elements += 1;
      if (elements > MOST_ELEMENTS) throw refused(`has more than ${MOST_ELEMENTS.toLocaleString("en")} elements`, at);
      onElement(name, open.length);
      if (!isEmpty) open.push(name);
      if (open.length > DEEPEST) throw refused(`nests deeper than ${DEEPEST} elements`, at);
    },
    end: ({ name, at }: EndToken): void => {
      if (name === undefined || open.pop() !== name) throw refused("has an end tag that matches no start tag", at);
    },
    finish: (at: number): void => {
      if (open.length > 0 || elements === 0) throw refused("ends too early", at);
    },
  };
}

/** Text and tags in document order, without comments, processing instructions and CDATA sections. */
function* tokensOf(text: string): Generator<TextToken | StartToken | EndToken> {
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const tag = text.indexOf("<", at);
    yield readText(text, at, tag < 0 ? text.length : tag);
    if (tag < 0) return;
    const section = sectionEnd(text, tag);
    if (section !== undefined) {
      at = section;
      continue;
    }
    const token = text[tag + 1] === "/" ? readEndTag(text, tag) : readStartTag(text, tag);
    yield token;
    at = token.end;
  }
}

function readText(text: string, at: number, end: number): TextToken {
  const between = text.slice(at, end);
  if (BAD_REFERENCE.test(between)) throw refused(UNDEFINED_ENTITY, at);
  return { type: "text", text: between, at };
}

const sections = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
] as const;

/** The end of a comment, a CDATA section or a processing instruction; `undefined` for a tag. */
function sectionEnd(text: string, at: number): number | undefined {
  if (/^<!doctype/i.test(text.slice(at, at + 9))) throw refused("has a document type declaration (DOCTYPE), which is not allowed", at);
  const section = sections.find(([begin]) => text.startsWith(begin, at));
  if (section === undefined) return undefined;
  const [begin, close] = section;
  const end = text.indexOf(close, at + begin.length);
  if (end < 0) throw refused("ends too early", at);
  return end + close.length;
}

function readStartTag(text: string, tag: number): StartToken {
  const name = match(NAME, text, tag + 1)?.[0];
  if (name === undefined) throw refused("has a tag that cannot be read", tag);
  const attributes = new Set<string>();
  let at = NAME.lastIndex;
  for (let attribute = match(ATTRIBUTE, text, at); attribute !== undefined; attribute = match(ATTRIBUTE, text, at)) {
    const [, key = "", value = ""] = attribute;
    if (attributes.has(key)) throw refused("repeats an attribute", at);
    if (BAD_REFERENCE.test(value)) throw refused(UNDEFINED_ENTITY, at);
    attributes.add(key);
    at = ATTRIBUTE.lastIndex;
  }
  const closing = match(START_TAG_END, text, at);
  if (closing === undefined) throw refused("has a tag that cannot be read", tag);
  return { type: "start", name, isEmpty: closing[1] === "/", at: tag, end: START_TAG_END.lastIndex };
}

function readEndTag(text: string, tag: number): EndToken {
  const name = match(END_TAG, text, tag)?.[1];
  return { type: "end", name, at: tag, end: END_TAG.lastIndex };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

const UNDEFINED_ENTITY = "uses an entity that XML does not define";

function refused(what: string, at: number): PrefetchError {
  return new PrefetchError("invalid_argument", `The XML ${what}, at character ${at + 1}`, {
    hint: "Pass the manifest's URLs as a list, or let the packager write plain XML.",
  });
}
