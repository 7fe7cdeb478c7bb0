/** Collects one entry per URL, however often manifests name it, and merges the byte ranges of a file. */

import { PrefetchError } from "../base/errors.ts";
import { coveredBytes } from "./byte-coverage.ts";
import { isTrickPlay, type MediaRange, type MediaRole, type MediaUrl } from "./manifest.ts";

/** 100,000 URLs of 160 characters. A larger value fills the memory of the reader; a smaller one refuses long signed streams. */
export const MOST_CHARACTERS = 16_777_216;

export interface UrlCollector {
  readonly size: number;
  has(url: string): boolean;
  /** Throws `limit_reached` when the URLs together have too many characters. */
  add(entry: MediaUrl): void;
  remove(url: string): void;
  /** The entries in the order of their first mention. `edgeAt` is the live edge of the stream in seconds, on the scale of `offset`. */
  list(edgeAt?: number): MediaUrl[];
}

export function createUrlCollector(): UrlCollector {
  const entries = new Map<string, MediaUrl>();
  const rangesOf = new Map<string, Map<string, MediaRange>>();
  let characters = 0;

  const addRanges = ({ url, ranges }: MediaUrl, known: MediaUrl | undefined): void => {
    if (ranges === undefined) {
      // This mention uses the whole file.
      rangesOf.delete(url);
      return;
    }
    const collected = known === undefined ? new Map<string, MediaRange>() : rangesOf.get(url);
    // An earlier mention uses the whole file.
    if (collected === undefined) return;
    for (const range of ranges) {
      const key = `${range.start}+${range.length}`;
      if (!collected.has(key)) collected.set(key, range);
    }
    rangesOf.set(url, collected);
  };

  const finished = (entry: MediaUrl, edgeAt: number | undefined): MediaUrl => {
    const collected = rangesOf.get(entry.url);
    // Most entries of a large stream are complete already, and copying them takes time.
    if (!collected && (edgeAt === undefined || entry.offset === undefined)) return entry;
    const ranges = collected && [...collected.values()];
    const edge = edgeAt !== undefined && entry.offset !== undefined ? edgeAt - entry.offset : entry.edge;
    return { ...entry, edge, ranges, bytes: (ranges && coveredBytes(ranges)) ?? entry.bytes };
  };

  return {
    get size() {
      return entries.size;
    },
    has: (url) => entries.has(url),
    add: (entry) => {
      const known = entries.get(entry.url);
      if (known === undefined) characters += entry.url.length;
      if (characters > MOST_CHARACTERS) throw tooManyCharacters("The URLs that it names");
      addRanges(entry, known);
      entries.set(entry.url, known === undefined ? entry : merge(known, entry));
    },
    remove: (url) => {
      entries.delete(url);
      rangesOf.delete(url);
    },
    list: (edgeAt) => Array.from(entries.values(), (entry) => finished(entry, edgeAt)),
  };
}

/** When manifests name a URL in several roles, the higher rank decides. Roles that are not listed rank lowest. */
const roleRank: Partial<Record<MediaRole, number>> = { segment: 3, file: 3, playlist: 2, init: 1 };

function merge(known: MediaUrl, added: MediaUrl): MediaUrl {
  const media = isTrickPlay(known.kind) && !isTrickPlay(added.kind) ? added : known;
  const role = (roleRank[added.role] ?? 0) > (roleRank[known.role] ?? 0) ? added.role : known.role;
  const end = largest(endOf(known), endOf(added));
  const offset = smallest(known.offset, added.offset);
  const inRanges = known.ranges !== undefined && added.ranges !== undefined;
  return {
    ...media,
    role,
    offset,
    duration: inRanges && end !== undefined && offset !== undefined ? end - offset : (known.duration ?? added.duration),
    edge: largest(known.edge, added.edge),
    ranges: inRanges ? known.ranges : undefined,
    bytes: known.bytes ?? added.bytes,
    alternative: Math.min(known.alternative, added.alternative),
  };
}

function endOf({ offset, duration }: MediaUrl): number | undefined {
  return offset === undefined ? undefined : offset + (duration ?? 0);
}

function smallest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

export function tooManyCharacters(what: string): PrefetchError {
  const most = MOST_CHARACTERS.toLocaleString("en");
  return new PrefetchError("limit_reached", `${what} have more than ${most} characters together, the most that are read`, {
    hint: "Pass the media playlists of its renditions as separate streams instead.",
  });
}
