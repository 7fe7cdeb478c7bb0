/** Options of the HLS reader. */

export interface HlsOptions {
  /** Lists parts and preload hints of low-latency playlists. They exist for seconds only, so the default omits them. */
  readonly parts?: boolean;
  /** Lists keys. They are often on a licence host and must not be cached, so the default omits them. */
  readonly keys?: boolean;
  /** Appends the playlist's query to URIs without a query on the playlist's own host. */
  readonly inheritQuery?: boolean;
  /** Most URLs of one playlist. */
  readonly maxUrls?: number;
}
