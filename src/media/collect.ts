/** One entry for each URL, however often manifests name it: the ranges of a file come together here. */

import { isTrickPlay, type MediaRange, type MediaRole, type MediaUrl } from "./manifest.ts";

/** A file that is media as well as something else is media. */
const roleRank: Partial<Record<MediaRole, number>> = { segment: 3, file: 3, playlist: 2, init: 1 };

export class Collector {
  readonly #entries = new Map<string, MediaUrl>();
  readonly #ranges = new Map<string, Map<string, MediaRange>>();

  get size(): number {
    return this.#entries.size;
  }

  has(url: string): boolean {
    return this.#entries.has(url);
  }

  remove(url: string): void {
    this.#entries.delete(url);
    this.#ranges.delete(url);
  }

  add(entry: MediaUrl): void {
    const known = this.#entries.get(entry.url);
    this.#noteRanges(entry, known);
    this.#entries.set(entry.url, known === undefined ? entry : merge(known, entry));
  }

  /** In the order in which they were first named; `edgeAt` is where a live stream ends, on the scale of `offset`. */
  list(edgeAt?: number): MediaUrl[] {
    return Array.from(this.#entries.values(), (entry) => {
      const noted = this.#ranges.get(entry.url);
      const ranges = noted && [...noted.values()];
      const grows = edgeAt !== undefined && entry.offset !== undefined && entry.role !== "playlist" && entry.role !== "asset_list";
      const edge = grows ? edgeAt - entry.offset : entry.edge;
      return { ...entry, edge, ranges, bytes: ranges ? (bytesOf(ranges) ?? entry.bytes) : entry.bytes };
    });
  }

  #noteRanges({ url, ranges }: MediaUrl, known: MediaUrl | undefined): void {
    if (ranges === undefined) {
      if (known !== undefined) this.#ranges.delete(url);
      return;
    }
    const noted = known === undefined ? new Map<string, MediaRange>() : this.#ranges.get(url);
    // The whole file is used already.
    if (noted === undefined) return;
    for (const range of ranges) {
      const key = `${range.start}+${range.length}`;
      if (!noted.has(key)) noted.set(key, range);
    }
    this.#ranges.set(url, noted);
  }
}

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

/** Bytes that the ranges cover together; `undefined` when one of them has no end. */
export function bytesOf(ranges: readonly MediaRange[]): number | undefined {
  let bytes = 0;
  let reached = 0;
  for (const { start, length } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (length === undefined) return undefined;
    const end = start + length;
    bytes += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return bytes;
}
