/** Turns the bytes of a document into text, whatever its headers say about them: unpacks it and finds its encoding. */

import { brotliDecompressSync, constants, gunzipSync, inflateSync } from "node:zlib";
import { PrefetchError } from "../base/errors.ts";

export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `Content-Encoding` in lower case. */
  readonly encoding: string | undefined;
  /** False when the bytes are only the beginning of the object. */
  readonly isWhole: boolean;
}

/** Some objects are stored in gzip and sent in gzip. A larger value lets a file of nested gzips take time; 1 reads half of it. */
const MOST_LAYERS = 2;

/** The first bytes of Zstandard (RFC 8878, section 3.1.1). Its window may need more memory than the reader has. */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const hint = "Store it again, uncompressed or in gzip.";

/** Throws a `PrefetchError` when the bytes are no text, or come to more than `mostBytes`. */
export function decodeBody(body: Packed, mostBytes: number): string {
  return decodeText(unpack(body, mostBytes), body.isWhole);
}

/** Bytes of one slice of text. A larger one takes more memory at a time; a smaller one only costs time. */
const SLICE_BYTES = 32_768;

/** The text in slices: a document of 50 MB in one text would not fit into the memory of a thread. Throws as `decodeBody` does. */
export function* textSlices(bytes: Uint8Array): Generator<string> {
  const { decode } = decoderOf(bytes, true);
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const end = at + SLICE_BYTES;
    yield decode(bytes.subarray(at, end), end < bytes.length);
  }
}

/** The bytes without compression. Throws a `PrefetchError` when they are damaged, or come to more than `mostBytes`. */
export function unpack(body: Packed, mostBytes: number): Uint8Array {
  const bytes = unpacked(body, mostBytes);
  if (bytes.length > mostBytes) throw tooLarge(mostBytes);
  return bytes;
}

/**
 * Gzip tells itself by its first bytes (RFC 1952, section 2.3.1). Brotli and deflate do not, so the header decides (RFC 7932; RFC
 * 9110, section 8.4.1).
 */
function unpacked({ bytes, encoding, isWhole }: Packed, mostBytes: number): Uint8Array {
  let result: Uint8Array = bytes;
  if (startsWith(bytes, ZSTD)) throw new PrefetchError("unsupported", "It is packed with zstd, which is not read", { hint });
  // A packed beginning ends anywhere, and its text need not be complete.
  const finish = isWhole ? undefined : { gzip: constants.Z_SYNC_FLUSH, brotli: constants.BROTLI_OPERATION_FLUSH };
  try {
    if (encoding === "br") result = brotliDecompressSync(result, { maxOutputLength: mostBytes, finishFlush: finish?.brotli });
    if (encoding === "deflate") result = inflateSync(result, { maxOutputLength: mostBytes, finishFlush: finish?.gzip });
    for (let layer = 0; layer < MOST_LAYERS && result[0] === 0x1f && result[1] === 0x8b; layer += 1) {
      result = gunzipSync(result, { maxOutputLength: mostBytes, finishFlush: finish?.gzip });
    }
    return result;
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(mostBytes);
    throw new PrefetchError("invalid_argument", "It cannot be unpacked: its compressed data is damaged", {
      hint,
      cause: error,
    });
  }
}

export function tooLarge(mostBytes: number): PrefetchError {
  return new PrefetchError("unsupported", `It has more than ${mostBytes.toLocaleString("en")} bytes, the most that is read`);
}

export function decodeText(bytes: Uint8Array, isWhole: boolean): string {
  return decoderOf(bytes, isWhole).decode(bytes, false);
}

interface Decoder {
  /** `goesOn`: more bytes follow. */
  decode(bytes: Uint8Array, goesOn: boolean): string;
}

function decoderOf(bytes: Uint8Array, isWhole: boolean): Decoder {
  const encoding = encodingOf(bytes);
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  return {
    decode: (slice, goesOn) => {
      try {
        // A playlist may hold a stray byte in a title, so only its URIs are checked. In XML, such a byte is a fatal error.
        decoder ??= new TextDecoder(encoding, { fatal: isWhole && isXml(bytes, encoding) });
        return decoder.decode(slice, { stream: goesOn });
      } catch (error) {
        const problem = error instanceof RangeError ? `Its encoding, ${encoding}, is unknown` : `It has bytes that are not ${encoding}`;
        throw new PrefetchError("unsupported", problem, { hint: "Serve it in UTF-8.", cause: error });
      }
    },
  };
}

/** Bytes in which an XML declaration lies. It comes first, and a longer one declares nothing more. */
const DECLARATION_BYTES = 200;

/** First bytes, longer patterns first. Without a byte order mark, an XML text begins with `<`, a playlist with `#`. */
const patterns: readonly (readonly [bytes: readonly number[], encoding: string])[] = [
  [[0x00, 0x00, 0xfe, 0xff], "UTF-32"],
  [[0xff, 0xfe, 0x00, 0x00], "UTF-32"],
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xfe, 0xff], "utf-16be"],
  [[0xff, 0xfe], "utf-16le"],
  [[0x00, 0x3c], "utf-16be"],
  [[0x3c, 0x00], "utf-16le"],
  [[0x00, 0x23], "utf-16be"],
  [[0x23, 0x00], "utf-16le"],
];

/** Byte order mark, else the pattern of the first characters, else the XML declaration, else UTF-8 (XML 1.0, appendix F). */
function encodingOf(bytes: Uint8Array): string {
  const known = patterns.find(([pattern]) => startsWith(bytes, pattern));
  if (known) return known[1];
  const begin = Buffer.from(bytes.subarray(0, DECLARATION_BYTES)).toString("latin1");
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(begin)?.[1]?.toLowerCase();
  // A text that declares UTF-16, by any of its names, in single bytes is not in UTF-16.
  return declared === undefined || /^(?:utf-16|(?:iso-10646-)?ucs-2|(?:cs)?unicode)/.test(declared) ? "utf-8" : declared;
}

function startsWith(bytes: Uint8Array, pattern: readonly number[]): boolean {
  return pattern.every((byte, index) => bytes[index] === byte);
}

function isXml(bytes: Uint8Array, encoding: string): boolean {
  const begin = new TextDecoder(encoding).decode(bytes.subarray(0, DECLARATION_BYTES));
  return begin.trimStart().startsWith("<");
}
