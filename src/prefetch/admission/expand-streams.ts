/** Streams in a list of URLs: each manifest is replaced by what it names, so that what is planned is what viewers fetch. */

import { asPrefetchError, explain, PrefetchError } from "../../base/errors.ts";
import { type Semaphore, withPermit } from "../../base/semaphore.ts";
import type { Edge } from "../model/edge.ts";
import type { Stream, StreamReader, StreamScope, StreamView } from "../model/stream.ts";
import { hostAllowed, parseUrl } from "../model/url.ts";

export interface Expanded {
  readonly urls: readonly unknown[];
  readonly streams: readonly StreamView[];
  /** Why a URL of the list cannot be used, by its normal spelling. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

export interface ExpandOptions {
  readonly edge: Edge;
  readonly read: StreamReader;
  readonly scope: StreamScope;
  readonly allowedDomains: readonly string[] | undefined;
  readonly mostUrls: number;
  readonly now: number;
  readonly signal: AbortSignal;
  /** What bounds the streams that are read at a time, over all calls. */
  readonly semaphore: Semaphore;
  /** Told of what nobody foresaw, without failing the call. */
  readonly report: (error: unknown, about: string) => void;
}

interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** Hosts that one stream may lead to; a manifest is somebody else's text. */
const MOST_HOSTS = 10;
const AT_ONCE = 4;
/** Over all calls: a stream takes four manifests of 8 MiB and 100,000 URLs into memory at the most. */
export const STREAMS_AT_ONCE = 8;
/** As long as is parsed at all. */
const LONGEST_URL = 65_536;
/** Bytes that are read of what only might be a manifest. */
const MOST_GUESSED = 1_048_576;

