/** Resolves the files of DASH representations and collects them as typed URLs. */

import type { MediaRange, MediaUrl, Skipped } from "../manifest.ts";
import { resolveUri } from "../resolve.ts";
import { createSkippedUris } from "../skipped-uris.ts";
import { createUrlCollector } from "../url-collector.ts";
import type { NamedFile } from "./files.ts";
import type { DashRendition } from "./renditions.ts";

export interface DashUrls {
  skipped(): Skipped;
  readonly isEmpty: boolean;
  add(file: NamedFile, rendition: DashRendition): void;
  list(live: boolean): MediaUrl[];
}

export function createDashUrls(manifestUrl: string): DashUrls {
  const base = URL.parse(manifestUrl);
  const found = createUrlCollector();
  const skipped = createSkippedUris();
  const extent = createExtent();
  return {
    skipped: skipped.result,
    get isEmpty() {
      return found.size === 0;
    },
    add: (file, rendition) => {
      const resolved = file.problem === undefined ? resolveUri(file.uri.trim(), base) : { ok: false as const, reason: file.problem };
      if (!resolved.ok) {
        skipped.add(file.uri, resolved.reason);
        return;
      }
      extent.add(file, rendition);
      found.add(entryOf(file, resolved, rendition));
    },
    list: (live) =>
      found.list().map((entry) => {
        const edge = live ? extent.secondsToEnd(entry) : undefined;
        // Players start a recording at its first segment, even when its first period starts later than zero.
        const begin = edge === undefined ? extent.begin : (entry.offset ?? 0) + edge;
        return {
          ...entry,
          edge,
          offset: entry.offset === undefined ? undefined : entry.offset - begin,
          ranges: entry.ranges?.map((range) => ({ ...range, offset: range.offset === undefined ? undefined : range.offset - begin })),
        };
      }),
  };
}

/** Tracks where the media begins and where each rendition ends, in seconds. */
function createExtent() {
  let first = Number.POSITIVE_INFINITY;
  const ends = new Map<string, number>();
  const keyOf = ({ rendition, alternative }: Pick<MediaUrl, "rendition" | "alternative">): string => `${alternative} ${rendition}`;
  return {
    add: ({ offset, duration }: NamedFile, rendition: DashRendition): void => {
      if (offset === undefined) return;
      first = Math.min(first, offset);
      const key = keyOf(rendition);
      ends.set(key, Math.max(ends.get(key) ?? 0, offset + (duration ?? 0)));
    },
    get begin() {
      return Number.isFinite(first) ? first : 0;
    },
    secondsToEnd: (entry: MediaUrl): number | undefined => {
      const end = ends.get(keyOf(entry));
      return end === undefined || entry.offset === undefined ? undefined : end - entry.offset;
    },
  };
}

function entryOf(file: NamedFile, { url, host }: { readonly url: string; readonly host: string }, rendition: DashRendition): MediaUrl {
  const { role, offset, duration } = file;
  const { bandwidth } = rendition;
  return {
    ...rendition,
    url,
    host,
    role,
    average: undefined,
    offset,
    duration,
    edge: undefined,
    ranges: rangesOf(file),
    bytes: bandwidth === undefined || duration === undefined ? undefined : Math.round((bandwidth * duration) / 8),
  };
}

function rangesOf({ range, offset, duration }: NamedFile): MediaRange[] | undefined {
  if (!range || !Number.isSafeInteger(range.offset) || !Number.isSafeInteger(range.length) || range.length <= 0) return undefined;
  return [{ start: range.offset, length: range.length, offset, duration }];
}
