/** Reads a stream for the planning of a prefetch: the URLs of its manifests within a scope. */

import { PrefetchError } from "../base/errors.ts";
import type { Stream, StreamRules } from "../prefetch/model/stream.ts";
import { expandManifest } from "./expand.ts";
import { expandLimits } from "./expansion.ts";
import { chooseUrls } from "./scope.ts";

/** Throws a `PrefetchError` when the first manifest cannot be read. */
export async function readStream(url: string, { scope, mostUrls, now, hostAllowed, fetchText, signal }: StreamRules): Promise<Stream> {
  const { urls, manifests, refused, omitted } = await expandManifest(url, {
    fetchText: (wanted) => fetchText(wanted, expandLimits.manifestBytes),
    hostAllowed,
    now,
    signal,
  });
  // The omitted URLs are unknown, so only the full scope can tell how many of them it would have chosen.
  if (omitted > 0 && scope !== "full") throw tooLarge();
  const chosen = chooseUrls(urls, { scope, maxUrls: mostUrls });
  const [entry] = manifests;
  return {
    format: entry?.format ?? "hls",
    live: manifests.some(({ live }) => live),
    urls: chosen.urls.map((each) => each.url),
    omitted: chosen.omitted + omitted,
    refused: refused.flatMap(({ url: child, code, reason }) => {
      // Viewers lose nothing without them: a cycle is listed already, and a skipped URI leads to no URL.
      if (code === "skipped" || code === "cycle") return [];
      return [{ url: child, code: code === "limit" ? "limit_reached" : code, reason: `${reason}.` }];
    }),
  };
}

function tooLarge(): PrefetchError {
  const most = expandLimits.urls.toLocaleString("en");
  return new PrefetchError("limit_reached", `It names more than ${most} URLs, the most that one stream may have`, {
    hint: "Pass the media playlists of its renditions as separate streams instead.",
  });
}