/** Throws `invalid_argument` for more URLs than one call may carry. */
export async function expandStreams(inputs: readonly unknown[], options: ExpandOptions): Promise<Expanded> {
  const urls = inputs.map((input) => normalUrl(input, options.allowedDomains));
  const open = new Set(urls.filter((url) => url !== undefined && mayBeManifest(url))).values();
  const tally = createListCount(options.mostUrls);
  for (const [index, url] of urls.entries()) tally.add(url ?? inputs[index]);
  const streams = new Map<string, Stream>();
  const refusals = new Map<string, Refusal>();
  let unread = false;
  const lane = async (): Promise<void> => {
    for (const url of open) {
      if (url === undefined) continue;
      // What is refused anyway need not be read.
      unread ||= tally.full();
      if (unread) return;
      try {
        const stream = await withPermit(options.semaphore, options.signal, () => readOne(url, options));
        if (!stream) continue;
        for (const child of [...stream.urls, ...stream.refused.map((each) => each.url)]) tally.add(normalUrl(child) ?? child);
        tally.addUnnamed(stream.omitted);
        streams.set(url, stream);
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof PrefetchError)) options.report(error, "expanding a stream");
        const known = asPrefetchError(error);
        refusals.set(url, { code: known.code, reason: `The stream cannot be expanded. ${explain(known)}` });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (tally.full()) throw tooMany(tally.count(), unread, options);
  return joined(inputs, urls, streams, refusals);
}

/** The list with each stream in the place of its manifest. */
function joined(
  inputs: readonly unknown[],
  urls: readonly (string | undefined)[],
  streams: ReadonlyMap<string, Stream>,
  refusals: Map<string, Refusal>,
): Expanded {
  // What one stream must not lead to, another one or the caller may still want.
  const wanted = new Set([...urls, ...[...streams.values()].flatMap((stream) => stream.urls)]);
  const begun = new Set<string>();
  const views: StreamView[] = [];
  const list = inputs.flatMap((input, index) => {
    const url = urls[index];
    const stream = url === undefined ? undefined : streams.get(url);
    if (!stream || url === undefined || begun.has(url)) return [input];
    begun.add(url);
    views.push({ url, format: stream.format, live: stream.live, urls: stream.urls.length });
    const refused = stream.refused.filter((child) => !wanted.has(child.url));
    for (const { url: child, code, reason } of refused) refusals.set(child, { code, reason });
    return [...stream.urls, ...refused.map((child) => child.url)];
  });
  return { urls: list, streams: views, refusals };
}

/** Counts what the task would list, each URL once; beyond `most` it no longer remembers which. */
function createListCount(most: number) {
  const known = new Set<unknown>();
  let more = 0;
  return {
    add: (entry: unknown): void => {
      if (known.has(entry)) return;
      if (known.size < most) known.add(entry);
      else more += 1;
    },
    addUnnamed: (count: number): void => {
      more += count;
    },
    full: (): boolean => more > 0,
    count: (): number => known.size + more,
  };
}

/** `undefined` for what is no URL, or not to be used. */
function normalUrl(input: unknown, allowedDomains?: readonly string[]): string | undefined {
  const reading = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
  return reading.ok ? reading.url : undefined;
}

/** `undefined` for what only might have been a manifest and is none. */
async function readOne(
  url: string,
  { edge, read, scope, allowedDomains, mostUrls, now, signal }: ExpandOptions,
): Promise<Stream | undefined> {
  const hosts = new Set([new URL(url).hostname]);
  const isGuess = !isNamedManifest(url);
  try {
    const stream = await read(url, {
      scope,
      mostUrls,
      now,
      signal,
      fetchText: (wanted, mostBytes) =>
        edge.text(wanted, isGuess && wanted === url ? Math.min(mostBytes, MOST_GUESSED) : mostBytes, signal),
      hostAllowed: (hostname) => {
        if (allowedDomains) return hostAllowed(hostname, allowedDomains);
        if (hosts.size < MOST_HOSTS) hosts.add(hostname);
        return hosts.has(hostname);
      },
    });
    return cleaned(url, stream, allowedDomains ? undefined : hosts);
  } catch (error) {
    if (error instanceof PrefetchError && error.code === "unsupported" && isGuess) return undefined;
    throw error;
  }
}

/** In normal spelling, the manifest itself always included; what is refused of it is in `refused` only. */
function cleaned(url: string, stream: Stream, hosts: ReadonlySet<string> | undefined): Stream {
  const refused = stream.refused.map((child) => {
    const host = URL.parse(child.url)?.hostname;
    const beyond = child.code === "forbidden_domain" && host !== undefined && hosts && !hosts.has(host);
    const reason = beyond
      ? `A stream may lead to ${MOST_HOSTS} hosts, and ${host} is one more: pass the URL itself to warm it.`
      : child.reason;
    return { ...child, url: normalUrl(child.url) ?? child.url, reason };
  });
  const dropped = new Set(refused.map((child) => child.url));
  const named = stream.urls.map((each) => normalUrl(each) ?? each);
  const urls = new Set(named.includes(url) ? named : [url, ...named]);
  return { ...stream, refused, urls: [...urls].filter((each) => each === url || !dropped.has(each)) };
}

function isNamedManifest(url: string): boolean {
  return /\.(m3u8?|mpd)$/i.test(new URL(url).pathname);
}

/** By its name, or because its name tells nothing: packagers have addresses such as `/manifest(format=m3u8)`. */
function mayBeManifest(url: string): boolean {
  const { pathname, search } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return isNamedManifest(url) || /m3u8|mpd|manifest|playlist/i.test(last + search) || (last !== "" && !last.includes("."));
}

function tooMany(count: number, unread: boolean, { mostUrls, scope }: ExpandOptions): PrefetchError {
  const [found, most] = [count, mostUrls].map((each) => each.toLocaleString("en"));
  const least = unread ? " at least" : "";
  const smaller = scope === "full" ? 'Choose scope "startup", or pass fewer streams.' : "Pass fewer streams.";
  return new PrefetchError("invalid_argument", `urls: the streams come to${least} ${found} URLs; one call takes at most ${most}`, {
    hint: `Nothing was sent. ${smaller}`,
  });
}
