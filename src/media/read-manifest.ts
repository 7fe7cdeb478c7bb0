/** Fetches, checks and parses one manifest of an expansion. */

import { PrefetchError } from "../base/errors.ts";
import { decodeBody, tooLarge } from "../documents/decode.ts";
import { resolveUri } from "../documents/resolve.ts";
import type { EdgeBody } from "../prefetch/model/edge.ts";
import { readDash } from "./dash/mpd.ts";
import { isDataUri, readDataUri } from "./data-uri.ts";
import type { ExpandLimits, ExpandOptions } from "./expansion.ts";
import { readHls } from "./hls/playlist.ts";
import type { Manifest, MediaContext } from "./manifest.ts";
import { readRemote } from "./remote.ts";
import { type Sniffed, sniff } from "./sniff.ts";

/** A manifest that the expansion is about to read. */
export interface Visit {
  readonly url: string;
  /** 1 for the first manifest. */
  readonly depth: number;
  readonly context: MediaContext;
  /** The manifest that names this one; `undefined` for the first manifest. */
  readonly parent: string | undefined;
  /** URLs of all manifests above this one, before and after redirects. */
  readonly path: readonly string[];
}

export interface ReadResult {
  /** After redirects. */
  readonly finalUrl: string;
  readonly manifest: Manifest;
}

/**
 * Resolves with `undefined` when the visit is a guess and its content no manifest. Throws a `PrefetchError` when the manifest
 * cannot be read or must not be read.
 */
export async function readManifest(visit: Visit, options: ExpandOptions, limits: ExpandLimits): Promise<ReadResult | undefined> {
  if (isDataUri(visit.url)) {
    const text = decodeBody(readDataUri(visit.url), limits.manifestBytes);
    return { finalUrl: visit.url, manifest: await parse(text, sniff(text), visit.url, visit.context, options, limits) };
  }
  const guessedBytes = visit.parent === undefined ? options.guessedBytes : undefined;
  const begun = await options.fetchBody(visit.url, Math.min(limits.manifestBytes, guessedBytes ?? limits.manifestBytes));
  const kind = sniff(decodeBody(begun, limits.manifestBytes));
  if (guessedBytes !== undefined && (kind === "other" || (kind === "unclear" && begun.isWhole))) return undefined;
  const body = begun.isWhole || guessedBytes === undefined ? begun : await options.fetchBody(visit.url, limits.manifestBytes);
  if (!body.isWhole) throw tooLarge(limits.manifestBytes);
  const finalUrl = allowedRedirect(visit, body, options);
  const text = decodeBody(body, limits.manifestBytes);
  return { finalUrl, manifest: await parse(text, sniff(text), finalUrl, visit.context, options, limits) };
}

function allowedRedirect({ url, path }: Visit, { url: target }: EdgeBody, { refuseHost }: ExpandOptions): string {
  const final = resolveUri(target, null);
  if (!final.ok) throw new PrefetchError("invalid_argument", `It redirects to a URL that ${final.reason}`);
  const refused = refuseHost(final.host);
  if (refused !== undefined) throw new PrefetchError("forbidden_domain", refused);
  if (final.url !== url && path.includes(final.url)) {
    throw new PrefetchError("invalid_argument", "It redirects to a manifest that already contains it");
  }
  return final.url;
}

async function parse(
  text: string,
  kind: Sniffed,
  url: string,
  context: MediaContext,
  options: ExpandOptions,
  limits: ExpandLimits,
): Promise<Manifest> {
  if (kind === "hls") return notEmpty(readHls(text, url, context, { maxUrls: limits.urls }));
  if (kind === "dash") {
    const { now, scope } = options;
    return notEmpty(await readRemote((remote) => readDash(text, url, { now, scope, maxSegments: limits.urls, remote }), options, limits));
  }
  throw new PrefetchError("unsupported", unreadable[kind]);
}

const unreadable: Readonly<Record<Exclude<Sniffed, "hls" | "dash">, string>> = {
  smooth: "It is a Smooth Streaming manifest; HLS and DASH are read",
  headless: "It is an HLS playlist without its first line, #EXTM3U, so players refuse it",
  unclear: "It is neither an HLS playlist (#EXTM3U) nor a DASH manifest (<MPD>)",
  other: "It is neither an HLS playlist (#EXTM3U) nor a DASH manifest (<MPD>)",
};

/** A rendition or stream without anything to play must not pass for a warm one. */
function notEmpty(manifest: Manifest): Manifest {
  const { urls, skipped, format, shape } = manifest;
  if (urls.some(({ role }) => role === "playlist" || role === "segment" || role === "file" || role === "part")) return manifest;
  const [first] = skipped.list;
  const what = shape === "multivariant" ? "playlist" : "segment";
  const because = first === undefined ? "" : `. Skipped, ${skipped.count} in all: ${first.uri} ${first.reason}`;
  throw new PrefetchError("unsupported", `The ${format === "hls" ? "playlist" : "manifest"} leads to no ${what}${because}`, {
    hint: "Check it in a player, and call again when it lists media.",
  });
}
