/** Matches the URLs of a vendor's answer with items, whatever spelling the vendor uses. Pure. */

import type { Item } from "./task.ts";

/** A key that a URL keeps when a vendor decodes it, encodes it again, or drops its scheme. */
export function echoKey(url: string): string {
  const normal = URL.parse(url.trim())?.href ?? URL.parse(`https://${url.trim()}`)?.href ?? url.trim();
  const withoutScheme = normal.replace(/^https?:\/\//i, "");
  const withoutStrays = withoutScheme.replace(/%(?![0-9a-f]{2})/gi, "%25");
  return withoutStrays.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      // Escapes that are not UTF-8 have no decoded form; their upper-case spelling is the common one.
      return escapes.toUpperCase();
    }
  });
}

/**
 * Finds the items for a vendor's spelling of a URL: the item that is spelt just so, or else all that the vendor may mean.
 * These are several when they differ only in the spelling of an escape, or in a scheme that the vendor leaves out.
 */
export function matchUrls(items: readonly Item[]): (url: string) => readonly Item[] {
  const byKey = Map.groupBy(items, (item) => echoKey(item.target));
  return (url) => {
    const alike = byKey.get(echoKey(url)) ?? [];
    const exact = alike.filter((item) => item.target === url.trim());
    if (exact.length > 0) return exact;
    const scheme = /^https?:/i.exec(url.trim())?.[0].toLowerCase();
    const same = alike.filter((item) => scheme !== undefined && item.target.startsWith(scheme));
    return same.length > 0 ? same : alike;
  };
}
