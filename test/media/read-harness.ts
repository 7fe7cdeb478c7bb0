import { join } from "node:path";
import { readDash } from "../../src/media/dash/mpd.ts";
import { readHls } from "../../src/media/hls/playlist.ts";
import type { HlsLimits } from "../../src/media/hls/urls.ts";
import type { Manifest, MediaContext, MediaUrl } from "../../src/media/manifest.ts";
import type { EdgeBody } from "../../src/prefetch/model/edge.ts";

export const BASE = "https://media.example.com/film/main.m3u8";
export const NOW = Date.parse("2026-06-01T00:00:00Z");

/** Reads a playlist of these lines. */
export function hls(lines: readonly string[], context?: MediaContext, limits?: HlsLimits, url = BASE): Manifest {
  return readHls(["#EXTM3U", ...lines, ""].join("\n"), url, context, limits);
}

export function dash(periods: string, attributes = 'mediaPresentationDuration="PT12S"', now = NOW): Manifest {
  return readDash(`<?xml version="1.0"?><MPD ${attributes}>${periods}</MPD>`, "https://media.example.com/film/main.mpd", { now });
}

/** Each URL as "role name", relative to the folder of the manifest. */
export function named({ urls }: { readonly urls: readonly MediaUrl[] }): string[] {
  return urls.map(({ role, url }) => `${role} ${url.replace("https://media.example.com/film/", "")}`);
}

export function only({ urls }: Manifest): MediaUrl {
  const [url, ...more] = urls;
  if (url === undefined || more.length > 0) throw new Error(`${urls.length} URLs, not one`);
  return url;
}

/** The folder of a parser's fixtures. */
export function fixtureFolder(name: "m3u8-parser" | "mpd-parser"): string {
  const folder = name === "m3u8-parser" ? "fixtures/integration" : "manifests";
  return join(import.meta.dirname, "../../node_modules", name, "test", folder, "/");
}

/** A text or bytes as an edge sends them. */
export function bodyOf(content: string | Uint8Array, url: string, more: Partial<EdgeBody> = {}): EdgeBody {
  const bytes = new Uint8Array(typeof content === "string" ? Buffer.from(content) : content);
  return { url, bytes, encoding: undefined, isWhole: true, ...more };
}
