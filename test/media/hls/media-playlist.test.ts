import { describe, expect, it } from "vitest";
import { readHls } from "../../../src/media/hls/playlist.ts";
import type { Manifest } from "../../../src/media/manifest.ts";
import { BASE, hls, named, only } from "../read-harness.ts";

function times({ urls }: Manifest): (number | undefined)[] {
  return urls.map(({ offset }) => offset);
}

describe("readHls on segments", () => {
  it("places them on the time line and takes kind and rates from the multivariant playlist", () => {
    const context = { kind: "video", rendition: "video/sd", bandwidth: 800_000, average: 400_000 } as const;
    const manifest = hls(
      [
        "#EXT-X-TARGETDURATION:6",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:6.006,Title, with comma",
        "a.m4s",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:4",
        "b.m4s",
        "#EXT-X-ENDLIST",
      ],
      context,
    );
    expect(manifest).toMatchObject({ shape: "media", live: false, duration: 10.006, targetDuration: 6, delta: false });
    expect(named(manifest)).toEqual(["init init.mp4", "segment a.m4s", "segment b.m4s"]);
    expect(manifest.urls[2]).toMatchObject({ ...context, offset: 6.006, duration: 4, bytes: 200_000, edge: undefined, ranges: undefined });
  });

  it.each([
    ["#EXTINF:5,", 5],
    ["#EXTINF:5.5", 5.5],
    ["#EXTINF: 5s,", 5],
    ["#EXTINF:-1,live", 6],
    ["#EXTINF:,", 6],
    ["#EXTINF:abc,", 6],
    ["#EXTINF:1e99,", 6],
    ["#EXTINF:0,", 0],
    ["#SOMETHING", 6],
  ])("reads the duration of %s", (line, seconds) => {
    expect(only(hls(["#EXT-X-TARGETDURATION:6", line, "a.ts"]))).toMatchObject({ duration: seconds });
  });

  it("estimates their size from EXT-X-BITRATE", () => {
    expect(hls(["#EXT-X-BITRATE:800", "#EXTINF:10,", "a.ts"], { bandwidth: 5 }).urls).toMatchObject([{ bytes: 1_000_000 }]);
  });

  it("skips missing ones but keeps their time", () => {
    const manifest = hls(["#EXTINF:4,", "a.ts", "#EXT-X-GAP", "#EXTINF:4,", "b.ts", "#EXTINF:4,", "c.ts", "#EXT-X-ENDLIST"]);
    expect(named(manifest)).toEqual(["segment a.ts", "segment c.ts"]);
    expect(times(manifest)).toEqual([0, 8]);
    expect(manifest.skipped.count).toBe(0);
  });

  it("reads the same with any line ending and with a byte order mark", () => {
    const lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:6", "", "#EXTINF:6,", "  a b.ts\t", "#EXT-X-ENDLIST"];
    const [first, ...variants] = ["\n", "\r\n", "\r"]
      .flatMap((end) => [lines.join(end), `\uFEFF${lines.join(end)}${end}`])
      .map((text) => readHls(text, BASE));
    expect(first?.urls).toMatchObject([{ url: "https://media.example.com/film/a%20b.ts" }]);
    for (const variant of variants) expect(variant).toEqual(first);
  });
});

describe("readHls on byte ranges", () => {
  it("merges the ranges of one file into one entry", () => {
    const manifest = hls(
      [
        '#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"',
        "#EXTINF:6,",
        "#EXT-X-BYTERANGE:1000@700",
        "all.mp4",
        "#EXTINF:6,",
        "#EXT-X-BYTERANGE:2000",
        "all.mp4",
        "#EXT-X-ENDLIST",
      ],
      { bandwidth: 1_000 },
    );
    expect(only(manifest)).toMatchObject({ role: "segment", offset: 0, duration: 12, bytes: 3_700 });
    expect(only(manifest).ranges).toEqual([
      { start: 0, length: 700, offset: undefined, duration: undefined },
      { start: 700, length: 1_000, offset: 0, duration: 6 },
      { start: 1_700, length: 2_000, offset: 6, duration: 6 },
    ]);
  });

  it("drops the ranges when the playlist also names the whole file, in either order", () => {
    const whole = ["#EXTINF:6,", "all.mp4"];
    const range = ["#EXTINF:6,", "#EXT-X-BYTERANGE:10@0", "all.mp4"];
    for (const lines of [
      [...whole, ...range],
      [...range, ...whole, ...range],
    ]) {
      expect(only(hls(lines)).ranges).toBeUndefined();
    }
  });

  it("counts overlapping bytes once", () => {
    const lines = [
      "#EXTINF:6,",
      "#EXT-X-BYTERANGE:10@0",
      "a",
      "#EXTINF:6,",
      "#EXT-X-BYTERANGE:10@5",
      "a",
      "#EXTINF:6,",
      "#EXT-X-BYTERANGE:10@0",
      "a",
    ];
    expect(only(hls(lines))).toMatchObject({ bytes: 15, ranges: [{ start: 0 }, { start: 5 }] });
  });

  it("lists the whole file when a range is unreadable", () => {
    expect(only(hls(["#EXTINF:6,", "#EXT-X-BYTERANGE:ten", "a"])).ranges).toBeUndefined();
  });
});

