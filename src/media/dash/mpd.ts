/**
 * Reads every URL of a DASH manifest (ISO/IEC 23009-1; DASH-IF Interoperability Points). Arithmetic on runs
 * cuts a presentation to its Periods, the clock and the scope. The reader lists segments after that, and only if they are few.
 */

import type { StreamScope } from "../../prefetch/model/stream.ts";
import type { Manifest } from "../manifest.ts";
import type { RemoteElements } from "../remote.ts";
import { createSkippedUris } from "../skipped-uris.ts";
import { firstBase, lowerBase } from "./base-url.ts";
import { isDynamic, readClock } from "./clock.ts";
import { toSeconds } from "./instant.ts";
import { listUrls } from "./listing.ts";
import { durationOf, timePeriods } from "./periods.ts";
import { malformed, unreadable } from "./problem.ts";
import { lowerQuery, noQuery } from "./query.ts";
import { createReader, type Level } from "./reader.ts";
import { windowOf } from "./window.ts";
import { insertRemote } from "./xlink.ts";
import { createXmlBudget, readXml, type XmlElement } from "./xml.ts";

export interface DashOptions {
  /** Milliseconds since the Unix epoch. It decides which segments of a dynamic manifest exist. */
  readonly now: number;
  /** Most URLs of all representations together. */
  readonly maxSegments?: number;
  /** Everything by default. */
  readonly scope?: StreamScope | undefined;
  /** Texts of remote elements. `Manifest.remote` tells which ones are missing. */
  readonly remote?: RemoteElements;
}

/** A larger value lets a hostile manifest fill the memory; a smaller one refuses long films in many qualities. */
const MOST_SEGMENTS = 100_000;

/** `url` is the manifest's URL after redirects. Throws a `PrefetchError` for a manifest that cannot be read at all. */
export function readDash(text: string, url: string, options: DashOptions): Manifest {
  const { now, maxSegments = MOST_SEGMENTS, scope = "full", remote = new Map() } = options;
  const budget = createXmlBudget();
  const skipped = createSkippedUris();
  const mpd = rootOf(readXml(text, budget));
  const manifestUrl = URL.parse(url);
  const wanted = insertRemote(mpd, manifestUrl, remote, budget, skipped);
  const periods = timePeriods(mpd, isDynamic(mpd));
  if (periods.length === 0 && wanted.length === 0) throw malformed("has no period");
  const clock = readClock(mpd, periods, now);
  const reader = createReader(clock, url, skipped);
  const top: Level = {
    base: lowerBase(firstBase(mpd, manifestUrl), mpd, skipped),
    query: lowerQuery(noQuery, mpd, url),
  };
  const plans = periods.flatMap((period) => reader.plansOf(period, top));
  if (plans.length === 0 && wanted.length === 0 && reader.problem !== undefined) throw unreadable(reader.problem);
  return {
    format: "dash",
    shape: "media",
    live: clock.isLive,
    targetDuration: undefined,
    duration: secondsOf(durationOf(mpd, "mediaPresentationDuration")),
    start: undefined,
    delta: false,
    variables: new Map(),
    urls: listUrls(mpd, plans, { window: windowOf(plans, clock, scope), clock, maxSegments, manifestUrl, skipped }),
    skipped: skipped.result(),
    remote: wanted,
  };
}

function rootOf(roots: readonly XmlElement[]): XmlElement {
  const [root, second] = roots;
  if (root === undefined) throw malformed("ends too early");
  if (second !== undefined) throw malformed("has more than one root element");
  if (root.name === "Patch") throw malformed("is a patch of an MPD, which only adds to the manifest at MPD@PatchLocation");
  if (root.name !== "MPD") throw malformed("is not an MPD");
  return root;
}

function secondsOf(time: bigint | undefined): number | undefined {
  return time === undefined ? undefined : toSeconds(time);
}
