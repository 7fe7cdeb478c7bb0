/** The canonical forms that request signatures are built from: percent-encoding, sorted queries and headers, hashes. */

import { createHash } from "node:crypto";

/** RFC 3986: escapes all characters but the unreserved ones, with upper-case digits. `é*` becomes `%C3%A9%2A`. */
export function percentEncode(text: string): string {
  // `encodeURIComponent` throws on half a surrogate pair; `toWellFormed` replaces it.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Sorts and encodes a query: `[["b", "1"], ["a", ""]]` becomes `a=&b=1`. Requests send and sign this same text. */
export function canonicalQuery(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs]
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");
}

/** Orders by code unit, as the vendors do. `localeCompare` differs between machines. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Lower-cases names, trims values and sorts by name. */
export function headerEntries(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => compare(a, b));
}

/** Lower-case hexadecimal SHA-256 of the text in UTF-8. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
