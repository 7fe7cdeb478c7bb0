/** Arbitrary URLs, and the normal spelling of one. */

import fc from "fast-check";
import { parseUrl } from "../../../src/prefetch/model/url.ts";

/** Throws for a URL that `parseUrl` refuses. */
export function normalUrl(input: unknown, maxLength = 10_240): string {
  const parsed = parseUrl(input, { maxLength });
  if (!parsed.ok) throw new Error(`refused: ${parsed.reason}`);
  return parsed.url;
}

/** A file name with letters of several scripts, blanks, and characters that encoders treat differently. */
export const name = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019 視频é😀-_.~!'()*+,;=:@&$|^[]{}<>\"`"), minLength: 1, maxLength: 12 })
  .map((text) => `${text}.mp4`);
export const host = fc.constantFrom("media.example.com", "CDN.Example.COM", "例子.example.com", "media.example.com:8443", "10.0.0.1");
export const scheme = fc.constantFrom("http", "https", "HTTPS");

/** URLs with odd paths, queries and fragments. Most of them can be parsed. */
export const anyUrl = fc
  .record({
    scheme,
    host,
    path: fc.array(
      fc.oneof(name, fc.string({ unit: "binary", maxLength: 10 }), fc.constantFrom("%41", "%e8%a7%86", "100%", "%2", "..", ".")),
      {
        maxLength: 4,
      },
    ),
    query: fc.option(fc.string({ unit: "grapheme", maxLength: 10 }), { nil: undefined }),
    fragment: fc.option(fc.string({ unit: "grapheme", maxLength: 10 }), { nil: undefined }),
  })
  .map(({ scheme, host, path, query, fragment }) =>
    [`${scheme}://${host}/${path.join("/")}`, query === undefined ? "" : `?${query}`, fragment === undefined ? "" : `#${fragment}`].join(
      "",
    ),
  );
