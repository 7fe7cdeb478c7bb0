/**
 * Parses XML with bounds that fire while the text is read. `sax` knows the five entities of XML 1.0 and no other, and a document
 * type is refused, so nothing in a document expands.
 */

import sax from "sax";
import { shortened } from "./shortened.ts";

/** The parts of a document, in its order. */
export interface XmlEvents {
  /** An element begins; `attributes` are names and values in turn. */
  open(name: string, attributes: readonly string[]): void;
  close(): void;
  /** A piece of text: long texts come in several pieces. */
  text(text: string): void;
  /** Throws the error of a document that is no XML, or that is beyond a bound. */
  fail(what: string): never;
}

export interface XmlParser {
  /** Characters that were read. */
  readonly position: number;
  /** The bounds of names and values fire after each slice, so a slice has at most `SLICE_CHARACTERS`. */
  write(slice: string): void;
  close(): void;
}

/** A larger slice lets names and attribute values take more memory. A smaller one only costs time. */
export const SLICE_CHARACTERS = 32_768;
/** An element of an MPD has at most about 30. A larger value only helps hostile documents. */
const MOST_ATTRIBUTES = 100;

/** Positions make the parser also bound names and attribute values. Its types lack the option for the entities of XML alone. */
const parserOptions = { position: true, strictEntities: true };

export function createXmlParser(events: XmlEvents): XmlParser {
  const parser = sax.parser(true, parserOptions);
  let attributes: string[] = [];
  parser.onerror = (error) => events.fail(`is not well-formed: ${shortened(error.message.split("\n", 1)[0] ?? "").toLowerCase()}`);
  parser.ondoctype = () => events.fail("has a document type declaration (DOCTYPE), which is not allowed");
  parser.onattribute = ({ name, value }) => {
    if (attributes.length >= 2 * MOST_ATTRIBUTES) events.fail(`has an element with more than ${MOST_ATTRIBUTES} attributes`);
    // The parser adds up values character by character. Trimming makes each one flat, in a tenth of the memory, and blanks around
    // a value have no meaning in the documents that are read (XML Schema part 2, section 4.3.6).
    attributes.push(name, value.trim());
  };
  parser.onopentag = ({ name }: sax.Tag | sax.QualifiedTag) => {
    events.open(name, attributes);
    attributes = [];
  };
  parser.onclosetag = () => events.close();
  parser.ontext = (text) => events.text(text);
  parser.oncdata = (text) => events.text(text);
  return {
    get position() {
      return parser.position;
    },
    write: (slice) => void parser.write(slice),
    close: () => void parser.close(),
  };
}

/**
 * A text with its next piece. Trimming makes it flat, in a tenth of the memory of its pieces. Blanks around it have no meaning. A
 * text of more than `most` characters is too long for its reader, stays so, and need not grow.
 */
export function longerText(known: string, added: string, most: number): string {
  if (known.length > most) return known;
  const text = (known + added).trimStart();
  const trimmed = text.trimEnd();
  return trimmed.length < text.length ? `${trimmed} ` : text;
}
