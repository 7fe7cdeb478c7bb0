/** Playlists inside another playlist: `data:application/vnd.apple.mpegurl;base64,…` (RFC 2397). */

import { PrefetchError } from "../base/errors.ts";
import type { Packed } from "../documents/decode.ts";

export function isDataUri(uri: string): boolean {
  return /^data:/i.test(uri.slice(0, 5));
}

/** The bytes of the URI, as if a server had sent them. */
export function readDataUri(uri: string): Packed {
  const comma = uri.indexOf(",");
  if (comma < 0) throw new PrefetchError("invalid_argument", "It is a data: URI without data");
  const data = uri.slice(comma + 1);
  const isBase64 = /;\s*base64\s*$/i.test(uri.slice(Math.max(0, comma - 20), comma));
  return {
    bytes: new Uint8Array(isBase64 ? Buffer.from(unescaped(data), "base64") : Buffer.from(unescaped(data))),
    encoding: undefined,
    isWhole: true,
  };
}

function unescaped(data: string): string {
  try {
    return decodeURIComponent(data);
  } catch (error) {
    throw new PrefetchError("invalid_argument", "It is a data: URI with an unreadable escape", { cause: error });
  }
}
