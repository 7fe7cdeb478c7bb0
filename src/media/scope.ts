/** Chooses the URLs of a stream to warm and puts the most urgent first, so that an interrupted task still helps viewers. */

import type { StreamScope } from "../prefetch/model/stream.ts";
import { coveredBytes } from "./byte-coverage.ts";
import { isTrickPlay, type MediaKind, type MediaRange, type MediaRole, type MediaUrl } from "./manifest.ts";

export interface ScopeRules {
  readonly scope?: StreamScope;
  /** Seconds after the place where players start, or at least before the edge of a live stream. */
  readonly windowSeconds?: number;
  /** `startup` includes trick play. */
  readonly trickPlay?: boolean;
  readonly maxUrls?: number;
}

export interface Scoped {
  /** Each URL once, the most urgent first. `ranges` holds the chosen ranges only. */
  readonly urls: readonly MediaUrl[];
  /** Number of chosen URLs beyond `maxUrls`. */
  readonly omitted: number;
  /** The known size of `urls`, and the number of media files among them with an unknown size. */
  readonly bytes: { readonly known: number; readonly unknownUrls: number };
}

/**
 * The buffer that hls.js fills ahead (https://github.com/video-dev/hls.js/blob/master/docs/API.md#maxbufferlength).
 * A larger window costs more quota per stream; with a smaller one, playback reaches cold segments while it fills its buffer.
 */
export const WINDOW_SECONDS = 30;

/** The part of an entry that the scope wants; `undefined` when it wants nothing of it. */
export function inScope(
  entry: MediaUrl,
  { scope = "startup", windowSeconds = WINDOW_SECONDS, trickPlay = false }: ScopeRules,
): MediaUrl | undefined {
  if (manifests.has(entry.role)) return isPast(entry, windowSeconds) ? undefined : entry;
  if (scope === "manifests") return undefined;
  if (scope === "full") return isPast(entry, windowSeconds) && withinWindow(entry, windowSeconds) === undefined ? undefined : entry;
  if (isTrickPlay(entry.kind) && !trickPlay) return undefined;
  return withinWindow(entry, windowSeconds);
}

export function chooseUrls(urls: readonly MediaUrl[], rules: ScopeRules = {}): Scoped {
  const { windowSeconds = WINDOW_SECONDS, maxUrls = Number.POSITIVE_INFINITY } = rules;
  const lowest = lowestVideo(urls);
  const chosen: Ranked[] = [];
  for (const entry of unique(urls)) {
    const wanted = inScope(entry, rules);
    if (wanted === undefined) continue;
    chosen.push({ url: wanted, rank: rankOf(wanted, lowest, withinWindow(wanted, windowSeconds) !== undefined) });
  }
  const sorted = chosen.toSorted((a, b) => compare(a.rank, b.rank)).map(({ url }) => url);
  const taken = sorted.slice(0, maxUrls);
  return { urls: taken, omitted: sorted.length - taken.length, bytes: estimate(taken) };
}

interface Ranked {
  readonly url: MediaUrl;
  /** Compared from the first number to the last; the smallest goes first. */
  readonly rank: readonly number[];
}

const manifests: ReadonlySet<MediaRole> = new Set(["playlist", "data"]);

/** The entry with its ranges in the window; `undefined` when nothing of it plays there. An entry without a time is in every window. */
function withinWindow(entry: MediaUrl, seconds: number): MediaUrl | undefined {
  const { ranges } = entry;
  if (ranges === undefined || manifests.has(entry.role)) return plays(entry, entry, seconds) ? entry : undefined;
  const kept = ranges.filter((range) => plays(range, entry, seconds));
  if (kept.length === 0) return undefined;
  return kept.length === ranges.length ? entry : { ...entry, ranges: kept, bytes: coveredBytes(kept), ...span(kept) };
}

/** The reader lists only the parts at the live edge, where players of low latency begin. */
function plays({ offset, duration = 0 }: Pick<MediaRange, "offset" | "duration">, entry: MediaUrl, seconds: number): boolean {
  if (offset === undefined || entry.role === "part") return true;
  const begin = beginOf(entry, seconds);
  return offset < begin + seconds && (offset >= begin || offset + duration > begin);
}

/**
 * Where the window begins, on the scale of `offset`: where players start, and on a live stream at least `seconds` before its
 * edge, since players differ in their distance to it.
 */
function beginOf({ offset, edge }: MediaUrl, seconds: number): number {
  return offset === undefined || edge === undefined ? 0 : Math.min(0, offset + edge - seconds);
}

/** A live stream drops what lies before the window; a player that joins never asks for it. */
function isPast(entry: MediaUrl, seconds: number): boolean {
  const { offset, duration = 0, edge, lasting = false, role } = entry;
  if (offset === undefined || edge === undefined || lasting || role === "part") return false;
  const begin = beginOf(entry, seconds);
  return offset < begin && offset + duration <= begin;
}

function span(ranges: readonly MediaRange[]): { offset: number | undefined; duration: number | undefined } {
  const timed = ranges.flatMap(({ offset, duration }) => (offset === undefined ? [] : [{ offset, end: offset + (duration ?? 0) }]));
  if (timed.length === 0) return { offset: undefined, duration: undefined };
  const offset = timed.reduce((least, each) => Math.min(least, each.offset), Number.POSITIVE_INFINITY);
  return { offset, duration: timed.reduce((most, each) => Math.max(most, each.end), offset) - offset };
}

/** The video rendition with the lowest bit rate. Players start with it while they do not know their connection. */
function lowestVideo(urls: readonly MediaUrl[]): string | undefined {
  let lowest: MediaUrl | undefined;
  for (const entry of urls) {
    const better = lowest === undefined || rateOf(entry) < rateOf(lowest);
    if (entry.kind === "video" && better) lowest = entry;
  }
  return lowest?.rendition;
}

function rateOf({ bandwidth }: MediaUrl): number {
  return bandwidth ?? Number.MAX_SAFE_INTEGER;
}

/** Main content goes before interstitials, and interstitials before trick play. */
const lateness: Partial<Record<MediaKind, number>> = { interstitial: 1, iframe: 2, image: 2, event: 2 };

/** Within a step, other kinds go by their bit rate, the lowest first. */
const orderOfKind: Partial<Record<MediaKind, number>> = { main: -2, subtitle: -1, audio: Number.MAX_SAFE_INTEGER };

/**
 * Steps: playlists, session data, init sections, the window of the renditions that start playback in the order of time, the
 * window of the higher renditions one after the other, and everything later in the order of time. In each step, the first
 * host of a rendition goes before its alternatives.
 */
function rankOf(entry: MediaUrl, lowest: string | undefined, inWindow: boolean): readonly number[] {
  const { role, alternative } = entry;
  const late = lateness[entry.kind] ?? 0;
  const rate = orderOfKind[entry.kind] ?? rateOf(entry);
  const time = entry.offset ?? 0;
  const isFirst = startsPlayback(entry, lowest);
  const turn = isFirst ? 0 : 1;
  if (manifests.has(role)) return [role === "playlist" ? 0 : 1, late, turn, alternative, rate];
  if (role === "init") return [2, late, turn, alternative, rate];
  if (!inWindow) return [5, late, time, turn, alternative, rate];
  return isFirst ? [3, late, alternative, time, rate] : [4, late, alternative, rate, time];
}

function startsPlayback({ kind, rendition }: MediaUrl, lowest: string | undefined): boolean {
  return kind === "main" || kind === "audio" || (kind === "video" && rendition === lowest);
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
    else if (!manifests.has(role) && role !== "init") unknownUrls += 1;
  }
  return { known, unknownUrls };
}
