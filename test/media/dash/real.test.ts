import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDash } from "../../../src/media/dash/mpd.ts";
import { byMpdParser } from "../oracle-harness.ts";
import { fixtureFolder, NOW } from "../read-harness.ts";
import { startShaka } from "./shaka-harness.ts";

const base = "https://media.example.com/film/main.mpd";
const folder = fixtureFolder("mpd-parser");
const manifests = readdirSync(folder).flatMap((file) =>
  file.endsWith(".mpd") ? [[file, readFileSync(`${folder}${file}`, "utf8")] as const] : [],
);

interface Difference {
  readonly by: "mpd-parser" | "shaka-player";
  readonly files: RegExp;
  /** `fewer`: the oracle finds the URLs and our reader does not. `more`: the reverse. */
  readonly we: "fewer" | "more";
  readonly urls: RegExp;
  readonly why: string;
}

/** Every difference between our reader and an oracle on real manifests. */
const differences: readonly Difference[] = [
  {
    by: "mpd-parser",
    files: /^(?:608|708|location)/,
    we: "more",
    urls: /\/1080p\.sidx$/,
    why: "RepresentationIndex@sourceURL is a file of its own (ISO/IEC 23009-1, section 5.3.9.2.2)",
  },
  {
    by: "mpd-parser",
    files: /^segment(?:Base|List)|^multiperiod-segment-list/,
    we: "more",
    urls: /\/representation-index|\.sidx$|\/segmentIndex-/,
    why: "RepresentationIndex@sourceURL and SegmentURL@index are files of their own (sections 5.3.9.2.2 and 5.3.9.3.2)",
  },
  {
    by: "shaka-player",
    files: /^segment(?:Base|List)|^multiperiod-segment-list/,
    we: "more",
    urls: /\/representation-index|\.sidx$|\/segmentIndex-/,
    why: "shaka-player plays without the index of a list",
  },
  {
    by: "mpd-parser",
    files: /^multiperiod(?:-dynamic)?\.mpd$/,
    we: "fewer",
    urls: /\/segment\$Number\$\.m4f$/,
    why: "mpd-parser takes an init section with $Number$, which no player can resolve (section 5.3.9.4.2), for a URL",
  },
  {
    by: "mpd-parser",
    files: /^multiperiod(?:-dynamic)?\.mpd$/,
    we: "fewer",
    urls: /\/(?:init3|segment1[3-5])\.m4f$/,
    why: "a first S without @t is at 0, here before @presentationTimeOffset, and what ends before its Period begins is not presented",
  },
  {
    by: "mpd-parser",
    files: /^multiperiod-dynamic\.mpd$/,
    we: "fewer",
    urls: /\/(?:init|segment)\d+\.m4f$/,
    why: "its Periods lie before the live edge",
  },
  {
    by: "mpd-parser",
    files: /^segmentList\.mpd$/,
    we: "fewer",
    urls: /\/segment-(?:[2-9]|10)\.ts$/,
    why: "the first segment is as long as the Period, and nothing beyond it is presented (section 5.3.2.1); shaka-player agrees",
  },
];

function unexplained(by: Difference["by"], file: string, theirs: ReadonlySet<string>, ours: ReadonlySet<string>): string[] {
  const known = (we: Difference["we"], url: string): boolean =>
    differences.some((each) => each.by === by && each.we === we && each.files.test(file) && each.urls.test(url));
  const fewer = [...theirs].filter((url) => !ours.has(url) && !known("fewer", url));
  const more = [...ours].filter((url) => !theirs.has(url) && !known("more", url));
  return [...fewer.map((url) => `fewer: ${url}`), ...more.map((url) => `more: ${url}`)];
}

function ours(text: string): Set<string> {
  return new Set(readDash(text, base, { now: NOW }).urls.flatMap(({ url, role }) => (role === "location" ? [] : [url])));
}

/** Manifests that shaka-player refuses, with its error. mpd-parser reads all of them. */
const refusedByShaka: ReadonlyMap<string, string> = new Map([
  ...["608-captions", "708-captions", "location", "locations", "segmentBase"].map((file) => [`${file}.mpd`, "error 4002"] as const), // MPEG-2 TS with an index
  ...["maat_vtt_segmentTemplate", "multiperiod-dynamic", "multiperiod", "vtt_codecs"].map((file) => [`${file}.mpd`, "error 4007"] as const), // an id twice
  ...["audio-only", "quality-ranking"].map((file) => [`${file}.mpd`, "error 3004"] as const), // its segments are in the file's own index
]);

describe("readDash on the fixtures of mpd-parser", () => {
  it("compares the expected number of fixtures and URLs", () => {
    expect(manifests).toHaveLength(17);
    expect(manifests.reduce((total, [, text]) => total + byMpdParser(text, base, NOW).size, 0)).toBe(454);
  });

  it.each(manifests)("finds what mpd-parser's own entry point finds in %s", (file, text) => {
    expect(unexplained("mpd-parser", file, byMpdParser(text, base, NOW), ours(text))).toEqual([]);
  });

  const shaka = startShaka(NOW);

  it.each(manifests)("finds what shaka-player finds in %s", async (file, text) => {
    const answer = await shaka(text, base);
    if ("problem" in answer) expect([answer.problem.split("\n")[0], ours(text).size > 0]).toEqual([refusedByShaka.get(file), true]);
    else expect(unexplained("shaka-player", file, new Set(answer.urls), ours(text))).toEqual([]);
  });
});
