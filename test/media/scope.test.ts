import { describe, expect, it } from "vitest";
import type { MediaUrl } from "../../src/media/manifest.ts";
import { chooseUrls } from "../../src/media/scope.ts";
import { hls } from "./read-harness.ts";

function entry(name: string, facts: Partial<MediaUrl> = {}): MediaUrl {
  return {
    url: `https://media.example.com/${name}`,
    host: "media.example.com",
    role: "segment",
    kind: "main",
    rendition: "main",
    bandwidth: undefined,
    average: undefined,
    offset: undefined,
    duration: undefined,
    edge: undefined,
    ranges: undefined,
    bytes: undefined,
    alternative: 0,
    ...facts,
  };
}

/** The playlist, the init section and the segments of a rendition. */
function rendition(name: string, kind: MediaUrl["kind"], count: number, facts: Partial<MediaUrl> = {}): MediaUrl[] {
  const shared = { kind, rendition: name, ...facts };
  return [
    entry(`${name}.m3u8`, { ...shared, role: "playlist" }),
    entry(`${name}/init`, { ...shared, role: "init" }),
    ...Array.from({ length: count }, (_, index) => entry(`${name}/${index}`, { ...shared, offset: index * 6, duration: 6, bytes: 1_000 })),
  ];
}

const names = (urls: readonly MediaUrl[]): string[] => urls.map(({ url }) => url.replace("https://media.example.com/", ""));

const film = (segments: number): MediaUrl[] => [
  entry("main.m3u8", { role: "playlist" }),
  ...[6, 5, 4, 3, 2, 1].flatMap((rung) => rendition(`v${rung}`, "video", segments, { bandwidth: rung * 1_000_000 })),
  ...rendition("en", "audio", segments),
  ...rendition("de", "audio", segments),
];

