/** Bodies that are generated while they are sent. Even a large body is never in memory as a whole. */

import { gzipSync } from "node:zlib";

export interface Body {
  readonly bytes: number;
  /** Starts again at the first byte. */
  chunks(): Iterable<Uint8Array>;
}

export function textBody(text: string): Body {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, chunks: () => [bytes] };
}

/** The text in gzip. The same text gives the same bytes: Node writes no time into them. */
export function packedBody(text: string): Body {
  const bytes = gzipSync(text);
  return { bytes: bytes.length, chunks: () => [bytes] };
}

const BLOCK = 65_536;
/** The same block twice: a chunk that begins anywhere in the first block is a view, not a copy. */
const pattern = twoNoiseBlocks();

/** Pseudo-random bytes; the same seed gives the same bytes. */
export function patternBody(bytes: number, seed: number): Body {
  const begin = seed % BLOCK;
  return {
    bytes,
    *chunks() {
      for (let left = bytes; left > 0; left -= BLOCK) yield pattern.subarray(begin, begin + Math.min(left, BLOCK));
    },
  };
}

/** The bytes from `from` to `to`, without the byte at `to`. */
export function slice(body: Body, from: number, to: number): Body {
  return {
    bytes: to - from,
    *chunks() {
      let at = 0;
      for (const chunk of body.chunks()) {
        const piece = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
        if (piece.length > 0) yield piece;
        at += chunk.length;
        if (at >= to) return;
      }
    },
  };
}

/** The body and then this number of blanks. */
export function padded(body: Body, blanks: number): Body {
  return {
    bytes: body.bytes + blanks,
    *chunks() {
      yield* body.chunks();
      yield Buffer.alloc(blanks, " ");
    },
  };
}

/** Xorshift with a fixed seed: reproducible bytes that do not compress. */
function twoNoiseBlocks(): Uint8Array {
  const bytes = Buffer.alloc(2 * BLOCK);
  let state = 0x5eed;
  for (let at = 0; at < BLOCK; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
    bytes.writeInt32LE(state, at + BLOCK);
  }
  return bytes;
}
