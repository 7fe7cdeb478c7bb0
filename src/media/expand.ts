/**
 * From the address of a stream to everything that its manifests name. Fetching is the caller's: what is fetched
 * here was written by others, so each step is bounded and each child is asked for leave.
 */

import { PrefetchError } from "../base/errors.ts";
import { Collector } from "./collect.ts";
import { readDash } from "./dash/mpd.ts";
import { type ExpandLimits, type ExpandOptions, type Expansion, expandLimits, type RefusedChild } from "./expansion.ts";
import { readHls } from "./hls/playlist.ts";
import type { Manifest, MediaContext, MediaUrl } from "./manifest.ts";
import { resolveUri } from "./resolve.ts";
import { sniff } from "./sniff.ts";

interface Visit {
  readonly url: string;
  readonly depth: number;
  readonly context: MediaContext;
  readonly parent: string | undefined;
  /** The manifests that led here. */
  readonly path: readonly string[];
}

interface Read {
  readonly finalUrl: string;
  readonly manifest: Manifest;
}

/** The entry itself must be readable, or this throws; whatever goes wrong with a child is told in the result. */
export async function expandManifest(entry: string, options: ExpandOptions): Promise<Expansion> {
  return new Expander(options).run(entry);
}

class Expander {
  readonly #options: ExpandOptions;
  readonly #limits: ExpandLimits;
  readonly #found = new Collector();
  readonly #manifests: Expansion["manifests"][number][] = [];
  readonly #refused: RefusedChild[] = [];
  readonly #visited = new Set<string>();
  #refusedMore = 0;
  #omitted = 0;

  constructor(options: ExpandOptions) {
    this.#options = options;
    this.#limits = { ...expandLimits, ...options.limits };
  }

