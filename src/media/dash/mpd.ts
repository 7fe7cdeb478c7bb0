/**
 * Reads every URL of a DASH manifest (ISO/IEC 23009-1; DASH-IF Interoperability Points). `mpd-parser` unrolls one
 * representation at a time, so that an unreadable representation does not hide the readable ones.
 */

import { PrefetchError } from "../../base/errors.ts";
import type { StreamScope } from "../../prefetch/model/stream.ts";
import type { Manifest } from "../manifest.ts";
import type { RemoteElements } from "../remote.ts";
import { filesOf, untimedFiles } from "./files.ts";
import { type ParserOptions, parseMpd, unroll } from "./parser.ts";
import { createRenditionNames, type DashRendition } from "./renditions.ts";
import { createRepresentationCount } from "./representation-count.ts";
import { segmentCount } from "./segment-count.ts";
import type { DashRepresentation } from "./shape.ts";
import { createDashUrls, type DashUrls } from "./urls.ts";
import { checkXml } from "./xml-guard.ts";

export interface DashOptions extends ParserOptions {
  /** Most segments of all representations together. */
  readonly maxSegments?: number;
  readonly scope?: StreamScope | undefined;
  /** Elements at other addresses that were fetched. */
  readonly remote?: RemoteElements;
}

/** A larger value lets a hostile manifest fill the memory; a smaller one refuses long films in many qualities. */
const MOST_SEGMENTS = 200_000;
/** Counted per host and period. The parser's time grows with the square of this number; a smaller value refuses real manifests. */
const MOST_REPRESENTATIONS = 10_000;

/** `url` is the manifest's URL after redirects. Throws a `PrefetchError` for a manifest that cannot be read at all. */
export function readDash(text: string, url: string, options: DashOptions): Manifest {
  refuseUnsafeText(text);
  const mpd = parseMpd(text, url, options);
  const representations = mpd.representationInfo;
  refuseTooManySegments(representations, options.maxSegments ?? MOST_SEGMENTS);
  const [first] = representations;
  const live = first?.attributes.type === "dynamic";
  const urls = createDashUrls(url);
  addRepresentations(representations, url, urls);
  for (const uri of mpd.locations ?? []) urls.add({ role: "location", uri }, noRendition);
  if (mpd.contentSteeringInfo) urls.add({ role: "steering", uri: mpd.contentSteeringInfo.serverURL }, noRendition);
  return {
    format: "dash",
    shape: "media",
    live,
    targetDuration: undefined,
    duration: durationOf(first),
    start: undefined,
    delta: false,
    variables: new Map(),
    urls: urls.list(live),
    skipped: urls.skipped(),
  };
}

/** The rendition of a URL that belongs to no representation. */
const noRendition: DashRendition = { kind: "main", rendition: "main", bandwidth: undefined, alternative: 0 };

/** Throws the first failure when no representation can be read. */
function addRepresentations(representations: readonly DashRepresentation[], url: string, urls: DashUrls): void {
  const renditionOf = createRenditionNames();
  let firstFailure: PrefetchError | undefined;
  for (const representation of representations) {
    const rendition = renditionOf(representation);
    const unrolled = unroll(representation);
    const files = "playlists" in unrolled ? filesOf(representation, unrolled.playlists, rendition, url) : untimedFiles(representation);
    for (const file of files ?? []) urls.add(file, rendition);
    if ("playlists" in unrolled || files !== undefined) continue;
    urls.add({ role: "segment", uri: representation.attributes.baseUrl, problem: unrolled.failure.message }, rendition);
    firstFailure ??= unrolled.failure;
  }
  if (firstFailure !== undefined && urls.isEmpty) throw firstFailure;
}

/** Checks the text before the parser sees it. */
function refuseUnsafeText(text: string): void {
  const count = createRepresentationCount();
  checkXml(text, count.addElement);
  if (count.most > MOST_REPRESENTATIONS) throw tooMany(MOST_REPRESENTATIONS, "representations");
}

function refuseTooManySegments(representations: readonly DashRepresentation[], most: number): void {
  let count = 0;
  for (const representation of representations) {
    count += segmentCount(representation);
    if (count > most) throw tooMany(most, "segments");
  }
}

function tooMany(most: number, what: string): PrefetchError {
  return new PrefetchError("unsupported", `The DASH manifest describes more than ${most.toLocaleString("en")} ${what}`, {
    hint: "Pass the URLs of the segments you need as a list instead.",
  });
}

function durationOf(representation: DashRepresentation | undefined): number | undefined {
  const value = representation?.attributes.mediaPresentationDuration;
  return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
}
