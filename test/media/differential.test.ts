import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHls } from "../../src/media/hls/playlist.ts";
import { runs } from "../fakes/runs.ts";
import { byHlsJs, byHlsParser, byM3u8Parser } from "./oracle-harness.ts";
import { BASE, fixtureFolder } from "./read-harness.ts";

function fixtures(name: "m3u8-parser", extension: string): (readonly [string, string])[] {
  const folder = fixtureFolder(name);
  const files = readdirSync(folder).filter((file) => file.endsWith(extension));
  return files.map((file) => [file, readFileSync(`${folder}${file}`, "utf8")] as const);
}

function ours(text: string): Set<string> {
  return new Set(readHls(text, BASE).urls.map(({ url }) => url));
}

function missing(theirs: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  return [...theirs].filter((url) => !found.has(url));
}

const oracles = { "hls.js": byHlsJs, "hls-parser": byHlsParser, "m3u8-parser": byM3u8Parser } as const;
type Oracle = keyof typeof oracles;

interface Difference {
  readonly by: readonly Oracle[];
  /** `fewer`: the oracle finds the URLs and our reader does not. `more`: the reverse. */
  readonly we: "fewer" | "more";
  readonly urls: RegExp;
  readonly why: string;
}

/** Every difference between our reader and an oracle on real playlists. */
const differences: readonly Difference[] = [
  {
    by: ["hls.js", "hls-parser", "m3u8-parser"],
    we: "fewer",
    urls: /\/filePart27[12]\.|\/hls_450k_video\.part\.ts$/,
    why: "parts of finished segments: the segments hold the same media (rfc8216bis, section 4.4.4.9)",
  },
  {
    by: ["hls-parser", "m3u8-parser"],
    we: "fewer",
    urls: /\/filePart272\.a\.mp4$/,
    why: "the part has GAP=YES: no file exists at that URL (rfc8216bis, section 4.4.4.9)",
  },
  {
    by: ["hls.js"],
    we: "fewer",
    urls: /;asljasdfii11/,
    why: "hls.js takes the text behind an unreadable EXTINF for a URI",
  },
  {
    by: ["hls.js"],
    we: "more",
    urls: /\/filePart273\.\d\.mp4$|\/foo\.mp4$|\/file-init\.mp4$|waitForMSN\.php$/,
    why: "hls.js keeps preload hints and rendition reports apart; our reader names them as skipped",
  },
  { by: ["hls-parser"], we: "more", urls: /\/foo\.mp4$/, why: "a preload hint of an unknown type" },
  {
    by: ["hls.js"],
    we: "more",
    urls: /iframe_index\.m3u8$|\/Angle[23]\//,
    why: "hls.js plays neither I-frame playlists nor video renditions; other players do",
  },
];

/** Playlists that an oracle refuses, with the cause. Our reader reads them, as at least one other oracle does. */
const refusals: Readonly<Record<Oracle, Readonly<Record<string, string>>>> = {
  "m3u8-parser": {},
  "hls-parser": {
    "emptyTargetDuration.m3u8": "a target duration without a number",
    "liveMissingSegmentDuration.m3u8": "EXTINF without a number",
    "missingExtinf.m3u8": "segments without EXTINF",
    "missingSegmentDuration.m3u8": "EXTINF without a number",
    "multipleTargetDurations.m3u8": "two target durations",
  },
  "hls.js": {
    "empty.m3u8": "no line",
    "emptyTargetDuration.m3u8": "a target duration without a number",
    "headerOnly.m3u8": "no segment and no playlist",
    "invalidTargetDuration.m3u8": "a target duration without a number",
    "manifestExtTTargetdurationNegative.m3u8": "a negative target duration",
    "manifestNoExtM3u.m3u8": "no #EXTM3U, which sniffing refuses before our reader",
    "master.m3u8": "a comment before #EXTM3U, which sniffing refuses before our reader",
    "multipleTargetDurations.m3u8": "two target durations",
    "start.m3u8": "a comment before #EXTM3U, which sniffing refuses before our reader",
    "streamInfInvalid.m3u8": "a comment before #EXTM3U, which sniffing refuses before our reader",
  },
};

