/** Assets of the emulated Alibaba Cloud VOD and the choice of their streams. */

import { listOf, type Params } from "./params.ts";

export interface SandboxPlay {
  readonly url: string;
  readonly format: string;
  readonly definition: string;
  /** `video` by default. */
  readonly streamType?: "video" | "audio";
  /** Only the result type `Multiple` shows streams under the vendor's own encryption. */
  readonly encrypted?: boolean;
  /** The vendor lists the stream but does not play it. */
  readonly invisible?: boolean;
  /** Segments of an HLS stream, in order. */
  readonly segments?: readonly string[];
}

export interface SandboxMedia {
  /** `Normal` once it can be played. */
  readonly status: string;
  /** From the oldest to the newest. */
  readonly plays: readonly SandboxPlay[];
}

export interface MediaLibrary {
  /** `undefined` for an asset that does not exist or that this user may not touch. */
  find(id: string): SandboxMedia | undefined;
  isForbidden(id: string): boolean;
}

export function createMediaLibrary(assets: Readonly<Record<string, SandboxMedia>>, forbiddenAssets: readonly string[]): MediaLibrary {
  const isForbidden = (id: string) => forbiddenAssets.includes(id);
  return { isForbidden, find: (id) => (Object.hasOwn(assets, id) && !isForbidden(id) ? assets[id] : undefined) };
}

/** The streams that fit the filters `Formats`, `StreamType` and the given one for definitions. */
export function matchingPlays({ plays }: SandboxMedia, params: Params, definitions: "Definition" | "Definitions"): SandboxPlay[] {
  const allows = (name: string, value: string): boolean => {
    const allowed = listOf(params.get(name));
    return allowed.length === 0 || allowed.includes(value);
  };
  return plays.filter(
    ({ format, definition, streamType = "video" }) =>
      allows("Formats", format) && allows(definitions, definition) && allows("StreamType", streamType),
  );
}

/** The newest stream of each definition and format. */
export function newestPlays(plays: readonly SandboxPlay[]): SandboxPlay[] {
  return [...new Map(plays.map((play) => [`${play.format} ${play.definition}`, play])).values()];
}
