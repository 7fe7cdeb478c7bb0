/**
 * A text as the bytes that it may stand for: as it is, without one level of escapes, without two, and so on. `%2541` becomes
 * `%41`, then `A`. Each byte knows its place in the text.
 */

import { entityCodes } from "./html-entities.ts";
import { visibleRuns } from "./visible-text.ts";

export interface Layer {
  readonly bytes: Uint8Array;
  /** Index in the text at which each byte's character or escape begins; `undefined` where byte and index are the same. */
  readonly from: Uint32Array | undefined;
  readonly textLength: number;
}

/** More find a secret in deeper nests of escapes; each takes the time of one more pass over the text. */
const MOST_LEVELS = 4;
const ascii = /^[\p{ASCII}]*$/u;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;
const BLANK = 0x20;

export function* layersOf(text: string): Generator<Layer> {
  let layer: Layer | undefined = firstLayer(text);
  for (let level = 0; layer && level <= MOST_LEVELS; level += 1) {
    yield layer;
    layer = unescaped(layer);
  }
}

/** Index in the text of the first character behind byte `index`. */
export function endOf({ from, textLength }: Layer, index: number): number {
  if (!from) return index + 1;
  const own = from[index];
  for (let next = index + 1; next < from.length; next += 1) {
    const start = from[next];
    if (start !== undefined && start !== own) return start;
  }
  return textLength;
}

export function startOf({ from }: Layer, index: number): number {
  return from ? (from[index] ?? 0) : index;
}

/** UTF-8, without invisible characters: a zero-width blank does not protect the secret that it divides. */
function firstLayer(text: string): Layer {
  const textLength = text.length;
  if (ascii.test(text)) return { bytes: Buffer.from(text, "latin1"), from: undefined, textLength };
  const out = createOutput(text.length * 3);
  for (const { 0: run, index } of text.matchAll(visibleRuns)) {
    let place = index;
    for (const character of run) {
      out.character(character.codePointAt(0) ?? 0, place);
      place += character.length;
    }
  }
  return out.layer(textLength);
}

/** The layer without one level of escapes; `undefined` if it has none. */
function unescaped(layer: Layer): Layer | undefined {
  const { bytes, textLength } = layer;
  // Most texts have no escape, and room for the output costs more than looking for one.
  let out: Output | undefined;
  let copied = 0;
  for (let index = nextSign(bytes, 0); index < bytes.length; index = nextSign(bytes, index)) {
    const found = escapeAt(bytes, index);
    if (found) {
      const place = startOf(layer, index);
      out ??= createOutput(bytes.length);
      out.copy(layer, copied, index);
      if (found.isByte) out.byte(found.code, place);
      else out.character(found.code, place);
      copied = index + found.length;
    }
    index += found?.length ?? 1;
  }
  if (!out) return undefined;
  out.copy(layer, copied, bytes.length);
  return out.layer(textLength);
}

/** Index of the next byte that may begin an escape, or the length. */
function nextSign(bytes: Uint8Array, begin: number): number {
  let index = begin;
  while (index < bytes.length) {
    const byte = bytes[index];
    if (byte === PERCENT || byte === BACKSLASH || byte === AMPERSAND) return index;
    index += 1;
  }
  return index;
}

interface Escape {
  /** A code point, or one byte of UTF-8. */
  readonly code: number;
  readonly isByte: boolean;
  readonly length: number;
}

function escapeAt(bytes: Uint8Array, index: number): Escape | undefined {
  const byte = bytes[index];
  if (byte === PERCENT) return byteEscape(bytes, index, 1);
  if (byte === BACKSLASH) return backslashEscape(bytes, index);
  return byte === AMPERSAND ? entity(bytes, index) : undefined;
}

/** `%41` and `\x41`: two digits behind `skipped` characters. */
function byteEscape(bytes: Uint8Array, index: number, skipped: number): Escape | undefined {
  const digits = hexNumber(bytes, index + skipped, 2);
  return digits && { code: digits.number, isByte: true, length: digits.end - index };
}

