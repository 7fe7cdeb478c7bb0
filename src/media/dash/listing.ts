/** Lists the files of all representations as typed URLs. */

import { attribute } from "../../documents/attributes.ts";
import { type Resolved, resolveUri } from "../../documents/resolve.ts";
import { type MediaRange, type MediaRole, type MediaUrl, untimed } from "../manifest.ts";
import type { SkippedUris } from "../skipped-uris.ts";
import { createUrlCollector, type UrlCollector } from "../url-collector.ts";
import type { Address, Segments } from "./addressing.ts";
import type { Base } from "./base-url.ts";
import type { Clock } from "./clock.ts";
import { toSeconds } from "./instant.ts";
import { byteRange } from "./numbers.ts";
import type { PeriodTime } from "./periods.ts";
import type { Plan } from "./plan.ts";
import { tooMany } from "./problem.ts";
import { addQuery } from "./query.ts";
import { type DashRendition, noRendition } from "./renditions.ts";
import { endOf, type Run, toTime } from "./runs.ts";
import { periodPlays, runsIn, type Window } from "./window.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

export interface ListingRules {
  readonly window: Window;
  readonly clock: Clock;
  readonly maxSegments: number;
  readonly manifestUrl: URL | null;
  readonly skipped: SkippedUris;
}

export function listUrls(mpd: XmlElement, plans: readonly Plan[], rules: ListingRules): readonly MediaUrl[] {
  const { window, maxSegments } = rules;
  const found = createUrlCollector();
  const add = createAdder(found, rules);
  const cached = new WeakMap<readonly Run[], readonly Run[]>();
  const all = plans.map((plan) => ({ plan, runs: runsIn(plan, window, cached) }));
  const chosen = all.filter((each) => isWanted(each, rules));
  for (const { plan } of all.filter((each) => isMissing(each, rules))) {
    rules.skipped.add(plan.rendition.rendition, "has no segment at the live edge, where players begin");
  }
  refuseTooMany(chosen, maxSegments);
  for (const each of chosen) addChosen(each, add);
  for (const { text } of childrenOf(mpd, "Location")) addReference(text.trim(), "location", found, rules);
  for (const element of childrenOf(mpd, "InitializationSet")) {
    skipInitializationSet(attribute(element, "initialization"), rules.skipped);
  }
  for (const { text } of childrenOf(mpd, "ContentSteering")) addReference(text.trim(), "steering", found, rules);
  return found.list();
}

function addChosen({ plan, runs }: Chosen, add: Adder): void {
  for (const file of plan.fixed) add(plan, file, file.role, file.role === "file" ? periodTime(plan) : undefined);
  if (plan.segments !== undefined) for (const run of runs) addRun(plan, plan.segments, run, add);
}

function addReference(uri: string, role: MediaRole, found: UrlCollector, { manifestUrl, skipped }: ListingRules): void {
  const resolved = resolveUri(uri, manifestUrl);
  if (resolved.ok) found.add({ ...untimed, ...noRendition, url: resolved.url, host: resolved.host, role });
  else skipped.add(uri, resolved.reason);
}

/** Players may set up their decoders with it; those that do not read it fetch the init sections of the representations. */
function skipInitializationSet(uri: string | undefined, skipped: SkippedUris): void {
  if (uri !== undefined) skipped.add(uri.trim(), "repeats the init section of a rendition (InitializationSet)");
}

interface Chosen {
  readonly plan: Plan;
  readonly runs: readonly Run[];
}

/** Every init section of a recording is listed; on a live stream, one without media at the live edge is past. */
function isWanted({ plan, runs }: Chosen, { clock, window }: ListingRules): boolean {
  if (plan.segments === undefined) return !clock.isLive || periodPlays(plan, window);
  return runs.length > 0 || !clock.isLive;
}

/** A rendition of the Period on air that has nothing yet, or stopped before the window. */
function isMissing({ plan: { segments, period }, runs }: Chosen, { clock, window: { after } }: ListingRules): boolean {
  if (segments === undefined || runs.length > 0 || !clock.isLive || !isOnAir(period, clock)) return false;
  const last = segments.runs.at(-1);
  if (last === undefined || after === undefined) return last === undefined;
  return (period.start ?? 0n) + toTime(endOf(last), segments.timescale) <= after;
}

