/** The segments of an HLS media playlist on their time line. */

import { type Attributes, readAttributes, readByteRange, readInteger, readSeconds } from "./grammar.ts";
import type { HlsOptions, HlsUrls } from "./urls.ts";

export class HlsTimeline {
  /** Seconds of all segments so far, those in gaps and those that a delta update leaves out too. */
  time = 0;
  targetDuration: number | undefined;
  segments = 0;
  readonly #urls: HlsUrls;
  readonly #options: HlsOptions;
  #partTime = 0;
  #duration: number | undefined;
  #range: ReturnType<typeof readByteRange>;
  #gap = false;
  #bitrate: number | undefined;
  /** Wall clock at time zero, in seconds. */
  #epoch: number | undefined;
  /** Where the last range ended, and of which URI: a range without a start goes on from there. */
  #last = { uri: "", end: 0 };
  #lastPart = { uri: "", end: 0 };

  constructor(urls: HlsUrls, options: HlsOptions) {
    this.#urls = urls;
    this.#options = options;
  }

  /** Whether it was one of a media playlist's own tags. */
  tag(name: string, value: string): boolean {
    switch (name) {
      case "#EXTINF":
        this.#duration = readSeconds(value);
        return true;
      case "#EXT-X-BYTERANGE":
        this.#range = readByteRange(value);
        return true;
      case "#EXT-X-GAP":
        this.#gap = true;
        return true;
      case "#EXT-X-TARGETDURATION":
        this.targetDuration ??= readSeconds(value);
        return true;
      case "#EXT-X-BITRATE":
        this.#bitrate = readInteger(value);
        return true;
      case "#EXT-X-PROGRAM-DATE-TIME":
        this.#mark(value);
        return true;
      case "#EXT-X-MAP":
        this.#map(readAttributes(value));
        return true;
      case "#EXT-X-KEY":
        this.#urls.key(readAttributes(value));
        return true;
      case "#EXT-X-PART":
        this.#part(readAttributes(value));
        return true;
      case "#EXT-X-PRELOAD-HINT":
        this.#hint(readAttributes(value));
        return true;
      default:
        return false;
    }
  }

  segment(uri: string): void {
    // Without a duration of its own, it has the one that none may exceed.
    const duration = this.#duration ?? this.targetDuration;
    const range = this.#range && { length: this.#range.length, start: this.#range.start ?? this.#goesOn(this.#last, uri) };
    this.#last = { uri, end: range ? range.start + range.length : 0 };
    if (this.#gap) this.#urls.skip(uri, "segment", "is marked as missing (EXT-X-GAP)");
    else {
      const bytes = this.#bitrate === undefined || duration === undefined ? undefined : Math.round(this.#bitrate * 125 * duration);
      this.#urls.media("segment", uri, { offset: this.time, duration, ...(bytes !== undefined && { bytes }), ...(range && { range }) });
    }
    this.segments += 1;
    this.time += duration ?? 0;
    this.#partTime = 0;
    this.#duration = undefined;
    this.#range = undefined;
    this.#gap = false;
  }

  /** Segments that a delta update leaves out last about as long as the others. */
  skip(count: number): void {
    this.time += Math.min(count, 1_000_000) * (this.targetDuration ?? 0);
  }

  /** Where a date is on the time line, once the playlist has said what time it is. */
  timeOf(date: string | undefined): number | undefined {
    const seconds = Date.parse(date ?? "") / 1_000;
    return this.#epoch === undefined || Number.isNaN(seconds) ? undefined : seconds - this.#epoch;
  }

  #mark(date: string): void {
    const seconds = Date.parse(date.trim()) / 1_000;
    if (!Number.isNaN(seconds)) this.#epoch ??= seconds - this.time;
  }

  #map(attributes: Attributes): void {
    const uri = attributes.get("URI");
    if (uri === undefined) return;
    const range = readByteRange(attributes.get("BYTERANGE"));
    this.#urls.media("init", uri, range ? { range: { length: range.length, start: range.start ?? 0 } } : {});
  }

  #part(attributes: Attributes): void {
    const uri = attributes.get("URI");
    const duration = readSeconds(attributes.get("DURATION"));
    const offset = this.time + this.#partTime;
    this.#partTime += duration ?? 0;
    if (uri === undefined) return;
    const read = readByteRange(attributes.get("BYTERANGE"));
    const range = read && { length: read.length, start: read.start ?? this.#goesOn(this.#lastPart, uri) };
    this.#lastPart = { uri, end: range ? range.start + range.length : 0 };
    if (!this.#options.parts) return;
    if (attributes.get("GAP") === "YES") this.#urls.skip(uri, "part", "is marked as missing (GAP=YES)");
    else this.#urls.media("part", uri, { offset, duration, ...(range && { range }) });
  }

  #hint(attributes: Attributes): void {
    const uri = attributes.get("URI");
    if (uri === undefined || !this.#options.parts) return;
    const start = readInteger(attributes.get("BYTERANGE-START"));
    const length = readInteger(attributes.get("BYTERANGE-LENGTH"));
    const ranged = start !== undefined || length !== undefined;
    this.#urls.media("hint", uri, { offset: this.time + this.#partTime, ...(ranged && { range: { start: start ?? 0, length } }) });
  }

  #goesOn(last: { readonly uri: string; readonly end: number }, uri: string): number {
    return last.uri === uri ? last.end : 0;
  }
}
