/** Expands streams: each manifest in a list is replaced by the URLs that it names, so that the plan holds what players fetch. */

import type { Breathe } from "../../base/breathe.ts";
import { asPrefetchError, explain, PrefetchError } from "../../base/errors.ts";
import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import { type Semaphore, withPermit } from "../../base/semaphore.ts";
import type { Stream, StreamView } from "../model/stream.ts";
import { parseUrl } from "../model/url.ts";
import { type ReadStreamOptions, readOneStream } from "./read-one-stream.ts";

export interface Expanded {
  readonly urls: readonly unknown[];
  readonly streams: readonly StreamView[];
  /** URLs of the list that cannot be used, by their normal spelling, and why. */
  readonly refusals: ReadonlyMap<string, StreamRefusal>;
}

export interface StreamRefusal {
  readonly code: string;
  readonly reason: string;
}

export interface ExpandOptions extends ReadStreamOptions {
  /** Bounds the streams that are read at a time, over all calls. */
  readonly semaphore: Semaphore;
  /** An entry with a secret is never read. */
  readonly holdsSecret: ForeignText["holdsSecret"];
  readonly breathe: Breathe;
  /** Told of unforeseen errors, which do not fail the call. */
  readonly report: (error: unknown, about: string) => void;
}

/** Streams of one call that are read at a time. More would let one call take every permit. */
const CONCURRENCY = 4;
/** Over all calls. A stream takes up to four manifests of 8 MiB and a thread with 100,000 URLs into memory. */
export const STREAMS_AT_ONCE = 8;
/** Longer input is refused unparsed. */
const LONGEST_URL = 65_536;

/** Throws `invalid_argument` when the streams come to more URLs than one call may carry. */
export async function expandStreams(inputs: readonly unknown[], options: ExpandOptions): Promise<Expanded> {
  const { allowedDomains, mostUrls, semaphore, signal, holdsSecret, breathe } = options;
  const urls: (string | undefined)[] = [];
  for (const input of inputs) {
    const pause = breathe();
    if (pause) await pause;
    const url = normalUrl(input, allowedDomains);
    urls.push(url === undefined || holdsSecret(url) ? undefined : url);
  }
  const counter = createUrlCounter(mostUrls);
  for (const [index, url] of urls.entries()) counter.add(url ?? inputs[index]);
  const streams = new Map<string, Stream>();
  const refusals = new Map<string, StreamRefusal>();

  const expandOne = async (url: string): Promise<void> => {
    try {
      const stream = await withPermit(semaphore, signal, () => readOneStream(url, options));
      if (!stream) return;
      counter.addStream(stream);
      streams.set(url, stream);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PrefetchError)) options.report(error, "expanding a stream");
      const known = asPrefetchError(error);
      refusals.set(url, { code: known.code, reason: `The stream cannot be expanded. ${explain(known)}` });
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
  refusals: Map<string, StreamRefusal>,
): Expanded {
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

/** `undefined` for an entry that is no URL, or that the guards refuse. */
function normalUrl(input: unknown, allowedDomains?: readonly string[]): string | undefined {
  const parsed = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
  return parsed.ok ? parsed.url : undefined;
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
