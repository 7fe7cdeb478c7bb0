/** The bounds of reading one sitemap. */

export interface SitemapLimits {
  /** Nesting of documents, including the first one: robots.txt, an index, and its sitemaps. */
  readonly depth: number;
  readonly documents: number;
  /** Entries that are read. */
  readonly urls: number;
  /** Characters of all addresses together. */
  readonly characters: number;
  /** Bytes of each document, packed and unpacked. */
  readonly documentBytes: number;
  /** Bytes of all documents together, unpacked. The document that reaches this number is the last one. */
  readonly allBytes: number;
  /** Bytes of a document that are read before its beginning must show that it is one. */
  readonly firstBytes: number;
  /** Documents that are fetched at the same time. */
  readonly concurrency: number;
  /** Documents that cannot be read and that the result names. */
  readonly refused: number;
  /** Foreign hosts and invalid entries that the result names. */
  readonly named: number;
}

/**
 * Larger limits let a hostile sitemap take more memory, time and requests. Smaller ones refuse real ones: the protocol allows a
 * sitemap 50,000 URLs and 52,428,800 bytes (sitemaps.org/protocol.html), and large shops split theirs into some hundred documents.
 */
export const sitemapLimits: SitemapLimits = {
  depth: 3,
  documents: 500,
  urls: 50_000,
  // 50,000 URLs of 335 characters fill a quarter of the thread's memory.
  characters: 16_777_216,
  documentBytes: 52_428_800,
  allBytes: 209_715_200,
  // A media file that is passed by mistake costs this much traffic; a larger document costs it twice.
  firstBytes: 4_194_304,
  concurrency: 4,
  refused: 100,
  named: 20,
};
