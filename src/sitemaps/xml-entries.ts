/** Reads the entries of XML documents: sitemaps and their indexes (sitemaps.org), RSS 2.0 and 1.0, and Atom (RFC 4287). */

import { PrefetchError } from "../base/errors.ts";
import { attribute } from "../documents/attributes.ts";
import { LONGEST_URL } from "../documents/resolve.ts";
import { createXmlParser, longerText } from "../documents/xml.ts";
import type { EmitEntry, EntryReader, FoundEntry } from "./entry-reader.ts";

/** The elements that say something about URLs. Names are without the prefix of the root, and others keep their prefix. */
interface Vocabulary {
  readonly entry: string;
  /** Of the entry's element; the root's is 1. An element of the same name elsewhere is none. */
  readonly depth: number;
  /** The best one first. */
  readonly addresses: readonly string[];
  /** The best one first. */
  readonly dates: readonly string[];
}

const sitemap: Vocabulary = { entry: "url", depth: 2, addresses: ["loc"], dates: ["lastmod"] };
const rss: Vocabulary = { entry: "item", depth: 3, addresses: ["link", "guid"], dates: ["pubDate", "dc:date", "atom:updated"] };

const vocabularies: ReadonlyMap<string, Vocabulary> = new Map([
  ["urlset", sitemap],
  ["sitemapindex", { ...sitemap, entry: "sitemap" }],
  ["rss", rss],
  ["RDF", { ...rss, depth: 2 }],
  ["feed", { entry: "entry", depth: 2, addresses: ["link"], dates: ["updated", "published"] }],
]);

/** A feed nests about eight elements, plus those of XHTML inside. A larger value only helps hostile documents. */
const DEEPEST = 256;

export function createXmlEntries(emit: EmitEntry): EntryReader {
  const fail = (what: string): never => {
    throw new PrefetchError("unsupported", `The XML ${what}, at character ${(parser.position + 1).toLocaleString("en")}`, {
      hint: "No entry of it was taken. Correct the document, and call again.",
    });
  };
  const tree = createTree(emit);
  const open = (name: string, attributes: readonly string[]): void => {
    if (!tree.open(name, attributes)) fail(`nests deeper than ${DEEPEST} elements`);
  };
  const parser = createXmlParser({ ...tree, open, fail });
  return parser;
}

/** An entry that is being read. */
interface Draft {
  readonly texts: Map<string, string>;
  readonly base: string | undefined;
}

function createTree(emit: EmitEntry) {
  let depth = 0;
  let prefix = "";
  let vocabulary = sitemap;
  let base: string | undefined;
  let entry: Draft | undefined;
  /** The child of the entry whose text is being read. */
  let field: string | undefined;

  const localName = (qualified: string): string => (qualified.startsWith(prefix) ? qualified.slice(prefix.length) : qualified);
  const openRoot = (qualified: string, attributes: readonly string[]): void => {
    const colon = qualified.indexOf(":");
    const name = qualified.slice(colon + 1);
    // The items of RSS 1.0 are outside the vocabulary of its root, RDF.
    prefix = name === "RDF" ? "" : qualified.slice(0, colon + 1);
    vocabulary = vocabularies.get(name) ?? sitemap;
    base = attribute({ attributes }, "xml:base");
  };
  const openField = ({ texts }: Draft, name: string, attributes: readonly string[]): void => {
    if (texts.has(name) || !isField(name, vocabulary)) return;
    const link = name === "link" ? linkOf(attributes) : undefined;
    if (link === "other" || attribute({ attributes }, "isPermaLink") === "false") return;
    texts.set(name, link?.href ?? "");
    if (link === undefined) field = name;
  };

  return {
    /** Returns `false` for an element that is nested too deeply. */
    open: (qualified: string, attributes: readonly string[]): boolean => {
      depth += 1;
      if (depth === 1) openRoot(qualified, attributes);
      else if (depth === vocabulary.depth && localName(qualified) === vocabulary.entry) {
        entry = { texts: new Map(), base: resolved(attribute({ attributes }, "xml:base"), base) };
      } else if (entry && depth === vocabulary.depth + 1) openField(entry, localName(qualified), attributes);
      return depth <= DEEPEST;
    },
    close: (): void => {
      if (depth === vocabulary.depth + 1) field = undefined;
      if (entry && depth === vocabulary.depth) {
        emit(found(entry, vocabulary));
        entry = undefined;
      }
      depth -= 1;
    },
    text: (text: string): void => {
      if (!entry || field === undefined || depth !== vocabulary.depth + 1) return;
      entry.texts.set(field, longerText(entry.texts.get(field) ?? "", text, LONGEST_URL));
    },
  };
}

function found({ texts, base }: Draft, { addresses, dates }: Vocabulary): FoundEntry {
  const first = (names: readonly string[]) =>
    names.map((name) => texts.get(name)?.trim()).find((text) => text !== undefined && text !== "");
  return { address: first(addresses) ?? "", date: first(dates), base };
}

function isField(name: string, { addresses, dates }: Vocabulary): boolean {
  return addresses.includes(name) || dates.includes(name);
}

/** A link of Atom; `other` for a link to comments, enclosures or the feed. `undefined` for a link of RSS, which is a text. */
function linkOf(attributes: readonly string[]): { readonly href: string } | "other" | undefined {
  const href = attribute({ attributes }, "href");
  if (href === undefined) return undefined;
  return (attribute({ attributes }, "rel") ?? "alternate") === "alternate" ? { href } : "other";
}

/** `xml:base` of an entry is relative to that of the feed (XML Base, section 4). */
function resolved(own: string | undefined, above: string | undefined): string | undefined {
  if (own === undefined || above === undefined) return own ?? above;
  return URL.parse(own, above)?.href ?? own;
}
