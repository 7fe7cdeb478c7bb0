/** Expands streams: each manifest in a list is replaced by the URLs that it names, so that the plan holds what players fetch. */

import { PrefetchError } from "../../base/errors.ts";
import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import { withPermit } from "../../base/semaphore.ts";
import type { Stream, StreamView } from "../model/stream.ts";
import { type ExpandedList, type ExpandTools, type Refusal, readableUrls, refusalOf } from "./expandable.ts";
import { type ReadStreamOptions, readOneStream } from "./read-one-stream.ts";

export interface ExpandedStreams extends ExpandedList {
  readonly streams: readonly StreamView[];
}

export interface ExpandOptions extends ReadStreamOptions, ExpandTools {}

/** Streams of one call that are read at a time. More would let one call take every permit. */
const CONCURRENCY = 4;
/** Over all calls. A stream takes up to four manifests of 8 MiB and a thread with 100,000 URLs into memory. */
export const STREAMS_AT_ONCE = 8;

/** Throws `invalid_argument` when the streams come to more URLs than one call may carry. */
export async function expandStreams(inputs: readonly unknown[], options: ExpandOptions): Promise<ExpandedStreams> {
  const { mostUrls, semaphore, signal } = options;
  const urls = await readableUrls(inputs, options);
  const counter = createUrlCounter(mostUrls);
  for (const [index, url] of urls.entries()) counter.add(url ?? inputs[index]);
  const streams = new Map<string, Stream>();
  const refusals = new Map<string, Refusal>();

  const expandOne = async (url: string): Promise<void> => {
    try {
      const stream = await withPermit(semaphore, signal, () => readOneStream(url, options));
      if (!stream) return;
      counter.addStream(stream);
      streams.set(url, stream);
    } catch (error) {
      refusals.set(url, refusalOf(error, "stream", options));
    }
  };

  const manifests = new Set(urls.filter((url) => url !== undefined && mayBeManifest(url)));
  // A list that is already too long is refused, so its other streams need not be read.
  const readAll = await forEachConcurrently(manifests, { concurrency: CONCURRENCY, shouldStop: counter.isOver }, async (url) => {
    if (url !== undefined) await expandOne(url);
  });
  if (counter.isOver()) throw tooMany(counter.count(), readAll, options);
  return join(inputs, urls, streams, refusals);
}

/** The list with each stream in the place of its manifest. */
function join(
  inputs: readonly unknown[],
  urls: readonly (string | undefined)[],
  streams: ReadonlyMap<string, Stream>,
  refusals: Map<string, Refusal>,
): ExpandedStreams {
  // A URL that one stream must not lead to may still be named by another stream, or by the caller.
  const wanted = new Set([...urls, ...[...streams.values()].flatMap((stream) => stream.urls)]);
  const joined = new Set<string>();
  const views: StreamView[] = [];
  const list = inputs.flatMap((input, index) => {
    const url = urls[index];
    const stream = url === undefined ? undefined : streams.get(url);
    if (!stream || url === undefined || joined.has(url)) return [input];
    joined.add(url);
    const { format, live, skipped, skippedCount } = stream;
    views.push({ url, format, live, urls: stream.urls.length, skipped, skippedCount });
    const refused = stream.refused.filter((child) => !wanted.has(child.url));
    for (const { url: child, code, reason } of refused) refusals.set(child, { code, reason });
    return [...stream.urls, ...refused.map((child) => child.url)];
  });
  return { urls: list, streams: views, refusals };
}

/** Counts the entries that the task would list, each once. Beyond `most` it counts without remembering, to bound memory. */
function createUrlCounter(most: number) {
  const known = new Set<unknown>();
  let more = 0;
  const add = (entry: unknown): void => {
    if (known.has(entry)) return;
    if (known.size < most) known.add(entry);
    else more += 1;
  };
  return {
    add,
    addStream: ({ urls, refused, omitted }: Stream): void => {
      for (const child of [...urls, ...refused.map((each) => each.url)]) add(child);
      more += omitted;
    },
    isOver: (): boolean => more > 0,
    count: (): number => known.size + more,
  };
}

/** True for a manifest's name, and for a name that tells nothing, such as the packager address `/manifest(format=m3u8)`. */
function mayBeManifest(url: string): boolean {
  const { pathname, search } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return /\.m3u$/i.test(pathname) || /m3u8|mpd|manifest|playlist/i.test(last + search) || (last !== "" && !last.includes("."));
}

function tooMany(count: number, isWhole: boolean, { mostUrls, scope }: ExpandOptions): PrefetchError {
  const [found, most] = [count, mostUrls].map((each) => each.toLocaleString("en"));
  const least = isWhole ? "" : " at least";
  const smaller = scope === "full" ? 'Choose scope "startup", or pass fewer streams.' : "Pass fewer streams.";
  return new PrefetchError("invalid_argument", `urls: the streams come to${least} ${found} URLs; one call takes at most ${most}`, {
    hint: `Nothing was sent. ${smaller}`,
  });
}
