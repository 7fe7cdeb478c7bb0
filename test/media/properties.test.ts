import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { readDash } from "../../src/media/dash/mpd.ts";
import { readHls } from "../../src/media/hls/playlist.ts";
import type { Manifest, MediaUrl } from "../../src/media/manifest.ts";
import { chooseUrls } from "../../src/media/scope.ts";
import { streamScopes } from "../../src/prefetch/model/stream.ts";
import { runs } from "../fakes/runs.ts";
import { BASE, NOW } from "./read-harness.ts";

const tags = [
  "STREAM-INF",
  "MEDIA",
  "I-FRAME-STREAM-INF",
  "MAP",
  "KEY",
  "PART",
  "PRELOAD-HINT",
  "SKIP",
  "DEFINE",
  "DATERANGE",
  "BYTERANGE",
  "START",
  "GAP",
];
const attribute = fc
  .tuple(
    fc.constantFrom("URI", "TYPE", "BANDWIDTH", "BYTERANGE", "NAME", "VALUE", "QUERYPARAM", "DURATION", "TIME-OFFSET", "SKIPPED-SEGMENTS"),
    fc.constantFrom(
      '"a.ts"',
      '"{$a}"',
      '"',
      "",
      "1",
      "-1",
      "1e308",
      "99999999999999999999",
      '"1@2"',
      "PART",
      "AUDIO",
      '"a,b"',
      '"https://["',
    ),
  )
  .map(([name, value]) => `${name}=${value}`);

/** Lines that resemble a playlist, in any order and with any mistake. */
const line = fc.oneof(
  fc.tuple(fc.constantFrom(...tags), fc.array(attribute, { maxLength: 4 })).map(([tag, list]) => `#EXT-X-${tag}:${list.join(",")}`),
  fc.oneof(fc.double(), fc.string()).map((duration) => `#EXTINF:${duration},`),
  fc.constantFrom(
    "a.ts",
    "b.ts",
    "{$a}",
    "#EXT-X-ENDLIST",
    "#EXT-X-TARGETDURATION:4",
    "#EXT-X-BYTERANGE:5",
    "data:x",
    "#EXTM3U",
    "\r",
    "\uFEFF",
  ),
  fc.string({ unit: "binary" }),
);
const anyPlaylist = fc.array(line, { maxLength: 40 }).map((lines) => lines.join("\n"));

const element = fc.constantFrom(
  "MPD",
  "Period",
  "AdaptationSet",
  "Representation",
  "SegmentTemplate",
  "SegmentTimeline",
  "S",
  "BaseURL",
  "SegmentList",
);
const xmlAttribute = fc
  .tuple(
    fc.constantFrom(
      "type",
      "duration",
      "timescale",
      "media",
      "initialization",
      "r",
      "d",
      "t",
      "start",
      "id",
      "bandwidth",
      "mimeType",
      "endNumber",
    ),
    fc.constantFrom("dynamic", "PT10S", "0", "-1", "1", "5", "99999999999", "x$Number$", "video/mp4", "NaN", "", "$Time$"),
  )
  .map(([name, value]) => ` ${name}="${value}"`);
const attributes = fc.uniqueArray(xmlAttribute, { maxLength: 5, selector: (text) => text.split("=")[0] }).map((list) => list.join(""));
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.tuple(element, attributes).map(([name, list]) => `<${name}${list}/>`),
    fc
      .tuple(element, attributes, fc.array(tie("tree"), { maxLength: 3 }))
      .map(([name, list, children]) => `<${name}${list}>${children.join("")}</${name}>`),
  ),
}));
/** Elements in the order that means something, with attributes that need not. */
const nested = fc
  .tuple(attributes, attributes, attributes, attributes, attributes, tree)
  .map(([mpd, period, set, representation, template, inner]) =>
    [
      `<MPD${mpd}><Period${period}><AdaptationSet${set}><Representation${representation}>`,
      `<SegmentTemplate${template}>${inner}</SegmentTemplate></Representation></AdaptationSet></Period></MPD>`,
    ].join(""),
  );

function checkUrls({ urls, skipped }: Manifest): void {
  expect(new Set(urls.map(({ url }) => url)).size).toBe(urls.length);
  for (const { url, host, role, offset, bytes, ranges } of urls) {
    if (role === "playlist" && url.startsWith("data:")) continue;
    expect(URL.parse(url)).toMatchObject({ href: url, hostname: host, hash: "", username: "" });
    expect(["http:", "https:"]).toContain(URL.parse(url)?.protocol);
    for (const value of [offset, bytes]) expect(value === undefined || Number.isFinite(value)).toBe(true);
    expect(ranges === undefined || ranges.length > 0).toBe(true);
  }
  for (const { uri, reason } of skipped.list) expect([uri.length <= 201, reason !== ""]).toEqual([true, true]);
}

/** `undefined` for a manifest that is refused. */
function accepted(read: () => Manifest): Manifest | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PrefetchError)) throw error;
    expect(["invalid_argument", "unsupported", "limit_reached"]).toContain(error.code);
    return undefined;
  }
}

