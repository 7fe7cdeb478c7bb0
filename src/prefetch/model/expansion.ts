/** Expansion: whether the URLs of a call stand for themselves or for the URLs that the documents at them name. */

import type { StreamScope } from "./stream.ts";

export const expansionKinds = ["none", "streams", "sitemap"] as const;

export interface SitemapExpansion {
  readonly kind: "sitemap";
  /** A date or time as the caller writes it: only entries that changed since then. */
  readonly since?: string | undefined;
  /** IANA name of the zone of `since`; UTC when it is left out. */
  readonly timeZone?: string | undefined;
}

/**
 * `streams`: a manifest stands for itself and the URLs that it names within `scope`. `sitemap`: each URL is a list, such as a
 * sitemap or a feed, and stands for the URLs that it names.
 */
export type Expansion = AssetExpansion | SitemapExpansion;

/** An asset has no sitemap. */
export type AssetExpansion = { readonly kind: "none" } | { readonly kind: "streams"; readonly scope: StreamScope };
