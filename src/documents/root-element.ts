/** Finds the root element of an XML text without parsing the text. */

/** `unclear`: the text ends before its root element. `none`: it is no XML. */
export type Root = { readonly name: string; readonly at: number } | "unclear" | "none";

/** Everything that may come before the root element (XML 1.0, section 2.8), and the text that ends it. */
const prolog: readonly (readonly [begin: string, end: string])[] = [
  ["<!--", "-->"],
  ["<?", "?>"],
];

/** A longer name is that of no document that is read. */
const LONGEST_NAME = 140;

/** The root's name without its prefix. `begin` is the place of the first `<`. */
export function rootElement(text: string, begin: number): Root {
  let from = begin;
  for (;;) {
    const found = prolog.find(([opening]) => text.startsWith(opening, from));
    const end = found ? endOf(text, found[1], from + found[0].length) : endOfDoctype(text, from);
    if (end === undefined) break;
    if (end < 0) return "unclear";
    from = skipBlanks(text, end);
  }
  const name = /^<(?:[\w.-]{1,64}:)?([\w.-]{1,64})[\s>/]/.exec(text.slice(from, from + LONGEST_NAME))?.[1];
  if (name === undefined) return text.length - from < LONGEST_NAME ? "unclear" : "none";
  return { name, at: from };
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

export function skipBlanks(text: string, from: number): number {
  const blanks = /[\uFEFF\s]*/y;
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
}