describe("readHls on a live playlist", () => {
  const lines = ["#EXT-X-TARGETDURATION:4", "#EXTINF:4,", "a.ts", "#EXTINF:4,", "b.ts"];

  it("is live without an end list and without the type VOD", () => {
    const live = hls(lines);
    expect(live.live).toBe(true);
    expect(live.urls.map(({ edge, lasting = false }) => [edge, lasting])).toEqual([
      [8, false],
      [4, false],
    ]);
    expect(hls([...lines, "#EXT-X-ENDLIST"]).live).toBe(false);
    expect(hls(["#EXT-X-PLAYLIST-TYPE:VOD", ...lines]).live).toBe(false);
    expect(hls(["#EXT-X-PLAYLIST-TYPE:EVENT", ...lines])).toMatchObject({ live: true, urls: [{ lasting: true }, { lasting: true }] });
  });

  it("keeps the time of segments that a delta update omits", () => {
    const manifest = hls(["#EXT-X-TARGETDURATION:4", "#EXT-X-SKIP:SKIPPED-SEGMENTS=10", "#EXTINF:4,", "k.ts"]);
    expect(manifest).toMatchObject({ delta: true, live: true, duration: 44 });
    expect(only(manifest)).toMatchObject({ offset: 8, edge: 4 });
    expect(manifest.skipped.list).toMatchObject([{ uri: "#EXT-X-SKIP", reason: expect.stringContaining("leaves out 10 segments") }]);
  });

  it.each([
    ["three target durations before the edge", [], [-4, 0, 4, 8]],
    ["at HOLD-BACK", ["#EXT-X-SERVER-CONTROL:HOLD-BACK=14"], [-2, 2, 6, 10]],
    ["three target durations before the edge when HOLD-BACK is less", ["#EXT-X-SERVER-CONTROL:HOLD-BACK=2"], [-4, 0, 4, 8]],
    ["at a positive EXT-X-START", ["#EXT-X-START:TIME-OFFSET=0"], [0, 4, 8, 12]],
    ["at a negative EXT-X-START", ["#EXT-X-START:TIME-OFFSET=-6"], [-10, -6, -2, 2]],
  ])("puts time zero %s", (_, tags, offsets) => {
    expect(times(hls([...tags, ...lines, "#EXTINF:4,", "c.ts", "#EXTINF:4,", "d.ts"]))).toEqual(offsets);
  });

  const lowLatency = [
    "#EXT-X-TARGETDURATION:4",
    "#EXT-X-PART-INF:PART-TARGET=1",
    '#EXT-X-PART:DURATION=2,URI="a1.mp4"',
    '#EXT-X-PART:DURATION=2,URI="a2.mp4"',
    "#EXTINF:4,",
    "a.mp4",
    '#EXT-X-PART:DURATION=1,URI="b1.mp4"',
    '#EXT-X-PART:DURATION=1,URI="b2.mp4",GAP=YES',
  ];
  const hint = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b3.mp4"';

  it("lists the parts at the live edge, but not those that the segments replace", () => {
    const manifest = hls([...lowLatency, hint]);
    expect(named(manifest)).toEqual(["segment a.mp4", "hint b3.mp4", "part a2.mp4", "part b1.mp4"]);
    expect(manifest.urls.map(({ edge }) => edge)).toEqual([6, undefined, 4, 2]);
    const nearer = hls(["#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2", ...lowLatency]);
    expect(named(nearer)).toEqual(["segment a.mp4", "part b1.mp4"]);
    expect(named(hls([...lowLatency, "#EXT-X-ENDLIST"]))).toEqual(["segment a.mp4"]);
    expect(manifest.skipped.count).toBe(0);
  });

  it("skips a byte range of a segment that is still growing", () => {
    const lines = ["#EXT-X-PART-INF:PART-TARGET=1", "#EXTINF:4,", "a.mp4", '#EXT-X-PART:DURATION=1,URI="b.mp4",BYTERANGE="100@0"'];
    const manifest = hls(lines);
    expect(named(manifest)).toEqual(["segment a.mp4"]);
    expect(manifest.skipped.list).toMatchObject([{ uri: "b.mp4", reason: expect.stringContaining("still growing") }]);
  });
});

