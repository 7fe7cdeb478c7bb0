/** Bodies that are made while they are sent: however large, they are never in memory whole. */

export interface Body {
  readonly bytes: number;
  /** A new pass over the bytes, from the first one. */
  chunks(): Iterable<Uint8Array>;
}

export function textBody(text: string): Body {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, chunks: () => [bytes] };
}

const BLOCK = 65_536;
/** The same block twice, so that a block that begins anywhere in the first one is a view and no copy. */
const pattern = noise();

/** Bytes without meaning that are always the same for the same seed. */
export function patternBody(bytes: number, seed: number): Body {
  const begin = seed % BLOCK;
  return {
    bytes,
    *chunks() {
      for (let left = bytes; left > 0; left -= BLOCK) yield pattern.subarray(begin, begin + Math.min(left, BLOCK));
    },
  };
}

/** The bytes from `from` up to but not including `to`. */
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

/** With so many blanks behind it. */
export function padded(body: Body, blanks: number): Body {
  return {
    bytes: body.bytes + blanks,
    *chunks() {
      yield* body.chunks();
      yield Buffer.alloc(blanks, " ");
    },
  };
}

/** Xorshift: it does not compress, and it needs no source of chance. */
function noise(): Uint8Array {
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
