import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { dash, NOW, named, only } from "../read-harness.ts";

const template = '<SegmentTemplate media="$RepresentationID$/$Number%03d$.m4s" initialization="$RepresentationID$/init.mp4" duration="6"/>';

function adaptationSet(inner: string, mime = "video/mp4", id = "sd"): string {
  return `<AdaptationSet mimeType="${mime}"><Representation id="${id}" bandwidth="800000">${inner}</Representation></AdaptationSet>`;
}

function refusal(read: () => unknown): PrefetchError {
  try {
    read();
  } catch (error) {
    if (error instanceof PrefetchError) return error;
    throw error;
  }
  throw new Error("The manifest was accepted");
}

describe("readDash on a static manifest", () => {
  it("unrolls templates with times and sizes", () => {
    const manifest = dash(`<Period>${adaptationSet(template)}${adaptationSet(template, "audio/mp4", "en")}</Period>`);
    expect(named(manifest)).toEqual([
      ...["init sd/init.mp4", "segment sd/001.m4s", "segment sd/002.m4s"],
      ...["init en/init.mp4", "segment en/001.m4s", "segment en/002.m4s"],
    ]);
    expect(manifest).toMatchObject({ format: "dash", live: false, duration: 12, skipped: { count: 0 } });
    expect(manifest.urls[2]).toMatchObject({
      kind: "video",
      rendition: "video/sd",
      bandwidth: 800_000,
      offset: 6,
      duration: 6,
      bytes: 600_000,
      edge: undefined,
    });
  });

  it("joins periods on one time line that begins with the first one", () => {
    const period = (id: string, start: string) =>
      `<Period start="${start}" duration="PT6S"><BaseURL>${id}/</BaseURL>${adaptationSet(template)}</Period>`;
    const { urls } = dash(`${period("a", "PT100S")}${period("b", "PT106S")}`);
    expect(named({ urls })).toEqual(["init a/sd/init.mp4", "segment a/sd/001.m4s", "init b/sd/init.mp4", "segment b/sd/001.m4s"]);
    expect(urls.map(({ offset }) => offset)).toEqual([undefined, 0, undefined, 6]);
  });

  it("uses the first base URL of each level and names the others", () => {
    const manifest = dash(
      `<BaseURL>https://a.example.com/</BaseURL><BaseURL>https://b.example.com/</BaseURL><Period>${adaptationSet(template)}</Period>`,
    );
    expect(new Set(manifest.urls.map(({ host }) => host))).toEqual(new Set(["a.example.com"]));
    expect(manifest.skipped.list).toMatchObject([{ uri: "https://b.example.com/", reason: expect.stringContaining("another address") }]);
  });

  it("lists a file that contains its index as one file", () => {
    const inner = '<BaseURL>sd.mp4</BaseURL><SegmentBase indexRange="700-999"><Initialization range="0-699"/></SegmentBase>';
    expect(only(dash(`<Period>${adaptationSet(inner)}</Period>`))).toMatchObject({
      url: "https://media.example.com/film/sd.mp4",
      role: "file",
      offset: 0,
      duration: 12,
      bytes: 1_200_000,
      ranges: undefined,
    });
    const apart = '<BaseURL>sd.mp4</BaseURL><SegmentBase indexRange="0-99"><Initialization sourceURL="head.mp4"/></SegmentBase>';
    expect(named(dash(`<Period>${adaptationSet(apart)}</Period>`))).toEqual(["file sd.mp4", "init head.mp4"]);
    const noIndex = '<BaseURL>sd.mp4</BaseURL><SegmentBase><Initialization range="0-699"/></SegmentBase>';
    expect(only(dash(`<Period>${adaptationSet(noIndex)}</Period>`))).toMatchObject({ role: "file", ranges: undefined });
  });

  it("lists a representation with only a base URL as one file", () => {
    expect(only(dash(`<Period>${adaptationSet("<BaseURL>en.vtt</BaseURL>", "text/vtt")}</Period>`))).toMatchObject({
      role: "file",
      kind: "subtitle",
    });
    expect(dash(`<Period>${adaptationSet("")}${adaptationSet(template)}</Period>`).skipped.list).toMatchObject([
      { reason: expect.stringContaining("names no file") },
    ]);
  });

  it("merges the ranges of a segment list into one entry", () => {
    const list = `<BaseURL>sd.mp4</BaseURL><SegmentList duration="6"><Initialization range="0-99"/>
      <SegmentURL mediaRange="100-199"/><SegmentURL mediaRange="200-399"/></SegmentList>`;
    const file = dash(`<Period>${adaptationSet(list)}</Period>`);
    expect(file.urls.map(({ ranges }) => ranges?.map(({ start, length }) => [start, length]))).toEqual([
      [
        [0, 100],
        [100, 100],
        [200, 200],
      ],
    ]);
  });

  it("spreads a segment list without times over its period", () => {
    const list = '<SegmentList><SegmentURL media="1.m4s"/><SegmentURL media="2.m4s"/></SegmentList>';
    const { urls } = dash(`<Period>${adaptationSet(list)}</Period>`);
    expect(urls.map(({ url, offset, duration }) => [url.at(-5), offset, duration])).toEqual([
      ["1", 0, 6],
      ["2", 6, 6],
    ]);
  });

  it.each([
    ['mimeType="video/webm"', "video"],
    ['contentType="audio"', "audio"],
    ['mimeType="application/mp4" codecs="stpp.ttml"', "subtitle"],
    ['mimeType="application/ttml+xml"', "subtitle"],
    ['mimeType="image/jpeg"', "image"],
    ['mimeType="application/octet-stream"', "main"],
    ["", "main"],
  ])("recognizes the kind of <AdaptationSet %s>", (attributes, kind) => {
    const { urls } = dash(
      `<Period><AdaptationSet ${attributes}><Representation id="1">${template}</Representation></AdaptationSet></Period>`,
    );
    expect(new Set(urls.map((url) => url.kind))).toEqual(new Set([kind]));
  });

  it("lists its new location and its steering server", () => {
    const { urls } = dash(
      `<Location>next.mpd</Location><ContentSteering>https://steer.example.com/x</ContentSteering><Period>${adaptationSet(template)}</Period>`,
    );
    expect(named({ urls }).slice(3)).toEqual(["location next.mpd", "steering https://steer.example.com/x"]);
  });

  it("lists the readable representations when one is broken", () => {
    const broken = adaptationSet(
      '<SegmentList duration="6"><SegmentTimeline><S d="1"/></SegmentTimeline></SegmentList>',
      "video/mp4",
      "bad",
    );
    const manifest = dash(`<Period>${broken}${adaptationSet(template)}</Period>`);
    expect(manifest.urls).toHaveLength(3);
    expect(manifest.skipped.list).toMatchObject([{ uri: "video/bad", reason: "has a SegmentList without a SegmentURL" }]);
    expect(refusal(() => dash(`<Period>${broken}</Period>`))).toMatchObject({ code: "unsupported" });
  });
});

