/** Fetches, checks and parses one manifest of an expansion. */

import { PrefetchError } from "../base/errors.ts";
import { readDash } from "./dash/mpd.ts";
import type { ExpandLimits, ExpandOptions } from "./expansion.ts";
import { readHls } from "./hls/playlist.ts";
import type { Manifest, MediaContext } from "./manifest.ts";
import { resolveUri } from "./resolve.ts";
import { sniff } from "./sniff.ts";

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

/** Throws a `PrefetchError` when the manifest cannot be read or must not be read. */
export async function readManifest(visit: Visit, options: ExpandOptions, limits: ExpandLimits): Promise<ReadResult> {
  const answer = await options.fetchText(visit.url);
  const finalUrl = allowedRedirect(visit, answer.url, options);
  refuseOversize(answer.text, limits.manifestBytes);
  return { finalUrl, manifest: parse(answer.text, finalUrl, visit.context, options, limits) };
}

function allowedRedirect({ url, path }: Visit, target: string, { hostAllowed }: ExpandOptions): string {
  const final = resolveUri(target, null);
  if (!final.ok) throw new PrefetchError("invalid_argument", `It redirects to a URL that ${final.reason}`);
  if (!hostAllowed(final.host)) throw hostNotAllowed(final.host);
  if (final.url !== url && path.includes(final.url)) {
    throw new PrefetchError("invalid_argument", "It redirects to a manifest that already contains it");
  }
  return final.url;
}

function refuseOversize(text: string, mostBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return;
  const [size, limit] = [bytes, mostBytes].map((count) => count.toLocaleString("en"));
  throw new PrefetchError("unsupported", `It has ${size} bytes; a manifest may have ${limit}`);
}

function parse(text: string, url: string, context: MediaContext, { hls, now }: ExpandOptions, limits: ExpandLimits): Manifest {
  switch (sniff(text)) {
    case "hls":
      return readHls(text, url, context, hls);
    case "dash":
      return readDash(text, url, { now, maxSegments: limits.urls });
    case undefined:
      throw new PrefetchError("unsupported", "It is neither an HLS playlist (#EXTM3U) nor a DASH manifest (<MPD>)");
  }
}

export function hostNotAllowed(host: string): PrefetchError {
  return new PrefetchError("forbidden_domain", `It is on ${host}, which is not among the hosts that may be warmed`);
}
