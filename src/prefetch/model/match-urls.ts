/** Finds URLs again in a vendor's answer, however the vendor spells them. Pure. */

import type { Item } from "./task.ts";
import { encodeStrayPercents } from "./url.ts";

/**
 * A key for finding a URL again in a vendor's answer, where it may come back decoded, encoded anew
 * or without its scheme.
 */
export function echoKey(url: string): string {
  const normal = URL.parse(url.trim())?.href ?? URL.parse(`https://${url.trim()}`)?.href ?? url.trim();
  const withoutScheme = normal.replace(/^https?:\/\//i, "");
  return encodeStrayPercents(withoutScheme).replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      // Escapes that are not UTF-8 have no decoded form; their upper-case spelling is the common one.
      return escapes.toUpperCase();
    }
  });
}

/**
 * Finds the items that a vendor's spelling of a URL means. Two can differ in their scheme alone, which a vendor may
 * leave out.
 */
export function matchUrls(items: readonly Item[]): (url: string) => readonly Item[] {
  const byKey = Map.groupBy(items, (item) => echoKey(item.target));
  return (url) => {
    const alike = byKey.get(echoKey(url)) ?? [];
    const scheme = /^https?:/i.exec(url.trim())?.[0].toLowerCase();
    const same = alike.filter((item) => item.target === url || (scheme !== undefined && item.target.startsWith(scheme)));
    return same.length > 0 ? same : alike;
  };
}