describe("readDash on a dynamic manifest", () => {
  const live = 'type="dynamic" availabilityStartTime="2026-05-31T23:00:00Z" minimumUpdatePeriod="PT2S"';

  it("lists the segments that exist now, up to the live edge", () => {
    const { urls, live: isLive } = dash(`<Period start="PT0S">${adaptationSet(template)}</Period>`, `${live} timeShiftBufferDepth="PT30S"`);
    const segments = urls.filter(({ role }) => role === "segment");
    expect(isLive).toBe(true);
    expect(segments.map(({ url }) => url.slice(-7, -4))).toEqual(["596", "597", "598", "599", "600"]);
    expect(segments.map(({ edge }) => edge)).toEqual([30, 24, 18, 12, 6]);
    const later = dash(`<Period start="PT0S">${adaptationSet(template)}</Period>`, `${live} timeShiftBufferDepth="PT30S"`, NOW + 6_000);
    expect(later.urls.at(-1)?.url).toMatch(/601\.m4s$/);
  });

  it("lists only what is near the live edge of a stream that keeps everything", () => {
    const old = 'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"';
    expect(dash(`<Period start="PT0S">${adaptationSet(template)}</Period>`, old).urls).toHaveLength(6);
  });

  it("skips a period that is only announced", () => {
    expect(dash(`<Period>${adaptationSet(template)}</Period>`, live)).toMatchObject({
      urls: [],
      skipped: { list: [{ reason: "is announced, and has no beginning yet" }] },
    });
  });
});
