/** Manifests in a few words. */

import { PrefetchError } from "../../../src/base/errors.ts";
import { type DashOptions, readDash } from "../../../src/media/dash/mpd.ts";
import type { Manifest } from "../../../src/media/manifest.ts";
import { NOW } from "../read-harness.ts";

export const MANIFEST = "https://media.example.com/show/live.mpd";

export function mpd(attributes: string, inner: string): string {
  return `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" ${attributes}>${inner}</MPD>`;
}

export function set(inner: string, attributes = 'mimeType="video/mp4"', id = "v"): string {
  return `<AdaptationSet ${attributes}><Representation id="${id}" bandwidth="800000">${inner}</Representation></AdaptationSet>`;
}

export function timeline(entries: string, attributes = 'media="$Time$.m4s"'): string {
  return `<SegmentTemplate ${attributes}><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`;
}

export function read(text: string, options: Partial<DashOptions> = {}, url = MANIFEST): Manifest {
  return readDash(text, url, { now: NOW, ...options });
}

/** URLs relative to the folder of the manifest. */
export function filesIn(text: string, options?: Partial<DashOptions>, url?: string): string[] {
  return read(text, options, url).urls.map((each) => each.url.replace("https://media.example.com/show/", ""));
}

/** What the manifest leaves out, as "what: why". */
export function leftOut(text: string, options?: Partial<DashOptions>): string[] {
  return read(text, options).skipped.list.map(({ uri, reason }) => `${uri}: ${reason}`);
}

export function refusal(text: string): PrefetchError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof PrefetchError) return error;
    throw error;
  }
  throw new Error("The manifest was accepted");
}
