/** From the URIs of an HLS playlist to typed URLs. */

import { Collector } from "../collect.ts";
import {
  type MediaContext,
  type MediaKind,
  type MediaRange,
  type MediaRole,
  type MediaUrl,
  type SkippedUri,
  shownUri,
} from "../manifest.ts";
import { resolveUri } from "../resolve.ts";
import { type Attributes, readInteger } from "./grammar.ts";
import { Variables } from "./variables.ts";

export interface HlsOptions {
  /** Parts and preload hints of low-latency playlists; they are gone within seconds. */
  readonly parts?: boolean;
  /** Keys are often on a licence host, and no cache may keep them. */
  readonly keys?: boolean;
  /** Gives the playlist's query to what it names without one, on the playlist's own host. */
  readonly inheritQuery?: boolean;
  /** URLs of one playlist. */
  readonly maxUrls?: number;
}

/** More than a day of one-second segments; a playlist of blanks and letters could name millions. */
const MOST_URLS = 100_000;

type Facts = Partial<Omit<MediaUrl, "url" | "host" | "role" | "ranges">> & { readonly range?: Omit<MediaRange, "offset" | "duration"> };

interface Listing {
  readonly begin: number;
  readonly edgeAt: number | undefined;
  /** What the playlist says of itself; the playlist above it knows better. */
  readonly kind: MediaKind | undefined;
}

/** Reasons are for people: nobody reads more of them, and a hostile playlist could have millions. */
const MOST_SKIPPED = 1_000;

export class HlsUrls {
  readonly variables: Variables;
  readonly skipped: SkippedUri[] = [];
  readonly #base: URL | null;
  readonly #context: MediaContext;
  readonly #options: HlsOptions;
  readonly #found = new Collector();

  constructor(url: string, context: MediaContext, options: HlsOptions) {
    this.#base = URL.parse(url);
    this.#context = context;
    this.#options = options;
    this.variables = new Variables(context.variables, this.#base);
  }

  variant(uri: string, attributes: Attributes): void {
    const codecs = attributes.get("CODECS")?.split(",") ?? [];
    const audioOnly = codecs.length > 0 && codecs.every((codec) => AUDIO_CODEC.test(codec.trim())) && !attributes.has("RESOLUTION");
    const kind = audioOnly ? "audio" : "video";
    const name = attributes.get("STABLE-VARIANT-ID") ?? rungName(attributes);
    this.#add("playlist", uri, { kind, rendition: `${kind}/${name}`, ...rateOf(attributes) });
  }

  /** `EXT-X-MEDIA`; without a URI it is inside the variants themselves. */
  rendition(attributes: Attributes): void {
    const uri = attributes.get("URI");
    if (uri === undefined) return;
    const kind = mediaTypes[attributes.get("TYPE") ?? ""] ?? "main";
    const name = attributes.get("STABLE-RENDITION-ID") ?? `${attributes.get("GROUP-ID") ?? ""}/${attributes.get("NAME") ?? ""}`;
    this.#add("playlist", uri, { kind, rendition: `${kind}/${name}` });
  }

  trickPlay(kind: "iframe" | "image", attributes: Attributes): void {
    const uri = attributes.get("URI");
    if (uri !== undefined) this.#add("playlist", uri, { kind, rendition: `${kind}/${rungName(attributes)}`, ...rateOf(attributes) });
  }

  key(attributes: Attributes): void {
    if (this.#options.keys && attributes.get("METHOD") !== "NONE") this.plain("key", attributes.get("URI"));
  }

  /** Something that is no media itself. */
  plain(role: MediaRole, uri: string | undefined, facts: Facts = {}): void {
    if (uri !== undefined) this.#add(role, uri, facts);
  }

  media(role: MediaRole, uri: string, facts: Facts): void {
    const { bandwidth, average } = this.#context;
    this.#add(role, uri, { bandwidth, average, ...facts });
  }

  skip(uri: string, role: MediaRole, reason: string): void {
    if (this.skipped.length < MOST_SKIPPED) this.skipped.push({ uri: shownUri(uri), role, reason });
  }

  list({ begin, edgeAt, kind }: Listing): MediaUrl[] {
    return this.#found.list(edgeAt).map((entry) => ({
      ...entry,
      kind: entry.kind === "main" && kind !== undefined ? kind : entry.kind,
      offset: entry.offset === undefined ? undefined : entry.offset - begin,
      ranges: entry.ranges?.map((range) => ({ ...range, offset: range.offset === undefined ? undefined : range.offset - begin })),
    }));
  }

  #add(role: MediaRole, written: string, { range, ...facts }: Facts): void {
    const uri = this.variables.substitute(written.trim());
    // An empty reference would be the playlist itself.
    if (!uri.ok || uri.text === "") {
      this.skip(written, role, uri.ok ? "is empty" : uri.reason);
      return;
    }
    const resolved = resolveUri(uri.text, this.#base, this.#options.inheritQuery);
    if (!resolved.ok) {
      this.skip(uri.text, role, resolved.reason);
      return;
    }
    const most = this.#options.maxUrls ?? MOST_URLS;
    if (this.#found.size >= most && !this.#found.has(resolved.url)) {
      this.skip(uri.text, role, `lies beyond the limit of ${most.toLocaleString("en")} URLs in one playlist`);
      return;
    }
    const { offset, duration } = facts;
    const rate = facts.average ?? facts.bandwidth;
    this.#found.add({
      kind: this.#context.kind ?? "main",
      rendition: this.#context.rendition ?? "main",
      bandwidth: undefined,
      average: undefined,
      edge: undefined,
      bytes: rate !== undefined && duration !== undefined && role !== "playlist" ? Math.round((rate * duration) / 8) : undefined,
      alternative: 0,
      ...facts,
      offset,
      duration,
      url: resolved.url,
      host: resolved.host,
      role,
      ranges: range && [{ ...range, offset, duration }],
    });
  }
}

const mediaTypes: Readonly<Record<string, MediaKind>> = { AUDIO: "audio", VIDEO: "video", SUBTITLES: "subtitle" };

/** The audio codecs of RFC 6381 that HLS streams have. */
const AUDIO_CODEC = /^(?:mp4a|ac-3|ec-3|ac-4|opus|flac|alac|mp3)(?:\.|$)/i;

function rungName(attributes: Attributes): string {
  return `${attributes.get("RESOLUTION") ?? ""}@${attributes.get("BANDWIDTH") ?? ""}`;
}

function rateOf(attributes: Attributes): Pick<MediaUrl, "bandwidth" | "average"> {
  return { bandwidth: readInteger(attributes.get("BANDWIDTH")), average: readInteger(attributes.get("AVERAGE-BANDWIDTH")) };
}