  async run(entry: string): Promise<Expansion> {
    const resolved = resolveUri(entry, null);
    if (!resolved.ok) throw new PrefetchError("invalid_argument", `The manifest's URL ${resolved.reason}`);
    if (!this.#options.hostAllowed(resolved.host)) throw notAllowed(resolved.host);
    this.#found.add(entryUrl(resolved.url, resolved.host));
    this.#visited.add(resolved.url);
    let level: Visit[] = [{ url: resolved.url, depth: 1, context: {}, parent: undefined, path: [] }];
    while (level.length > 0) level = await this.#walk(level);
    return {
      urls: this.#found.list(),
      manifests: this.#manifests,
      refused: this.#refused,
      refusedMore: this.#refusedMore,
      omitted: this.#omitted,
    };
  }

  /** One level, a few manifests at a time; children are taken up in the order in which they were named. */
  async #walk(level: readonly Visit[]): Promise<Visit[]> {
    const next: Visit[] = [];
    for (let at = 0; at < level.length; at += this.#limits.concurrency) {
      this.#options.signal?.throwIfAborted();
      const visits = level.slice(at, at + this.#limits.concurrency);
      const readings = await Promise.all(visits.map((visit) => this.#read(visit)));
      for (const [index, visit] of visits.entries()) {
        const reading = readings[index];
        if (reading) next.push(...this.#take(visit, reading));
      }
    }
    return next;
  }

  async #read(visit: Visit): Promise<Read | undefined> {
    try {
      return this.#parse(visit, await this.#options.fetchText(visit.url));
    } catch (error) {
      if (visit.parent === undefined || !(error instanceof PrefetchError) || error.code === "cancelled") throw error;
      this.#refuse({ url: visit.url, parent: visit.parent, role: "playlist", code: error.code, reason: error.message });
      this.#found.remove(visit.url);
      return undefined;
    }
  }

  #parse({ url, context, path }: Visit, answer: { readonly url: string; readonly text: string }): Read {
    const final = resolveUri(answer.url, null);
    if (!final.ok) throw new PrefetchError("invalid_argument", `It was redirected to a URL that ${final.reason}`);
    if (!this.#options.hostAllowed(final.host)) throw notAllowed(final.host);
    if (final.url !== url && path.includes(final.url)) {
      throw new PrefetchError("invalid_argument", "It is redirected to a manifest that it belongs to itself");
    }
    const bytes = Buffer.byteLength(answer.text);
    if (bytes > this.#limits.manifestBytes) {
      const [size, limit] = [bytes, this.#limits.manifestBytes].map((count) => count.toLocaleString("en"));
      throw new PrefetchError("unsupported", `It has ${size} bytes; a manifest may have ${limit}`);
    }
    const format = sniff(answer.text);
    if (format === undefined) throw new PrefetchError("unsupported", "It is neither an HLS playlist (#EXTM3U) nor a DASH manifest (<MPD>)");
    const manifest =
      format === "hls"
        ? readHls(answer.text, final.url, context, this.#options.hls)
        : readDash(answer.text, final.url, { now: this.#options.now, maxSegments: this.#limits.urls });
    return { finalUrl: final.url, manifest };
  }

  #take(visit: Visit, { finalUrl, manifest }: Read): Visit[] {
    const { format, shape, live, duration, urls, skipped } = manifest;
    this.#manifests.push({ url: visit.url, finalUrl, depth: visit.depth, format, shape, live, duration, urls: urls.length });
    for (const { uri, role, reason } of skipped) this.#refuse({ url: uri, parent: visit.url, role, code: "skipped", reason });
    const next: Visit[] = [];
    const path = [...visit.path, visit.url, finalUrl];
    for (const named of urls) {
      // Whatever an advertisement is made of, it is not the film.
      const child: MediaUrl = visit.context.kind === "interstitial" ? { ...named, kind: "interstitial" } : named;
      if (!this.#admit(child, visit) || child.role !== "playlist") continue;
      const refusal = this.#mayFollow(child, visit, path);
      if (refusal) this.#refuse({ url: child.url, parent: visit.url, role: child.role, ...refusal });
      else if (!this.#visited.has(child.url)) {
        this.#visited.add(child.url);
        next.push({ url: child.url, depth: visit.depth + 1, context: contextOf(child, manifest), parent: visit.url, path });
      }
    }
    return next;
  }

  #admit(child: MediaUrl, { url: parent }: Visit): boolean {
    if (!this.#options.hostAllowed(child.host)) {
      const reason = `It is on ${child.host}, which is not among the hosts that may be warmed`;
      this.#refuse({ url: child.url, parent, role: child.role, code: "forbidden_domain", reason });
      return false;
    }
    if (!this.#found.has(child.url) && this.#found.size >= this.#limits.urls) {
      this.#omitted += 1;
      return false;
    }
    this.#found.add(child);
    return true;
  }

  #mayFollow(child: MediaUrl, visit: Visit, path: readonly string[]): Pick<RefusedChild, "code" | "reason"> | undefined {
    if (path.includes(child.url)) return { code: "cycle", reason: "It names a manifest that it belongs to itself" };
    if (this.#visited.has(child.url)) return undefined;
    if (visit.depth >= this.#limits.depth) return { code: "limit", reason: `It lies deeper than ${this.#limits.depth} manifests` };
    if (this.#visited.size >= this.#limits.manifests) {
      return { code: "limit", reason: `At most ${this.#limits.manifests} manifests are read of one stream` };
    }
    return undefined;
  }

  #refuse(child: RefusedChild): void {
    if (this.#refused.length < this.#limits.refused) this.#refused.push(child);
    else this.#refusedMore += 1;
  }
}

function contextOf({ kind, rendition, bandwidth, average }: MediaUrl, { start, variables }: Manifest): MediaContext {
  return { kind, rendition, bandwidth, average, start: kind === "interstitial" ? undefined : start, variables };
}

function entryUrl(url: string, host: string): MediaUrl {
  return {
    url,
    host,
    role: "playlist",
    kind: "main",
    rendition: "main",
    bandwidth: undefined,
    average: undefined,
    offset: undefined,
    duration: undefined,
    edge: undefined,
    ranges: undefined,
    bytes: undefined,
    alternative: 0,
  };
}

function notAllowed(host: string): PrefetchError {
  return new PrefetchError("forbidden_domain", `It is on ${host}, which is not among the hosts that may be warmed`);
}
