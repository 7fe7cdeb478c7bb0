/** Copies that expire before a viewer can use them, such as the playlists of live streams. */

import { type Obstacle, SHORT_LIVED } from "../../../prefetch/model/edge.ts";
import { sharedLifetimeS } from "./cache-control.ts";
import { withRule } from "./cache-rules.ts";
import type { CacheReading } from "./cache-status.ts";
import { firstOf } from "./headers.ts";
import type { Vendor, VendorResponse } from "./vendor.ts";

/**
 * A shorter lifetime is over before the next viewer comes, or before a check ends. With a larger bound, objects count that a
 * second viewer still gets from the cache; with a smaller one, live playlists of 6 s are advised to be warmed again and again.
 */
const SHORT_LIFETIME_S = 10;

const forPlaylist =
  'Do not warm the playlist of a live stream: warm the segments that it names (expand "streams"). For a recording, send a longer s-maxage.';
const forFile = "Send a longer s-maxage at the origin, or set a longer lifetime in the CDN; warming it again does not help before that.";

/** At most one obstacle. The cache's own word, and a copy that outlived the headers' lifetime, overrule the headers. */
export function shortLived(answer: VendorResponse, reading: CacheReading, vendor: Vendor | undefined): Obstacle[] {
  const lifetimeS = sharedLifetimeS(answer.headers, vendor);
  if (lifetimeS === undefined || lifetimeS === 0 || lifetimeS >= SHORT_LIFETIME_S) return [];
  const { ageS = 0, ttlS = 0 } = reading;
  if (ttlS >= SHORT_LIFETIME_S || ageS >= SHORT_LIFETIME_S) return [];
  const obstacle = { code: SHORT_LIVED, reason: `Its lifetime is too short: a cache may keep it for ${lifetimeS} s.` };
  // A rule that keeps a live playlist for longer would stop its stream.
  if (isPlaylist(answer)) return [{ ...obstacle, change: forPlaylist }];
  return [withRule({ ...obstacle, change: forFile }, answer.headers, reading, "lifetime")];
}

function isPlaylist({ headers, url }: VendorResponse): boolean {
  const path = URL.parse(url)?.pathname ?? "";
  return /\.(?:m3u8?|mpd)$/i.test(path) || /mpegurl|dash\+xml/i.test(firstOf(headers, "content-type") ?? "");
}