describe("readHls on EXT-X-START", () => {
  const lines = ["#EXTINF:4,", "a.ts", "#EXTINF:4,", "b.ts", "#EXTINF:4,", "c.ts", "#EXT-X-ENDLIST"];

  it.each([
    ["5", [-5, -1, 3]],
    ["-4", [-8, -4, 0]],
    ["-100", [0, 4, 8]],
    ["100", [-12, -8, -4]],
    ["x", [0, 4, 8]],
  ])("puts time zero at %s", (start, offsets) => {
    expect(times(hls([`#EXT-X-START:TIME-OFFSET=${start}`, ...lines]))).toEqual(offsets);
  });

  it("takes the start from the multivariant playlist, even if the media playlist has its own", () => {
    expect(times(hls(lines, { start: 4 }))).toEqual([-4, 0, 4]);
    expect(times(hls(["#EXT-X-START:TIME-OFFSET=0", ...lines], { start: 4 }))).toEqual([-4, 0, 4]);
  });
});

describe("readHls on trick play", () => {
  it("takes the kind from the playlist itself unless the multivariant playlist states one", () => {
    expect(only(hls(["#EXT-X-I-FRAMES-ONLY", "#EXTINF:4,", "a.ts"])).kind).toBe("iframe");
    expect(only(hls(["#EXT-X-IMAGES-ONLY", "#EXTINF:4,", "a.jpg"])).kind).toBe("image");
    expect(only(hls(["#EXT-X-I-FRAMES-ONLY", "#EXTINF:4,", "a.ts"], { kind: "interstitial" })).kind).toBe("interstitial");
  });
});

describe("readHls on lines without EXTINF", () => {
  it("lists a URI, as players fetch it, and skips a line of words", () => {
    const manifest = hls(["#EXTINF:6,", "a.ts", "* Connection #0 to host left intact", "b.ts"]);
    expect(named(manifest)).toEqual(["segment a.ts", "segment b.ts"]);
    expect(manifest.skipped).toMatchObject({ count: 1, list: [{ uri: "* Connection #0 to host left intact" }] });
  });
});

describe("readHls on too much", () => {
  const segments = (count: number) => Array.from({ length: count }, (_, index) => ["#EXTINF:1,", `${index}.ts`]).flat();

  it("refuses the playlist when it names too many URLs, or one URL too often", () => {
    expect(hls(segments(1_500), {}, { maxUrls: 1_500 }).urls).toHaveLength(1_500);
    expect(() => hls(segments(1_502), {}, { maxUrls: 1_500 })).toThrow("more than 1,500 URLs");
    expect(() => hls(Array.from({ length: 3_001 }, () => ["#EXTINF:1,", "a.ts"]).flat(), {}, { maxUrls: 1_500 })).toThrow(
      "more than 1,500 URLs",
    );
  });

  it("refuses the playlist when its URLs have too many characters", () => {
    const url = `https://media.example.com/${"x".repeat(8_000)}/main.m3u8`;
    expect(() => hls(segments(3_000), {}, {}, url)).toThrow("more than 16,777,216 characters together");
  });

  it("counts all skipped URIs and lists at most 1,000", () => {
    const { skipped } = hls(Array.from({ length: 3_000 }, (_, index) => ["#EXTINF:1,", `skd://${index}`]).flat());
    expect(skipped.count).toBe(3_000);
    expect(skipped.list).toHaveLength(1_000);
  });

  it("refuses a tag with too many attributes", () => {
    expect(() => hls([`#EXT-X-MEDIA:${Array.from({ length: 1_002 }, (_, index) => `A${index}=1`).join()}`])).toThrow(
      "more than 1,000 attributes",
    );
  });
});
