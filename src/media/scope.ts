/** Which URLs of a stream to warm, and in which order: a run that is cut short still helps the first viewers. */

import type { StreamScope } from "../prefetch/model/stream.ts";
import { bytesOf } from "./collect.ts";
import { isTrickPlay, type MediaRange, type MediaRole, type MediaUrl } from "./manifest.ts";

export interface ScopeRules {
  readonly scope?: StreamScope;
  /** Seconds from the beginning of each rendition, or up to the edge of a live stream. */
  readonly windowSeconds?: number;
  /** Whether `startup` takes the pictures that players show while scrubbing. */
  readonly trickPlay?: boolean;
  readonly maxUrls?: number;
}

export interface Scoped {
  /** Each once, the most urgent first; of files that are used in ranges, only the ranges that are wanted. */
  readonly urls: readonly MediaUrl[];
  /** Chosen, but beyond `maxUrls`. */
  readonly omitted: number;
  /** What is known of the size of `urls`, and how many of them, manifests apart, nothing is known of. */
  readonly bytes: { readonly known: number; readonly unknownUrls: number };
}

/** As much as hls.js buffers ahead. */
const WINDOW_SECONDS = 30;

export function chooseUrls(urls: readonly MediaUrl[], rules: ScopeRules = {}): Scoped {
  const { scope = "startup", windowSeconds = WINDOW_SECONDS, trickPlay = false, maxUrls = Number.POSITIVE_INFINITY } = rules;
  const lowest = lowestRung(urls);
  const chosen: Placed[] = [];
  for (const entry of unique(urls)) {
    const inWindow = withinWindow(entry, windowSeconds);
    const wanted = scope === "full" && entry.edge === undefined ? entry : inWindow;
    if (wanted === undefined || !inScope(wanted, scope, trickPlay)) continue;
    chosen.push({ url: wanted, rank: rankOf(wanted, lowest, inWindow !== undefined) });
  }
  const sorted = chosen.toSorted((a, b) => compare(a.rank, b.rank)).map(({ url }) => url);
  const taken = sorted.slice(0, maxUrls);
  return { urls: taken, omitted: sorted.length - taken.length, bytes: estimate(taken) };
}

interface Placed {
  readonly url: MediaUrl;
  readonly rank: readonly number[];
}

/** Of a service to each viewer there is nothing to keep, and a report names what a playlist names too. */
const fleeting: ReadonlySet<MediaRole> = new Set(["report", "location", "steering", "asset_list"]);
const manifests: ReadonlySet<MediaRole> = new Set(["playlist", "data"]);
const headers: ReadonlySet<MediaRole> = new Set(["init", "key"]);

function inScope({ role, kind }: MediaUrl, scope: StreamScope, trickPlay: boolean): boolean {
  if (fleeting.has(role)) return false;
  if (scope === "full" || manifests.has(role)) return true;
  return scope === "startup" && (trickPlay || !isTrickPlay(kind));
}

/** What plays in the window; of a file in ranges, those that do. What has no time belongs to every window. */
function withinWindow(entry: MediaUrl, seconds: number): MediaUrl | undefined {
  const { ranges, edge, offset } = entry;
  if (manifests.has(entry.role)) return entry;
  if (ranges === undefined) return plays(entry, edge, seconds) ? entry : undefined;
  const kept = ranges.filter((range) => plays(range, edgeOf(range, edge, offset), seconds));
  if (kept.length === 0) return undefined;
  return kept.length === ranges.length ? entry : { ...entry, ranges: kept, bytes: bytesOf(kept), ...span(kept) };
}

function plays({ offset, duration = 0 }: Pick<MediaRange, "offset" | "duration">, edge: number | undefined, seconds: number): boolean {
  if (edge !== undefined) return edge - duration < seconds;
  return offset === undefined || (offset < seconds && (offset >= 0 || offset + duration > 0));
}

function edgeOf(range: MediaRange, edge: number | undefined, offset: number | undefined): number | undefined {
  return edge === undefined || range.offset === undefined ? undefined : edge - (range.offset - (offset ?? 0));
}

function span(ranges: readonly MediaRange[]): { offset: number | undefined; duration: number | undefined } {
  const timed = ranges.flatMap(({ offset, duration }) => (offset === undefined ? [] : [{ offset, end: offset + (duration ?? 0) }]));
  if (timed.length === 0) return { offset: undefined, duration: undefined };
  const offset = timed.reduce((least, each) => Math.min(least, each.offset), Number.POSITIVE_INFINITY);
  return { offset, duration: timed.reduce((most, each) => Math.max(most, each.end), offset) - offset };
}

/** The rendition that a player with an unknown connection begins with. */
function lowestRung(urls: readonly MediaUrl[]): string | undefined {
  let lowest: MediaUrl | undefined;
  for (const entry of urls) {
    const better = lowest === undefined || rate(entry) < rate(lowest);
    if (entry.kind === "video" && better) lowest = entry;
  }
  return lowest?.rendition;
}

function rate({ bandwidth }: MediaUrl): number {
  return bandwidth ?? Number.MAX_SAFE_INTEGER;
}

/**
 * Playlists, then headers, then the window of the lowest rung and of audio in step with each other, then the other rungs
 * from the lowest up, then the rest in the order of time. The first hosts come before the others within each step.
 */
function rankOf(entry: MediaUrl, lowest: string | undefined, inWindow: boolean): readonly number[] {
  const first = entry.kind === "main" || entry.kind === "audio" || (entry.kind === "video" && entry.rendition === lowest);
  const late = isTrickPlay(entry.kind) ? 2 : entry.kind === "interstitial" ? 1 : 0;
  const rung = entry.kind === "main" ? -2 : entry.kind === "subtitle" ? -1 : entry.kind === "audio" ? Number.MAX_SAFE_INTEGER : rate(entry);
  const time = entry.offset ?? 0;
  const turn = first ? 0 : 1;
  if (manifests.has(entry.role)) return [entry.role === "playlist" ? 0 : 1, late, turn, entry.alternative, rung];
  if (headers.has(entry.role)) return [2, late, turn, entry.alternative, rung];
  if (!inWindow) return [5, late, time, turn, entry.alternative, rung];
  return first ? [3, late, entry.alternative, time, rung] : [4, late, entry.alternative, rung, time];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

function unique(urls: readonly MediaUrl[]): Iterable<MediaUrl> {
  const seen = new Set<string>();
  return urls.filter(({ url }) => !seen.has(url) && seen.add(url));
}

function estimate(urls: readonly MediaUrl[]): Scoped["bytes"] {
  let known = 0;
  let unknownUrls = 0;
  for (const { bytes, role } of urls) {
    if (bytes !== undefined) known += bytes;
    else if (!manifests.has(role) && !headers.has(role)) unknownUrls += 1;
  }
  return { known, unknownUrls };
}
