/** Parses JSON in slices. `JSON.parse` of a message of 16 MB holds up everything else for a tenth of a second. */

import type { Breathe } from "./breathe.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const delimiters: ReadonlySet<number | undefined> = new Set([...blanks, COMMA, CLOSE_LIST, CLOSE_OBJECT, undefined]);

/**
 * Gives the value that `JSON.parse` gives, and throws `SyntaxError` where it does. It does not interrupt a text, a number
 * or blanks, and it recurses into lists and objects, so a gauge must have bounded their lengths and the nesting.
 */
export async function parseJsonInSlices(json: Buffer, breathe: Breathe): Promise<unknown> {
  const source = createSource(json);
  const steps = valueIn(source);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) {
      source.expect(undefined);
      return step.value;
    }
    const pause = breathe();
    if (pause) await pause;
  }
}

type Steps<Value> = Generator<undefined, Value>;

/** Yields where the work may be interrupted. */
function* valueIn(source: Source): Steps<unknown> {
  yield;
  if (source.takes(OPEN_LIST)) return yield* listIn(source, CLOSE_LIST, valueIn);
  // As `JSON.parse`, it keeps the last of equal keys, and `__proto__` is a key like any other.
  if (source.takes(OPEN_OBJECT)) return Object.fromEntries(yield* listIn(source, CLOSE_OBJECT, memberIn));
  return source.scalar();
}

function* listIn<Element>(source: Source, close: number, elementIn: (source: Source) => Steps<Element>): Steps<Element[]> {
  const elements: Element[] = [];
  if (source.takes(close)) return elements;
  do elements.push(yield* elementIn(source));
  while (source.takes(COMMA));
  source.expect(close);
  return elements;
}

function* memberIn(source: Source): Steps<[string, unknown]> {
  const key = source.text();
  source.expect(COLON);
  return [key, yield* valueIn(source)];
}

interface Source {
  /** Passes over the byte if it is the next one behind blanks. */
  takes(byte: number): boolean;
  /** Throws unless this byte, or the end for `undefined`, comes next. */
  expect(byte: number | undefined): void;
  text(): string;
  scalar(): unknown;
}

function createSource(json: Buffer): Source {
  let at = 0;

  const next = (): number | undefined => {
    while (blanks.has(json[at])) at += 1;
    return json[at];
  };
  const scalarUntil = (end: number): unknown => {
    const value: unknown = JSON.parse(json.toString("utf8", at, end));
    at = end;
    return value;
  };
  const endOfScalar = (): number => {
    if (next() === QUOTE) return endOfText(json, at);
    let end = at;
    while (!delimiters.has(json[end])) end += 1;
    return end;
  };

  return {
    takes: (byte) => {
      if (next() !== byte) return false;
      at += 1;
      return true;
    },
    expect: (byte) => {
      if (next() !== byte) throw new SyntaxError(`Unexpected byte at position ${at}`);
      at += 1;
    },
    text: () => {
      const value = next() === QUOTE ? scalarUntil(endOfText(json, at)) : undefined;
      if (typeof value !== "string") throw new SyntaxError(`A key is missing at position ${at}`);
      return value;
    },
    scalar: () => scalarUntil(endOfScalar()),
  };
}

/** Index behind the closing quote of the text that begins at `begin`. */
function endOfText(json: Buffer, begin: number): number {
  for (let quote = json.indexOf(QUOTE, begin + 1); quote >= 0; quote = json.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (json[quote - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  throw new SyntaxError("A text has no end");
}
