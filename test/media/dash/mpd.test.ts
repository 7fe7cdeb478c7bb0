import { describe, expect, it, vi } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { readDash } from "../../../src/media/dash/mpd.ts";
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

  it("lists every host of a representation in the manifest's order", () => {
    const { urls } = dash(
      `<BaseURL>https://a.example.com/</BaseURL><BaseURL>https://b.example.com/</BaseURL><Period>${adaptationSet(template)}</Period>`,
    );
    expect(urls.map(({ host, alternative, rendition }) => [host, alternative, rendition])).toEqual([
      ...Array.from({ length: 3 }, () => ["a.example.com", 0, "video/sd"]),
      ...Array.from({ length: 3 }, () => ["b.example.com", 1, "video/sd"]),
    ]);
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
    expect(manifest.skipped.list).toMatchObject([{ reason: "The DASH manifest lists segments without their duration" }]);
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

  it("lists at most ten minutes of a stream that keeps everything", () => {
    const old = 'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"';
    expect(dash(`<Period start="PT0S">${adaptationSet(template)}</Period>`, old).urls).toHaveLength(101);
  });

  it("skips a period that is only announced", () => {
    expect(dash(`<Period>${adaptationSet(template)}</Period>`, live)).toMatchObject({
      urls: [],
      skipped: { list: [{ reason: "is in a period that has not begun" }] },
    });
  });
});

describe("readDash on a hostile manifest", () => {
  const timeline = (entries: string) =>
    `<SegmentTemplate media="$Number$" timescale="1"><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`;

  // Unrolling any of these would run out of memory or never end.
  it.each([
    ["repeats", adaptationSet(timeline('<S t="0" d="1" r="2000000000"/>'))],
    ["repeats of nothing", adaptationSet(timeline('<S t="0" d="0" r="-1"/><S t="9" d="1"/>'))],
    ["repeats up to a far time", adaptationSet(timeline('<S t="0" d="1" r="-1"/><S t="9000000000000" d="1"/>'))],
    ["tiny segments", adaptationSet('<SegmentTemplate media="$Number$" duration="1" timescale="1000000000"/>')],
    ["a far end number", adaptationSet('<SegmentTemplate media="$Number$" duration="1" endNumber="4000000000"/>')],
    ["a list of tiny segments", adaptationSet('<SegmentList duration="1" timescale="1000000000"><SegmentURL media="a"/></SegmentList>')],
    [
      "numbers that cannot be counted on from",
      adaptationSet(timeline('<S t="0" d="1" r="5"/>').replace("timescale", 'startNumber="9007199254740992" timescale')),
    ],
    ["a base of tiny segments", adaptationSet('<BaseURL>a</BaseURL><SegmentBase duration="1" timescale="1000000000"/>')],
  ])("refuses %s before it unrolls them", (_, inner) => {
    expect(refusal(() => dash(`<Period>${inner}</Period>`))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("more than 200,000"),
    });
  });

  it("ignores attributes that only the parser may set", () => {
    const forged = 'NOW="9e15" clientOffset="9e15" sourceDuration="9e15" periodDuration="9e15"';
    const live = `type="dynamic" availabilityStartTime="2026-05-31T23:00:00Z" timeShiftBufferDepth="PT30S" ${forged}`;
    const forgedTemplate = template.replace("duration", `${forged} duration`);
    const inner = `<AdaptationSet mimeType="video/mp4" ${forged}><Representation id="sd" ${forged}>${forgedTemplate}`;
    const { urls } = dash(`<Period start="PT0S" ${forged}>${inner}</Representation></AdaptationSet></Period>`, live);
    expect(urls.at(-1)?.url).toMatch(/600\.m4s$/);
    const tiny = template.replace("duration=", 'timescale="9007199254740993" timeShiftBufferDepth="PT0.000000000000001S" duration=');
    expect(refusal(() => dash(`<Period start="PT0S">${adaptationSet(tiny)}</Period>`, live.replace(forged, ""))).message).toContain(
      "more than 200,000",
    );
  });

  it("refuses base URLs on every level before the parser combines them", () => {
    const bases = "<BaseURL>a/</BaseURL>".repeat(60);
    const inner = `<AdaptationSet>${bases}<Representation id="1">${bases}${template}</Representation></AdaptationSet>`;
    expect(refusal(() => dash(`${bases}<Period>${bases}${inner}</Period>`)).message).toContain("more than 10,000 representations");
  });

  it("refuses a time line that many representations share before each gets a copy", () => {
    const many = '<Representation id="1"/>'.repeat(9_000);
    const text = `<Period><AdaptationSet>${timeline('<S t="9" d="1" r="-1"/>'.repeat(90_000))}${many}</AdaptationSet></Period>`;
    expect(refusal(() => dash(text)).message).toContain("more than 200,000");
  });

  it("refuses a segment list that many representations share before each gets a copy", () => {
    const list = `<SegmentList duration="12">${'<SegmentURL media="a"/>'.repeat(1_000)}</SegmentList>`;
    const text = `<Period><AdaptationSet>${list}${'<Representation id="1"/>'.repeat(1_000)}</AdaptationSet></Period>`;
    expect(refusal(() => dash(text)).message).toContain("more than 200,000 segments");
  });

  it("refuses a DOCTYPE before the parser sees an entity", () => {
    const print = vi.spyOn(console, "error");
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join("");
    for (const type of [
      `<!DOCTYPE MPD [<!ENTITY a0 "ha">${entities}]>`,
      '<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
      "<!doctype MPD>",
    ]) {
      const text = `${type}<MPD><Period>${adaptationSet("<BaseURL>&a9;</BaseURL>")}</Period></MPD>`;
      expect(refusal(() => readDash(text, "https://media.example.com/a.mpd", { now: NOW })).message).toContain("DOCTYPE");
    }
    expect(print).not.toHaveBeenCalled();
  });

  it.each([
    ["", "ends too early"],
    ["hello", "has text outside its root element"],
    ["<MPD/>", "has no period"],
    ["<html></html>", "is not an MPD"],
    ["<MPD><Period></MPD>", "has an end tag that matches no start tag"],
  ])("refuses the text %j", (text, reason) => {
    const error = refusal(() => readDash(text, "https://media.example.com/a.mpd", { now: NOW }));
    expect(error).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(reason) });
  });
});
