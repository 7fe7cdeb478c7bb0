/** Reads a stream for the planning of a prefetch: the URLs of its manifests within a scope. */

import type { Stream, StreamRequest, StreamRules } from "../prefetch/model/stream.ts";
import { createRefuseHost } from "../prefetch/model/stream-hosts.ts";
import { expandManifest } from "./expand.ts";
import type { RefusedChild } from "./expansion.ts";
import { chooseUrls, inScope } from "./scope.ts";

/** `undefined` for a guess that is no manifest. Throws a `PrefetchError` when the first manifest cannot be read. */
export async function readStream(
  url: string,
  { scope, mostUrls, now, hosts, guessedBytes, fetchBody }: StreamRequest & Pick<StreamRules, "fetchBody">,
): Promise<Stream | undefined> {
  const expansion = await expandManifest(url, {
    fetchBody,
    refuseHost: createRefuseHost(hosts),
    select: (entry) => inScope(entry, { scope }),
    scope,
    now,
    guessedBytes,
  });
  if (!expansion) return undefined;
  const { urls, manifests, refused, skipped } = expansion;
  const chosen = chooseUrls(urls, { scope, maxUrls: mostUrls });
  const [entry] = manifests;
  return {
    format: entry?.format ?? "hls",
    live: manifests.some(({ live }) => live),
    urls: chosen.urls.map((each) => each.url),
    omitted: chosen.omitted,
    refused: refused.map(refusalOf),
    skipped: skipped.list,
    skippedCount: skipped.count,
  };
}

function refusalOf({ url, code, reason }: RefusedChild): Stream["refused"][number] {
  return { url, code: code === "limit" ? "limit_reached" : code, reason: `${reason}.` };
}
