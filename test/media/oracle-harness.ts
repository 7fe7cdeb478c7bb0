/** Oracles: other parsers, reduced to the set of absolute URLs that they find. Keys are left out, as our reader leaves them out. */

import { createRequire } from "node:module";
import { M3U8Parser, PlaylistLevelType } from "hls.js";
import { Parser } from "m3u8-parser";
import { z } from "zod";

const keyProperties: ReadonlySet<string> = new Set(["key", "sessionKeyList", "contentProtection"]);

/** Every string under one of the keys, at any depth. The parsers' results differ in shape, but use the same key names. */
function addresses(value: unknown, keys: ReadonlySet<string>, found: Set<string> = new Set(), seen: Set<unknown> = new Set()): Set<string> {
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  seen.add(value);
  for (const [key, inner] of Object.entries(value)) {
    if (keyProperties.has(key)) continue;
    if (keys.has(key) && typeof inner === "string" && inner !== "") found.add(inner);
    addresses(inner, keys, found, seen);
  }
  return found;
}

function absolute(uris: Iterable<string>, base: string): Set<string> {
  const urls = [...uris].flatMap((uri) => URL.parse(uri, base) ?? []);
  for (const url of urls) url.hash = "";
  return new Set(urls.map(({ href }) => href));
}

export function byM3u8Parser(text: string, base: string): Set<string> {
  const parser = new Parser({ uri: base });
  parser.push(text);
  parser.end();
  return absolute(addresses(parser.manifest, new Set(["uri", "URI", "SERVER-URI"])), base);
}

const hlsParser = z
  .object({
    parse: z.custom<(text: string) => unknown>((value) => typeof value === "function"),
    setOptions: z.custom<(options: object) => void>(),
  })
  .parse(createRequire(import.meta.url)("hls-parser"));

/** Returns the error message when hls-parser refuses the playlist. */
export function byHlsParser(text: string, base: string): Set<string> | string {
  hlsParser.setOptions({ silent: true, strictMode: false });
  try {
    return absolute(addresses(hlsParser.parse(text), new Set(["uri"])), base);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const fields = z.object({ segments: z.unknown(), resolvedUri: z.string(), uri: z.string(), byterange: z.unknown() }).partial().catch({});
const parse = z.custom<(text: string, options: object) => unknown>((value) => typeof value === "function");
const mpdParser = z.object({ parse }).parse(createRequire(import.meta.url)("mpd-parser"));

/** Uses mpd-parser's own entry point, which merges periods and drops everything except video, audio and VTT. */
export function byMpdParser(text: string, base: string, now: number): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { segments, resolvedUri, uri, byterange } = fields.parse(value);
    // The URI of a playlist is the base of its segments. A playlist without segments is itself a file.
    const isPlaylist = "attributes" in value;
    const names = isPlaylist ? segments === undefined : Boolean(uri) || byterange !== undefined;
    if (names && resolvedUri !== undefined) found.add(resolvedUri);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(mpdParser.parse(text, { manifestUri: base, NOW: now }));
  return absolute(found, base);
}

/** The player's own parser. Returns its message when it refuses the playlist. */
export function byHlsJs(text: string, base: string): Set<string> | string {
  if (!M3U8Parser.isMediaPlaylist(text)) {
    const main = M3U8Parser.parseMasterPlaylist(text, base);
    if (main.playlistParsingError) return main.playlistParsingError.message;
    const { AUDIO = [], SUBTITLES = [] } = M3U8Parser.parseMasterPlaylistMedia(text, base, main);
    const lists = [...main.levels, ...AUDIO, ...SUBTITLES].map(({ url }) => url);
    return absolute(
      lists.filter((url) => url !== ""),
      base,
    );
  }
  const details = M3U8Parser.parseLevelPlaylist(text, base, 0, PlaylistLevelType.MAIN, 0, null);
  if (details.playlistParsingError) return details.playlistParsingError.message;
  const fragments = details.fragments.flatMap((fragment) => [
    fragment?.initSegment?.url,
    !fragment || fragment.gap ? undefined : fragment.url,
  ]);
  const parts = details.partList?.map((part) => (part.gap ? undefined : part.url)) ?? [];
  return absolute(
    [...fragments, ...parts].filter((url) => typeof url === "string"),
    base,
  );
}
