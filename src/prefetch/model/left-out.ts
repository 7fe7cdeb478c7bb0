/** Entries of a document, such as a manifest or a sitemap, that are not sent. */

/** A URI that leads to no URL. */
export interface SkippedUri {
  readonly uri: string;
  readonly reason: string;
}

/** A URL that cannot be used. */
export interface RefusedUrl {
  readonly url: string;
  readonly code: string;
  readonly reason: string;
}
