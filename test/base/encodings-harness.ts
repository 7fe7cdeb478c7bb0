/** The ways in which vendors, edges and proxies write a text that they echo. */

import fc from "fast-check";

type Encode = (text: string) => string;

const hexOf = (byte: number): string => byte.toString(16).padStart(2, "0");
const bytesOf = (text: string): number[] => [...Buffer.from(text)];
const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes that a reader may peel off one by one, so they may also stand inside each other. */
export const escapes: Readonly<Record<string, Encode>> = {
  "percent-encoded": encodeURIComponent,
  "percent-encoded in full": (text) =>
    bytesOf(text)
      .map((byte) => `%${hexOf(byte)}`)
      .join(""),
  "percent-encoded in full, upper case": (text) =>
    bytesOf(text)
      .map((byte) => `%${hexOf(byte).toUpperCase()}`)
      .join(""),
  "of a form": (text) => new URLSearchParams({ a: text }).toString().slice(2),
  "JSON-escaped": (text) => JSON.stringify(text).slice(1, -1),
  "JSON-escaped in full": (text) =>
    [...Array(text.length).keys()].map((index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`).join(""),
  "with JSON-escaped slashes": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "HTML-escaped": (text) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character),
  "HTML-escaped in full": (text) => [...text].map((character) => `&#${character.codePointAt(0)};`).join(""),
  "HTML-escaped in full, hexadecimal": (text) => [...text].map((character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(""),
};

/** The last step: nothing wraps these but an escape. */
export const forms: Readonly<Record<string, Encode>> = {
  ...escapes,
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "in lower case": (text) => text.toLowerCase(),
  hexadecimal: (text) => Buffer.from(text).toString("hex"),
  "hexadecimal, upper case": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "split by line breaks": (text) => broken(text, "\r\n"),
  "split by escaped line breaks": (text) => broken(text, "\\n"),
  "split by zero-width spaces": (text) => broken(text, "\u200b"),
  "percent-encoded and split by folded lines": (text) => broken(encodeURIComponent(text), "\r\n "),
};

function broken(text: string, separator: string): string {
  return [...text].map((character, index) => (index % 5 === 4 ? character + separator : character)).join("");
}

/** The secret inside a longer text in base64: `before` decides about its alignment. */
export function inBase64(secret: string, { before, after, urlSafe, lines }: Base64Form): string {
  const text = Buffer.from(before + secret + after).toString(urlSafe ? "base64url" : "base64");
  return lines ? text.replace(/.{16}/g, "$&\n") : text;
}

export interface Base64Form {
  readonly before: string;
  readonly after: string;
  readonly urlSafe: boolean;
  readonly lines: boolean;
}

export const base64Form: fc.Arbitrary<Base64Form> = fc.record({
  before: fc.string({ unit: "grapheme-ascii", maxLength: 8 }),
  after: fc.string({ unit: "grapheme-ascii", maxLength: 8 }),
  urlSafe: fc.boolean(),
  lines: fc.boolean(),
});

/** Any secret that a header can carry, and random keys as vendors give them. */
export const anySecret: fc.Arbitrary<string> = fc.oneof(
  fc.string({
    unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"),
    minLength: 16,
    maxLength: 80,
  }),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 8, maxLength: 60 }),
);
