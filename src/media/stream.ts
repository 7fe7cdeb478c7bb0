/** A stream as the planning of a prefetch wants it: what its manifests name, within a scope. */

import { PrefetchError } from "../base/errors.ts";
import type { Stream, StreamRules } from "../prefetch/model/stream.ts";
import { expandManifest } from "./expand.ts";
import { expandLimits } from "./expansion.ts";
import { chooseUrls } from "./scope.ts";

/** Throws `PrefetchError` where the manifest itself cannot be read. */
export async function readStream(url: string, { scope, mostUrls, now, hostAllowed, fetchText, signal }: StreamRules): Promise<Stream> {
  const { urls, manifests, refused, omitted } = await expandManifest(url, {
    fetchText: (wanted) => fetchText(wanted, expandLimits.manifestBytes),
    hostAllowed,
    now,
    signal,
  });
  // What is beyond was not kept, so there is no telling how much of it would have been chosen.
  if (omitted > 0 && scope !== "full") throw tooLarge();
  const chosen = chooseUrls(urls, { scope, maxUrls: mostUrls });
  const [entry] = manifests;
  return {
    format: entry?.format ?? "hls",
    live: manifests.some(({ live }) => live),
    urls: chosen.urls.map((each) => each.url),
    omitted: chosen.omitted + omitted,
    // What is left out on purpose, such as keys, is nobody's loss.
    refused: refused.flatMap(({ url: child, code, reason }) =>
      code === "skipped" || code === "cycle" ? [] : [{ url: child, code: code === "limit" ? "limit_reached" : code, reason: `${reason}.` }],
    ),
  };
}

function tooLarge(): PrefetchError {
  const most = expandLimits.urls.toLocaleString("en");
  return new PrefetchError("limit_reached", `It names more than ${most} URLs, and no more are read of one stream`, {
    hint: "Pass the playlists of its renditions instead, each as a stream of its own.",
  });
}
