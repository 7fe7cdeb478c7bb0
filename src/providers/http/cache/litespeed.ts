/** The cache of the LiteSpeed web server. It is part of the origin, so any CDN's word comes first. */

import { firstOf } from "./headers.ts";
import { firstReader, type Reader, verdictOfText } from "./readers.ts";
import { verdictOf } from "./verdict.ts";

/**
 * `hit,private` is a copy for one visitor only. `hit,litemage` is a hit.
 * https://docs.litespeedtech.com/lscache/lscwp/beginner/#verify-your-site-is-being-cached
 */
export const readLiteSpeed: Reader = firstReader(
  ...["x-litespeed-cache", "x-lsadc-cache"].map(
    (name): Reader =>
      (headers) => {
        const text = firstOf(headers, name) ?? "";
        const verdict = /^hit\s*,\s*(?:private|user)\b/i.test(text) ? verdictOf("uncacheable") : verdictOfText(text, "unknown");
        return verdict && { verdict, from: [name] };
      },
  ),
);
