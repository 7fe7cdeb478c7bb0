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

/** Playlists that hls-parser refuses, with the cause. m3u8-parser reads all of them. */
const refusedByHlsParser: ReadonlyMap<string, string> = new Map([
  ["emptyTargetDuration.m3u8", "a target duration without a number"],
  ["liveMissingSegmentDuration.m3u8", "EXTINF without a number"],
  ["missingExtinf.m3u8", "segments without EXTINF"],
  ["missingSegmentDuration.m3u8", "EXTINF without a number"],
  ["multipleTargetDurations.m3u8", "two target durations"],
]);

/** URLs that an oracle finds and our reader leaves out on purpose. */
const leftOut: ReadonlyMap<string, readonly string[]> = new Map(
  // The part has GAP=YES: no file exists at that URL (rfc8216bis, section 4.4.4.9).
  ["llhls.m3u8", "llhlsDelta.m3u8"].map((file) => [file, ["https://media.example.com/film/filePart272.a.mp4"]] as const),
);

describe("readHls on the fixtures of m3u8-parser", () => {
  const playlists = fixtures("m3u8-parser", ".m3u8");

  it("compares the expected number of fixtures and URLs", () => {
    const count = (find: (text: string) => Set<string> | string) =>
      playlists.map(([, text]) => find(text)).reduce((total, found) => total + (typeof found === "string" ? 0 : found.size), 0);
    expect(playlists).toHaveLength(60);
    expect([count((text) => byM3u8Parser(text, BASE)), count((text) => byHlsParser(text, BASE)), count(ours)]).toEqual([324, 305, 322]);
  });

  it.each(playlists)("finds every URL that m3u8-parser finds in %s", (file, text) => {
    expect(missing(byM3u8Parser(text, BASE), ours(text))).toEqual(leftOut.get(file) ?? []);
  });

  it.each(playlists)("finds every URL that hls-parser finds in %s", (file, text) => {
    const theirs = byHlsParser(text, BASE);
    if (typeof theirs === "string") expect(refusedByHlsParser.get(file)).toBeDefined();
    else expect(missing(theirs, ours(text))).toEqual(leftOut.get(file) ?? []);
  });

  it.each(playlists)("finds no URL that neither parser finds in %s", (_, text) => {
    const theirs = byHlsParser(text, BASE);
    const both = new Set([...byM3u8Parser(text, BASE), ...(typeof theirs === "string" ? [] : theirs)]);
    expect(missing(ours(text), both)).toEqual([]);
  });
});

describe("readDash on the fixtures of mpd-parser", () => {
  const manifests = fixtures("mpd-parser", ".mpd");
  const base = "https://media.example.com/film/main.mpd";

  it("compares the expected number of fixtures and URLs", () => {
    expect(manifests).toHaveLength(17);
    expect(manifests.reduce((total, [, text]) => total + byMpdParser(text, base, NOW).size, 0)).toBe(454);
  });

  it.each(manifests)("finds the same URLs as mpd-parser's own entry point in %s", (_, text) => {
    const { urls, skipped } = readDash(text, base, { now: NOW });
    const found = new Set(urls.flatMap(({ url, role }) => (role === "location" ? [] : [url])));
    const theirs = byMpdParser(text, base, NOW);
    expect(missing(theirs, found)).toEqual([]);
    expect(missing(found, theirs)).toEqual([]);
    expect(skipped).toEqual([]);
  });
});
