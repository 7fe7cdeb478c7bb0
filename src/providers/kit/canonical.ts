/** Spellings that signatures agree on: percent-encoding, sorted queries and hashes. Vendors' schemes are built from these. */

import { createHash } from "node:crypto";

/** RFC 3986: everything but the unreserved characters is escaped, with upper-case digits. */
export function percentEncode(text: string): string {
  // Half a surrogate pair has no UTF-8 and would throw; its replacement character has.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The query string in the one spelling that is both signed and sent. */
export function canonicalQuery(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs]
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");
}

/** By code unit: vendors sort by character code, and locales differ between machines. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Lower-case names and trimmed values, sorted by name. */
export function headerEntries(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => compare(a, b));
}

/** Lower-case hexadecimal SHA-256 of the text in UTF-8. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
