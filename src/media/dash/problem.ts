/** Errors of a whole manifest, and the error that gives up one rendition. */

import { PrefetchError } from "../../base/errors.ts";

const hint = "Pass the URLs of its segments as a list instead.";

/** The text is no well-formed XML, or no MPD. */
export function malformed(what: string, at?: number): PrefetchError {
  const place = at === undefined ? "" : `, at character ${at + 1}`;
  return new PrefetchError("invalid_argument", `The XML ${what}${place}`, {
    hint: "Pass the manifest's URLs as a list, or let the packager write plain XML.",
  });
}

export function tooMany(limit: number, what: string): PrefetchError {
  return new PrefetchError("unsupported", `The DASH manifest describes more than ${limit.toLocaleString("en")} ${what}`, { hint });
}

export function unreadable(reason: string): PrefetchError {
  return new PrefetchError("unsupported", `The DASH manifest leads to no file: a part of it ${reason}`, { hint });
}

/** Says why a part of a manifest names no file. The reader names the part and goes on with the next one. */
export class Unusable extends Error {}