function isOnAir({ start = 0n, end }: PeriodTime, { now }: Clock): boolean {
  return now === undefined || (start <= now && (end === undefined || end > now));
}

function refuseTooMany(chosen: readonly Chosen[], most: number): void {
  let count = 0n;
  for (const { plan, runs } of chosen) {
    const { segments, fixed } = plan;
    const each = BigInt(segments?.addressesEach ?? 0);
    count += BigInt(fixed.length);
    for (const run of runs) count += run.count * each * BigInt(segments?.hasParts ? run.parts : 1);
    if (count > BigInt(most)) throw tooMany(most, "segments");
  }
}

/** A time on the presentation's clock and a length in seconds. */
interface Timed {
  readonly at: bigint;
  readonly duration: number | undefined;
}

type Adder = (plan: Plan, address: Address, role: MediaRole, timed: Timed | undefined) => void;

function periodTime({ period: { start = 0n, end } }: Plan): Timed {
  return { at: start, duration: end === undefined ? undefined : toSeconds(end - start) };
}

function addRun(plan: Plan, segments: Segments, run: Run, add: Adder): void {
  const { timescale, isTimed, addressesOf } = segments;
  const duration = Number(run.duration) / Number(timescale);
  const begin = plan.period.start ?? 0n;
  const parts = segments.hasParts ? run.parts : 1;
  for (let index = 0n; index < run.count; index += 1n) {
    const ahead = index * run.duration;
    const timed = isTimed ? { at: begin + toTime(run.start + ahead, timescale), duration } : undefined;
    for (let part = 0; part < parts; part += 1) {
      for (const address of addressesOf(run.time + ahead, run.number + index, part)) add(plan, address, "segment", timed);
    }
  }
}

function createAdder(found: UrlCollector, { window: { start, edge }, manifestUrl, skipped }: ListingRules): Adder {
  return ({ base, query, rendition }, { uri, range }, role, timed) => {
    const resolved = resolve(uri, role, base);
    if (!resolved.ok) {
      skipped.add(uri ?? base.url?.href ?? "", `${resolved.reason} (${rendition.rendition})`);
      return;
    }
    const offset = timed && toSeconds(timed.at - start);
    const duration = timed?.duration;
    // One literal: there may be 100,000 entries, and copies of parts take most of the time.
    found.add({
      url: addQuery(resolved.url, query, manifestUrl?.origin),
      host: resolved.host,
      role,
      kind: rendition.kind,
      rendition: rendition.rendition,
      bandwidth: rendition.bandwidth,
      average: undefined,
      offset,
      duration,
      edge: edgeOf(timed, edge),
      ranges: rangesOf(range, offset, duration),
      bytes: bytesOf(rendition, timed),
      alternative: rendition.alternative,
    });
  };
}

function edgeOf(timed: Timed | undefined, edge: bigint | undefined): number | undefined {
  return timed === undefined || edge === undefined ? undefined : toSeconds(edge - timed.at);
}

/** Without a base URL, an empty reference resolves to the manifest, and a folder is no file. */
function resolve(uri: string | undefined, role: MediaRole, base: Base): Resolved {
  if (uri === undefined) {
    if (!base.isNamed || base.url === null) return { ok: false, reason: "is the manifest itself, so it names no file" };
    return isFolder(base.url) ? folder : { ok: true, url: base.url.href, host: base.url.hostname };
  }
  const resolved = resolveUri(uri.trim(), base.url);
  return resolved.ok && role !== "segment" && isFolder(URL.parse(resolved.url)) ? folder : resolved;
}

const folder: Resolved = { ok: false, reason: "is a folder, so it names no file" };

function isFolder(url: URL | null): boolean {
  return url?.pathname.endsWith("/") === true;
}

function bytesOf({ bandwidth }: DashRendition, timed: Timed | undefined): number | undefined {
  return bandwidth === undefined || timed?.duration === undefined ? undefined : Math.round((bandwidth * timed.duration) / 8);
}

function rangesOf(text: string | undefined, offset: number | undefined, duration: number | undefined): MediaRange[] | undefined {
  const range = text === undefined ? undefined : byteRange(text);
  return range && [{ ...range, offset, duration }];
}