describe("readHls", () => {
  it("reads any text or refuses it with a PrefetchError", () => {
    fc.assert(
      fc.property(fc.oneof(anyPlaylist, fc.string({ unit: "binary", maxLength: 300 })), fc.constantFrom(BASE, "", "x"), (text, url) => {
        const manifest = accepted(() => readHls(text, url, { bandwidth: 1_000 }));
        if (manifest) checkUrls(manifest);
      }),
      { numRuns: runs(300) },
    );
  });

  it("reads back every segment written into a playlist", () => {
    const name = fc.string({ unit: fc.constantFrom(..."abc019-_."), minLength: 1, maxLength: 8 }).map((text) => `s-${text}`);
    const segment = fc.record({
      name,
      tenths: fc.integer({ min: 0, max: 600 }),
      gap: fc.boolean(),
      noise: fc.constantFrom("", "#EXT-X-DISCONTINUITY", "# note", "\t"),
    });
    const segments = fc.uniqueArray(segment, { maxLength: 30, selector: (each) => each.name });
    fc.assert(
      fc.property(segments, fc.constantFrom("\n", "\r\n", "\r"), fc.boolean(), (list, end, live) => {
        const lines = list.flatMap(({ name: uri, tenths, gap, noise }) => [
          `#EXTINF:${(tenths / 10).toFixed(1)},`,
          noise,
          ...(gap ? ["#EXT-X-GAP"] : []),
          uri,
        ]);
        const manifest = readHls(["#EXTM3U", ...lines, ...(live ? [] : ["#EXT-X-ENDLIST"])].join(end), BASE);
        let time = 0;
        const expected = list.flatMap(({ name: uri, tenths, gap }) => {
          const at = time;
          time += tenths;
          return gap ? [] : [[`https://media.example.com/film/${uri}`, at, tenths]];
        });
        // Without a target duration, players of a live stream start at its edge.
        const begin = live ? time : 0;
        for (const each of expected) each[1] = Number(each[1]) - begin;
        const tenthsOf = (seconds = Number.NaN): number => Math.round(seconds * 10);
        expect(manifest.urls.map(({ url, offset, duration }) => [url, tenthsOf(offset), tenthsOf(duration)])).toEqual(expected);
        expect(manifest.skipped.count).toBe(0);
        expect(manifest.live).toBe(live && list.length > 0);
      }),
    );
  });

  // Quadratic time on these texts of about a million characters would take minutes and exceed the test's timeout.
  it("reads a long hostile text in linear time", () => {
    for (const piece of ['#EXT-X-KEY:A="', "#EXT-X-MEDIA:=,=,", "{$", "#EXTINF:1\r", ',="', '#EXT-X-PART:URI="a",', "a\n"]) {
      for (const begin of ["#EXTM3U\n#EXT-X-MEDIA:", ""]) {
        const urls = accepted(() => readHls(begin + piece.repeat(100_000), BASE))?.urls ?? [];
        expect(urls.length).toBeLessThanOrEqual(100_000);
      }
    }
  });
});

describe("readDash", () => {
  it("reads any text or refuses it with a PrefetchError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nested,
          tree,
          fc.string({ unit: "binary" }),
          fc.string().map((text) => `<MPD>${text}</MPD>`),
        ),
        (text) => {
          const manifest = accepted(() => readDash(text, BASE, { now: NOW, maxSegments: 1_000 }));
          if (!manifest) return;
          checkUrls(manifest);
          // At most one init section for each segment.
          expect(manifest.urls.length).toBeLessThanOrEqual(2_000);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe("chooseUrls", () => {
  const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
  const seconds = optional(fc.integer({ min: -20, max: 100 }));
  const entry: fc.Arbitrary<MediaUrl> = fc.record({
    url: fc.integer({ min: 0, max: 60 }).map((index) => `https://media.example.com/${index}`),
    host: fc.constant("media.example.com"),
    role: fc.constantFrom("playlist", "init", "segment", "file", "part", "data"),
    kind: fc.constantFrom("main", "video", "audio", "subtitle", "iframe", "interstitial"),
    rendition: fc.constantFrom("a", "b", "c"),
    bandwidth: optional(fc.constantFrom(1, 2, 3)),
    average: fc.constant(undefined),
    offset: seconds,
    duration: optional(fc.integer({ min: 0, max: 10 })),
    edge: optional(fc.integer({ min: 0, max: 100 })),
    ranges: optional(
      fc.array(fc.record({ start: fc.nat(100), length: optional(fc.nat(100)), offset: seconds, duration: optional(fc.nat(10)) }), {
        minLength: 1,
        maxLength: 4,
      }),
    ),
    bytes: optional(fc.nat(1_000)),
    alternative: fc.constantFrom(0, 1),
  });

  it("lists each URL once, ordered playlists, init sections, media, and cuts from the end", () => {
    const step: Partial<Record<MediaUrl["role"], number>> = { playlist: 0, data: 1, init: 2 };
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 80 }),
        fc.constantFrom(...streamScopes),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(80),
        (urls, scope, windowSeconds, maxUrls) => {
          const whole = chooseUrls(urls, { scope, windowSeconds });
          const taken = whole.urls.map(({ url }) => url);
          expect(new Set(taken).size).toBe(taken.length);
          const steps = whole.urls.map(({ role }) => step[role] ?? 3);
          expect(steps).toEqual(steps.toSorted((a, b) => a - b));
          const cut = chooseUrls(urls, { scope, windowSeconds, maxUrls });
          expect(cut.urls).toEqual(whole.urls.slice(0, maxUrls));
          expect(cut.urls.length + cut.omitted).toBe(whole.urls.length);
          const full = new Set(chooseUrls(urls, { scope: "full", windowSeconds }).urls.map(({ url }) => url));
          expect(taken.filter((url) => !full.has(url))).toEqual([]);
        },
      ),
    );
  });
});