describe("chooseUrls", () => {
  it("starts a film of two hours, six rungs and two languages with 57 URLs", () => {
    const all = film(1_200);
    const { urls, omitted, bytes } = chooseUrls(all);
    expect(all).toHaveLength(9_617);
    expect(urls).toHaveLength(57);
    expect(omitted).toBe(0);
    expect(bytes).toEqual({ known: 40_000, unknownUrls: 0 });
    expect(chooseUrls(all, { scope: "full" }).urls).toHaveLength(9_617);
    expect(chooseUrls(all, { scope: "manifests" }).urls).toHaveLength(9);
  });

  it("orders playlists, init sections, the lowest rung with audio, the higher rungs, then the rest", () => {
    const small = [
      entry("main.m3u8", { role: "playlist" }),
      ...rendition("hi", "video", 3, { bandwidth: 3 }),
      ...rendition("mid", "video", 3, { bandwidth: 2 }),
      ...rendition("lo", "video", 3, { bandwidth: 1 }),
      ...rendition("en", "audio", 3),
      ...rendition("text", "subtitle", 3),
    ];
    const { urls } = chooseUrls(small, { scope: "full", windowSeconds: 12 });
    expect(names(urls)).toEqual([
      ...["main.m3u8", "lo.m3u8", "en.m3u8", "text.m3u8", "mid.m3u8", "hi.m3u8"],
      ...["lo/init", "en/init", "text/init", "mid/init", "hi/init"],
      ...["lo/0", "en/0", "lo/1", "en/1"],
      ...["text/0", "text/1", "mid/0", "mid/1", "hi/0", "hi/1"],
      ...["lo/2", "en/2", "text/2", "mid/2", "hi/2"],
    ]);
  });

  it("chooses the window in which playback begins", () => {
    const urls = [-12, -3, 0, 29, 30].map((offset) => entry(`${offset}`, { offset, duration: 6 }));
    expect(names(chooseUrls(urls).urls)).toEqual(["-3", "0", "29"]);
    expect(names(chooseUrls(urls, { windowSeconds: 10 }).urls)).toEqual(["-3", "0"]);
    expect(names(chooseUrls([entry("untimed")]).urls)).toEqual(["untimed"]);
  });

  it("chooses only segments near the edge of a live stream, in any scope", () => {
    const lines = Array.from({ length: 100 }, (_, index) => ["#EXTINF:6,", `${index}.ts`]).flat();
    const { urls } = hls(["#EXT-X-TARGETDURATION:6", '#EXT-X-MAP:URI="init"', ...lines]);
    for (const scope of ["startup", "full"] as const) {
      expect(names(chooseUrls(urls, { scope }).urls).map((name) => name.replace("film/", ""))).toEqual([
        "init",
        "95.ts",
        "96.ts",
        "97.ts",
        "98.ts",
        "99.ts",
      ]);
    }
    expect(chooseUrls(urls, { windowSeconds: 1 }).urls.map(({ edge }) => edge)).toEqual([undefined, 18]);
  });

  const segments = (count: number, seconds: number) =>
    Array.from({ length: count }, (_, index) => [`#EXTINF:${seconds},`, `${index}`]).flat();
  const chosen = (lines: readonly string[], scope: "startup" | "full") =>
    names(chooseUrls(hls(lines).urls, { scope }).urls).map((name) => name.replace("film/", ""));

  it("begins a live stream where players begin, and lists it to its edge in full scope", () => {
    const far = ["#EXT-X-TARGETDURATION:20", ...segments(10, 20)];
    expect(chosen(far, "startup")).toEqual(["7", "8"]);
    expect(chosen(far, "full")).toEqual(["7", "8", "9"]);
    const held = ["#EXT-X-TARGETDURATION:6", "#EXT-X-SERVER-CONTROL:HOLD-BACK=48", ...segments(20, 6)];
    expect(chosen(held, "startup")).toEqual(["12", "13", "14", "15", "16"]);
    expect(chosen(held, "full")).toEqual(["12", "13", "14", "15", "16", "17", "18", "19"]);
  });

  it("begins an EVENT playlist where players begin, and lists all of it in full scope", () => {
    const event = ["#EXT-X-TARGETDURATION:6", "#EXT-X-PLAYLIST-TYPE:EVENT", ...segments(20, 6)];
    expect(chosen(event, "startup")).toEqual(["15", "16", "17", "18", "19"]);
    expect(chosen(event, "full")).toHaveLength(20);
    const fromStart = ["#EXT-X-START:TIME-OFFSET=0", ...event];
    expect(chosen(fromStart, "startup")).toEqual(["0", "1", "2", "3", "4"]);
    expect(chosen(fromStart, "full")).toHaveLength(20);
  });

  it("begins at the last segment when the playlist starts beyond its end", () => {
    const lines = ["#EXT-X-TARGETDURATION:6", "#EXT-X-START:TIME-OFFSET=999", ...segments(20, 6), "#EXT-X-ENDLIST"];
    expect(chosen(lines, "startup")).toEqual(["19"]);
    expect(chosen(lines, "full")).toHaveLength(20);
  });

  it("lists the parts at the edge in both scopes", () => {
    const low = ["#EXT-X-TARGETDURATION:6", "#EXT-X-PART-INF:PART-TARGET=1", ...segments(20, 6), '#EXT-X-PART:DURATION=1,URI="p"'];
    for (const scope of ["startup", "full"] as const) expect(chosen(low, scope)).toContain("p");
  });

  it("chooses the ranges of a file that play in the window", () => {
    const lines = Array.from({ length: 20 }, (_, index) => ["#EXTINF:6,", `#EXT-X-BYTERANGE:100@${50 + index * 100}`, "all.mp4"]).flat();
    const vod = hls(['#EXT-X-MAP:URI="all.mp4",BYTERANGE="50@0"', ...lines, "#EXT-X-ENDLIST"]);
    const [start] = chooseUrls(vod.urls).urls;
    expect(start).toMatchObject({ bytes: 550, offset: 0, duration: 30 });
    expect(start?.ranges?.map((range) => range.start)).toEqual([0, 50, 150, 250, 350, 450]);
    const live = hls(lines);
    expect(chooseUrls(live.urls).urls[0]?.ranges?.map((range) => range.start)).toEqual([1_550, 1_650, 1_750, 1_850, 1_950]);
    expect(chooseUrls(vod.urls, { scope: "full" }).urls[0]?.ranges).toHaveLength(21);
  });

  it("includes trick play at startup only with the option, and its playlists always", () => {
    const urls = rendition("frames", "iframe", 2);
    expect(names(chooseUrls(urls).urls)).toEqual(["frames.m3u8"]);
    expect(names(chooseUrls(urls, { trickPlay: true }).urls)).toEqual(["frames.m3u8", "frames/init", "frames/0", "frames/1"]);
    expect(chooseUrls(urls, { scope: "full" }).urls).toHaveLength(4);
  });

  it("puts the first host before its alternatives and advertisements last", () => {
    const ad = entry("ad/0", { kind: "interstitial", offset: 0, duration: 6 });
    const backup = rendition("b", "video", 1, { bandwidth: 1, alternative: 1, rendition: "sd" });
    const first = rendition("a", "video", 1, { bandwidth: 1, rendition: "sd" });
    expect(names(chooseUrls([ad, ...backup, ...first]).urls)).toEqual(["a.m3u8", "b.m3u8", "a/init", "b/init", "a/0", "b/0", "ad/0"]);
  });

  it("counts omitted URLs and URLs of unknown size", () => {
    const urls = [...rendition("a", "video", 3), entry("b", { offset: 0 })];
    expect(chooseUrls(urls)).toMatchObject({ omitted: 0, bytes: { known: 3_000, unknownUrls: 1 } });
    const cut = chooseUrls(urls, { maxUrls: 3 });
    expect(cut.urls).toHaveLength(3);
    expect(cut.omitted).toBe(3);
  });

  it("lists each URL once", () => {
    expect(chooseUrls([entry("a"), entry("a"), entry("b")]).urls).toHaveLength(2);
  });
});
