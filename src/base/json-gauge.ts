/** Measures JSON text before it is parsed: `[],[],…` takes 14 times its length as values, so the length alone bounds no memory. */

/** Values and keys of one message. It must exceed the 10,000 URLs of a call; a higher limit lets a message take more memory. */
export const MOST_JSON_VALUES = 16_000;

/**
 * Bytes of one text. Some hosts send a list of URLs as its JSON text: 10,000 URLs of 200 bytes fit. It is parsed in one piece, so a longer
 * one holds up everything else.
 */
export const LONGEST_JSON_TEXT = 2 * 1_048_576;

/** Bytes outside of texts: signs, numbers and blanks. 16,000 values, each on a line of its own, fit. More would only be blanks to skip. */
export const MOST_JSON_FILLING = 1_048_576;

export interface JsonGauge {
  /** Counts a piece of UTF-8. A piece may end anywhere, also inside a string. */
  add(piece: Uint8Array): void;
  /** At least the number of values and keys: it counts brackets, commas and colons outside of strings. */
  readonly values: () => number;
  /** The deepest nesting. For example `[[1]]` has 2. */
  readonly depth: () => number;
  /** Bytes of the longest text so far, also while it goes on. */
  readonly longestText: () => number;
  /** Bytes outside of texts. */
  readonly filling: () => number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Values and levels of nesting that each byte outside of a string adds. */
const valuesOf = new Uint8Array(256);
const levelsOf = new Int8Array(256);
for (const code of Buffer.from(",:[{")) valuesOf[code] = 1;
for (const code of Buffer.from("[{")) levelsOf[code] = 1;
for (const code of Buffer.from("]}")) levelsOf[code] = -1;

/** Text that is not JSON gets some numbers, too. Parsing such text costs no more than they say. */
export function createJsonGauge(): JsonGauge {
  let values = 1;
  let level = 0;
  let deepest = 0;
  let inString = false;
  let isEscaped = false;
  let textLength = 0;
  let longestText = 0;
  let filling = 0;

  /** Returns the index behind the string's end, or the piece's length when the string goes on. */
  const skipString = (piece: Uint8Array, from: number): number => {
    let at = isEscaped ? from + 1 : from;
    while (at < piece.length && piece[at] !== QUOTE) at += piece[at] === BACKSLASH ? 2 : 1;
    inString = at >= piece.length;
    isEscaped = at > piece.length;
    textLength += Math.min(at, piece.length) - from;
    if (textLength > longestText) longestText = textLength;
    if (!inString) textLength = 0;
    return at + 1;
  };
  /** Returns the index behind the next quote, or the piece's length. It counts in local variables, which takes a third of the time. */
  const countToQuote = (piece: Uint8Array, from: number): number => {
    let at = from;
    let found = 0;
    let now = level;
    let most = deepest;
    for (; at < piece.length; at += 1) {
      const code = piece[at] ?? 0;
      if (code === QUOTE) break;
      found += valuesOf[code] ?? 0;
      now += levelsOf[code] ?? 0;
      if (now > most) most = now;
    }
    inString = at < piece.length;
    filling += at - from;
    values += found;
    level = now;
    deepest = most;
    return at + 1;
  };

  return {
    add: (piece) => {
      for (let at = 0; at < piece.length; ) at = inString ? skipString(piece, at) : countToQuote(piece, at);
    },
    values: () => values,
    depth: () => deepest,
    longestText: () => longestText,
    filling: () => filling,
  };
}
