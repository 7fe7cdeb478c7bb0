import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDash } from "../../src/media/dash/mpd.ts";
import { readHls } from "../../src/media/hls/playlist.ts";
import { byHlsParser, byM3u8Parser, byMpdParser } from "./oracle-harness.ts";
import { BASE, fixtureFolder, NOW } from "./read-harness.ts";

function fixtures(name: "m3u8-parser" | "mpd-parser", extension: string): (readonly [string, string])[] {
  const folder = fixtureFolder(name);
  const files = readdirSync(folder).filter((file) => file.endsWith(extension));
  return files.map((file) => [file, readFileSync(`${folder}${file}`, "utf8")] as const);
}

function ours(text: string): Set<string> {
  return new Set(readHls(text, BASE, {}, { parts: true, keys: true }).urls.map(({ url }) => url));
}

function missing(theirs: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  return [...theirs].filter((url) => !found.has(url));
}

/** Playlists that hls-parser does not read, and what it stumbles over. m3u8-parser reads them all. */
const refusedByHlsParser: ReadonlyMap<string, string> = new Map([
  ["emptyTargetDuration.m3u8", "a target duration without a number"],
  ["liveMissingSegmentDuration.m3u8", "EXTINF without a number"],
  ["missingExtinf.m3u8", "segments without EXTINF"],
  ["missingSegmentDuration.m3u8", "EXTINF without a number"],
  ["multipleTargetDurations.m3u8", "two target durations"],
]);

/** URLs that an oracle finds and we leave out. */
const leftOut: ReadonlyMap<string, readonly string[]> = new Map(
  // Its part is marked GAP=YES: there is nothing at that address (rfc8216bis, section 4.4.4.9).
  ["llhls.m3u8", "llhlsDelta.m3u8"].map((file) => [file, ["https://media.example.com/film/filePart272.a.mp4"]] as const),
);

describe("the playlists of m3u8-parser", () => {
  const playlists = fixtures("m3u8-parser", ".m3u8");

  it("are all there, and name enough to compare", () => {
    const count = (find: (text: string) => Set<string> | string) =>
      playlists.map(([, text]) => find(text)).reduce((total, found) => total + (typeof found === "string" ? 0 : found.size), 0);
    expect(playlists).toHaveLength(60);
    expect([count((text) => byM3u8Parser(text, BASE)), count((text) => byHlsParser(text, BASE)), count(ours)]).toEqual([324, 305, 322]);
  });

  it.each(playlists)("%s: every URL that m3u8-parser finds", (file, text) => {
    expect(missing(byM3u8Parser(text, BASE), ours(text))).toEqual(leftOut.get(file) ?? []);
  });

  it.each(playlists)("%s: every URL that hls-parser finds", (file, text) => {
    const theirs = byHlsParser(text, BASE);
    if (typeof theirs === "string") expect(refusedByHlsParser.get(file)).toBeDefined();
    else expect(missing(theirs, ours(text))).toEqual(leftOut.get(file) ?? []);
  });

  it.each(playlists)("%s: no URL that neither finds", (_, text) => {
    const theirs = byHlsParser(text, BASE);
    const both = new Set([...byM3u8Parser(text, BASE), ...(typeof theirs === "string" ? [] : theirs)]);
    expect(missing(ours(text), both)).toEqual([]);
  });
});

describe("the manifests of mpd-parser", () => {
  const manifests = fixtures("mpd-parser", ".mpd");
  const base = "https://media.example.com/film/main.mpd";

  it("are all there, and name enough to compare", () => {
    expect(manifests).toHaveLength(17);
    expect(manifests.reduce((total, [, text]) => total + byMpdParser(text, base, NOW).size, 0)).toBe(454);
  });

  it.each(manifests)("%s: the same URLs as through its front door", (_, text) => {
    const { urls, skipped } = readDash(text, base, { now: NOW });
    const found = new Set(urls.flatMap(({ url, role }) => (role === "location" ? [] : [url])));
    const theirs = byMpdParser(text, base, NOW);
    expect(missing(theirs, found)).toEqual([]);
    expect(missing(found, theirs)).toEqual([]);
    expect(skipped).toEqual([]);
  });
});
