/** The bytes to look for in a layer: a secret as it is, and in the codes that no level of escapes peels off. */

import { layersOf } from "./byte-layers.ts";

export interface Fringe {
  readonly before: number;
  readonly after: number;
}

const none: Fringe = { before: 0, after: 0 };

export interface Needle {
  /** Folded bytes; the layer must hold all of them. */
  readonly core: Uint8Array;
  /** Folded bytes that belong to the secret if they stand around the core, nearest first. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Characters of base64 beyond these that hold bits of the secret, 0 or 1 on each side. */
  readonly fringe: Fringe;
}

/** Fewer bytes would also be found in ordinary text. */
export const SHORTEST_CORE = 6;
/**
 * Bytes at each end that need not match: an escape that begins before the secret, such as the `%4` in `%41…`, swallows the
 * first of them. More of them weaken the core.
 */
const LOOSE_ENDS = 4;
/**
 * The beginning of a secret that is found without the rest: foreign text is cut in many places. More bytes let longer pieces
 * through; fewer are common to the keys of many accounts.
 */
const HEAD_BYTES = 10;
const SHORTEST_WITH_HEAD = 16;
/** The codes of a longer secret are looked for without further escapes inside them. */
const LONGEST_NESTED = 1_000;

/**
 * Bytes that count as equal: upper and lower case, and the two alphabets of base64. 0 means that a byte does not count:
 * blanks, line breaks and backslashes may divide a secret.
 */
export const folded: Uint8Array = foldTable();

function foldTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0x21; byte < 256; byte += 1) table[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  for (const dropped of [0x5c, 0x7f]) table[dropped] = 0;
  table[0x2d] = 0x2b;
  table[0x5f] = 0x2f;
  return table;
}

function foldBytes(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => folded[byte] ?? 0).filter((byte) => byte !== 0);
}

/** Empty for a secret that is too short to be looked for. `inPieces` also finds its beginning alone. */
export function needlesOf(secret: string, inPieces = true): Needle[] {
  const needles = new Map<string, Needle[]>();
  const add = (text: string | Uint8Array, fringe?: Fringe): void => {
    const bytes = foldBytes(typeof text === "string" ? Buffer.from(text) : text);
    if (bytes.length < SHORTEST_CORE) return;
    const head = inPieces && bytes.length >= SHORTEST_WITH_HEAD ? [headOf(bytes, fringe)] : [];
    needles.set(`${fringe?.before} ${Buffer.from(bytes).toString("latin1")}`, [needleOf(bytes, fringe), ...head]);
  };
  // Folding covers ASCII only; the other case of É is a secret of its own.
  for (const text of [secret, secret.toUpperCase(), secret.toLowerCase()]) add(text);
  for (const { bytes } of layersOf(secret)) add(bytes);
  for (const text of secret.length > LONGEST_NESTED ? [secret] : [secret, ...escapedForms(secret)]) {
    const bytes = Buffer.from(text);
    if (foldBytes(bytes).length < SHORTEST_CORE) continue;
    add(bytes.toString("hex"));
    for (const offset of [0, 1, 2]) add(...base64Of(bytes, offset));
  }
  return [...needles.values()].flat();
}

function needleOf(bytes: Uint8Array, fringe: Fringe | undefined): Needle {
  const ends = fringe ? 0 : Math.min(LOOSE_ENDS, Math.floor((bytes.length - SHORTEST_CORE) / 2));
  return {
    core: bytes.subarray(ends, bytes.length - ends),
    before: bytes.subarray(0, ends).toReversed(),
    after: bytes.subarray(bytes.length - ends),
    fringe: fringe ?? none,
  };
}

function headOf(bytes: Uint8Array, fringe = none): Needle {
  const [core, after] = [bytes.subarray(0, HEAD_BYTES), bytes.subarray(HEAD_BYTES)];
  return { core, before: new Uint8Array(), after, fringe };
}

function escapedForms(text: string): string[] {
  const html = text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const forms = [encodeURIComponent(text.toWellFormed()), JSON.stringify(text).slice(1, -1), html];
  return [...new Set(forms)].filter((form) => form !== text);
}

/** The characters that depend on the secret alone when `offset` bytes go before it. */
function base64Of(bytes: Uint8Array, offset: number): [string, Fringe] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  const bits = 8 * (offset + bytes.length);
  const core = text.slice(offset === 0 ? 0 : offset + 1, Math.floor(bits / 6));
  return [core, { before: offset === 0 ? 0 : 1, after: bits % 6 === 0 ? 0 : 1 }];
}