describe("readHls on the fixtures of m3u8-parser", () => {
  const playlists = fixtures("m3u8-parser", ".m3u8");
  const cases = playlists.flatMap(([file, text]) => (Object.keys(oracles) as Oracle[]).map((oracle) => ({ file, text, oracle })));
  const unexplained = (urls: readonly string[], oracle: Oracle, we: Difference["we"]) =>
    urls.filter((url) => !differences.some((each) => each.we === we && each.by.includes(oracle) && each.urls.test(url)));

  it("compares the expected number of playlists", () => {
    expect(playlists).toHaveLength(60);
  });

  it.each(cases)("differs from $oracle only where the table says so: $file", ({ file, text, oracle }) => {
    const theirs = oracles[oracle](text, BASE);
    if (typeof theirs === "string") {
      expect(refusals[oracle][file], theirs).toBeDefined();
      return;
    }
    expect(refusals[oracle][file]).toBeUndefined();
    const found = ours(text);
    expect(unexplained(missing(theirs, found), oracle, "fewer")).toEqual([]);
    expect(unexplained(missing(found, theirs), oracle, "more")).toEqual([]);
  });
});

describe("readHls on generated playlists", () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const uri = fc.oneof(
    name.map((each) => `${each}.ts`),
    name.map((each) => `/abs/${each}.m4s?token=${each}`),
    name.map((each) => `../up/${each}.ts`),
    name.map((each) => `//cdn.example.com/${each}.ts#f`),
    name.map((each) => `https://b.example.com/${each}`),
  );
  const segment = fc.tuple(
    fc.integer({ min: 1, max: 6_000 }),
    uri,
    fc.constantFrom("", "", "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", "# text", "#EXT-X-BYTERANGE:100@0"),
  );
  const mediaPlaylist = fc
    .record({
      segments: fc.array(segment, { minLength: 1, maxLength: 30 }),
      map: fc.option(uri, { nil: undefined }),
      ended: fc.boolean(),
      eol: fc.constantFrom("\n", "\r\n"),
    })
    .map(({ segments, map, ended, eol }) =>
      [
        "#EXTM3U",
        "#EXT-X-TARGETDURATION:6",
        ...(map === undefined ? [] : [`#EXT-X-MAP:URI="${map}"`]),
        ...segments.flatMap(([milliseconds, each, tag]) => [...(tag === "" ? [] : [tag]), `#EXTINF:${milliseconds / 1_000},`, each]),
        ...(ended ? ["#EXT-X-ENDLIST"] : []),
        "",
      ].join(eol),
    );
  const multivariant = fc
    .record({
      variants: fc.array(fc.tuple(fc.nat(9_000_000), uri), { minLength: 1, maxLength: 8 }),
      audio: fc.array(uri, { maxLength: 3 }),
    })
    .map(({ variants, audio }) =>
      [
        "#EXTM3U",
        ...audio.map((each, index) => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n${index}",URI="${each}"`),
        ...variants.flatMap(([rate, each]) => [`#EXT-X-STREAM-INF:BANDWIDTH=${rate + 1},AUDIO="a"`, each]),
        "",
      ].join("\n"),
    );

  it("finds the URLs that hls.js and m3u8-parser find", () => {
    fc.assert(
      fc.property(fc.oneof(mediaPlaylist, multivariant), (text) => {
        const found = ours(text);
        expect(found).toEqual(byHlsJs(text, BASE));
        // m3u8-parser does not know EXT-X-GAP.
        if (!text.includes("#EXT-X-GAP")) expect(found).toEqual(byM3u8Parser(text, BASE));
      }),
      { numRuns: runs(1_000) },
    );
  });
});
