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
    const manifest = hls(["#EXTINF:4,", "a.ts", "#EXT-X-GAP", "#EXTINF:4,", "b.ts", "#EXTINF:4,", "c.ts"]);
    expect(named(manifest)).toEqual(["segment a.ts", "segment c.ts"]);
    expect(times(manifest)).toEqual([0, 8]);
    expect(manifest.skipped).toEqual([{ uri: "b.ts", role: "segment", reason: "is marked as missing (EXT-X-GAP)" }]);
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
    expect(live.urls.map(({ edge }) => edge)).toEqual([8, 4]);
    expect(hls([...lines, "#EXT-X-ENDLIST"]).live).toBe(false);
    expect(hls(["#EXT-X-PLAYLIST-TYPE:VOD", ...lines]).live).toBe(false);
    expect(hls(["#EXT-X-PLAYLIST-TYPE:EVENT", ...lines]).live).toBe(true);
  });

  it("keeps the time of segments that a delta update omits", () => {
    const manifest = hls(["#EXT-X-TARGETDURATION:4", "#EXT-X-SKIP:SKIPPED-SEGMENTS=10", "#EXTINF:4,", "k.ts"]);
    expect(manifest).toMatchObject({ delta: true, live: true, duration: 44 });
    expect(only(manifest)).toMatchObject({ offset: 40, edge: 4 });
  });

  const lowLatency = [
    "#EXT-X-TARGETDURATION:4",
    '#EXT-X-PART:DURATION=2,URI="a1.mp4"',
    '#EXT-X-PART:DURATION=2,URI="a2.mp4",GAP=YES',
    "#EXTINF:4,",
    "a.mp4",
    '#EXT-X-PART:DURATION=2,URI="b.mp4",BYTERANGE="100@0"',
    '#EXT-X-PART:DURATION=2,URI="b.mp4",BYTERANGE="50"',
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b.mp4",BYTERANGE-START=150',
  ];

  it("lists parts and hints only with the option", () => {
    expect(named(hls(lowLatency))).toEqual(["segment a.mp4"]);
    const manifest = hls(lowLatency, {}, { parts: true });
    expect(named(manifest)).toEqual(["part a1.mp4", "segment a.mp4", "part b.mp4"]);
    expect(times(manifest)).toEqual([0, 0, 4]);
    expect(manifest.urls[2]?.ranges).toEqual([
      { start: 0, length: 100, offset: 4, duration: 2 },
      { start: 100, length: 50, offset: 6, duration: 2 },
      { start: 150, length: undefined, offset: 8, duration: undefined },
    ]);
    expect(manifest.skipped).toMatchObject([{ uri: "a2.mp4", role: "part" }]);
  });

  it("lists a hint at a whole file", () => {
    expect(named(hls(['#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="next.mp4"'], {}, { parts: true }))).toEqual(["hint next.mp4"]);
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

  it("takes the start from the multivariant playlist unless the media playlist has its own", () => {
    expect(times(hls(lines, { start: 4 }))).toEqual([-4, 0, 4]);
    expect(times(hls(["#EXT-X-START:TIME-OFFSET=0", ...lines], { start: 4 }))).toEqual([0, 4, 8]);
  });
});

describe("readHls on trick play", () => {
  it("takes the kind from the playlist itself unless the multivariant playlist states one", () => {
    expect(only(hls(["#EXT-X-I-FRAMES-ONLY", "#EXTINF:4,", "a.ts"])).kind).toBe("iframe");
    expect(only(hls(["#EXT-X-IMAGES-ONLY", "#EXTINF:4,", "a.jpg"])).kind).toBe("image");
    expect(only(hls(["#EXT-X-I-FRAMES-ONLY", "#EXTINF:4,", "a.ts"], { kind: "interstitial" })).kind).toBe("interstitial");
  });
});

describe("readHls on too many URLs", () => {
  it("skips the URLs beyond the limit and lists at most 1,000 reasons", () => {
    const { urls, skipped } = hls(
      Array.from({ length: 3_000 }, (_, index) => `${index}.ts`),
      {},
      { maxUrls: 1_500 },
    );
    expect(urls).toHaveLength(1_500);
    expect(skipped).toHaveLength(1_000);
    expect(skipped[0]).toMatchObject({ uri: "1500.ts", reason: "lies beyond the limit of 1,500 URLs in one playlist" });
  });
});