function backslashEscape(bytes: Uint8Array, index: number): Escape | undefined {
  const next = bytes[index + 1];
  if (next === undefined) return undefined;
  const letter = String.fromCharCode(next);
  if (letter === "u") return unicodeEscape(bytes, index);
  if (letter === "x") return byteEscape(bytes, index, 2);
  return { code: "nrtbfv0".includes(letter) ? BLANK : next, isByte: true, length: 2 };
}

/** `\u0041`, and the two halves of a pair such as `\ud83d\ude00`. */
function unicodeEscape(bytes: Uint8Array, index: number): Escape | undefined {
  const first = hexNumber(bytes, index + 2, 4);
  if (!first) return undefined;
  const isHigh = (first.number & 0xfc00) === 0xd800 && bytes[first.end] === BACKSLASH;
  const second = isHigh ? hexNumber(bytes, first.end + 2, 4) : undefined;
  if (!second || (second.number & 0xfc00) !== 0xdc00) return { code: first.number, isByte: false, length: first.end - index };
  return { code: 0x10000 + ((first.number & 0x3ff) << 10) + (second.number & 0x3ff), isByte: false, length: second.end - index };
}

/** Longer runs are no entity. `&#x0001f600;` has 12 characters, and a line break may divide it. */
const LONGEST_ENTITY = 18;

/** `&amp;`, `&#65;` and `&#x41;`. */
function entity(bytes: Uint8Array, index: number): Escape | undefined {
  const end = bytes.subarray(index, index + LONGEST_ENTITY).indexOf(0x3b);
  if (end < 2) return undefined;
  const name = String.fromCharCode(...bytes.subarray(index + 1, index + end)).replace(/\s+/g, "");
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name) ?? [];
  const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : entityCodes.get(name);
  return code === undefined || code > 0x10ffff ? undefined : { code, isByte: false, length: end + 1 };
}

/** Bytes of a folded line between two digits of an escape, such as `%2\r\n F`. */
const LONGEST_BREAK = 4;

function hexNumber(bytes: Uint8Array, begin: number, digits: number): { readonly number: number; readonly end: number } | undefined {
  let number = 0;
  let end = begin;
  for (let read = 0; read < digits; read += 1) {
    for (let skipped = 0; skipped < LONGEST_BREAK && (bytes[end] ?? 0xff) <= BLANK; skipped += 1) end += 1;
    const digit = hexDigit(bytes[end] ?? 0);
    if (digit < 0) return undefined;
    number = number * 16 + digit;
    end += 1;
  }
  return { number, end };
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

type Output = ReturnType<typeof createOutput>;

/** No escape is shorter than the bytes that it stands for, so `mostBytes` of the source suffice. */
function createOutput(mostBytes: number) {
  const bytes = new Uint8Array(mostBytes);
  const from = new Uint32Array(mostBytes);
  let length = 0;
  const byte = (value: number, place: number): void => {
    bytes[length] = value;
    from[length] = place;
    length += 1;
  };
  return {
    byte,
    copy: ({ bytes: source, from: places }: Layer, begin: number, end: number): void => {
      bytes.set(source.subarray(begin, end), length);
      if (places) from.set(places.subarray(begin, end), length);
      else for (let index = begin; index < end; index += 1) from[length + index - begin] = index;
      length += end - begin;
    },
    /** Writes UTF-8. */
    character: (code: number, place: number): void => {
      for (const value of utf8(code)) byte(value, place);
    },
    layer: (textLength: number): Layer => ({ bytes: bytes.subarray(0, length), from: from.subarray(0, length), textLength }),
  };
}

/** Half a surrogate pair counts as a character of its own. */
function utf8(code: number): number[] {
  if (code < 0x80) return [code];
  const last = 0x80 | (code & 0x3f);
  if (code < 0x800) return [0xc0 | (code >> 6), last];
  const middle = 0x80 | ((code >> 6) & 0x3f);
  if (code < 0x10000) return [0xe0 | (code >> 12), middle, last];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), middle, last];
}
