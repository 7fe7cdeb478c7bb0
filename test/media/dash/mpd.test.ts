import { describe, expect, it, vi } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { readDash } from "../../../src/media/dash/mpd.ts";
import { dash, NOW, named, only } from "../read-harness.ts";

const template = '<SegmentTemplate media="$RepresentationID$/$Number%03d$.m4s" initialization="$RepresentationID$/init.mp4" duration="6"/>';

function set(inner: string, mime = "video/mp4", id = "sd"): string {
  return `<AdaptationSet mimeType="${mime}"><Representation id="${id}" bandwidth="800000">${inner}</Representation></AdaptationSet>`;
}

function refusal(read: () => unknown): PrefetchError {
  try {
    read();
  } catch (error) {
    if (error instanceof PrefetchError) return error;
    throw error;
  }
  throw new Error("It was read");
}

describe("a static manifest", () => {
  it("unrolls templates, with times and sizes", () => {
    const manifest = dash(`<Period>${set(template)}${set(template, "audio/mp4", "en")}</Period>`);
    expect(named(manifest)).toEqual([
      ...["init sd/init.mp4", "segment sd/001.m4s", "segment sd/002.m4s"],
      ...["init en/init.mp4", "segment en/001.m4s", "segment en/002.m4s"],
    ]);
    expect(manifest).toMatchObject({ format: "dash", live: false, duration: 12, skipped: [] });
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

  it("goes on from period to period, and begins where its first one does", () => {
    const period = (id: string, start: string) =>
      `<Period start="${start}" duration="PT6S"><BaseURL>${id}/</BaseURL>${set(template)}</Period>`;
    const { urls } = dash(`${period("a", "PT100S")}${period("b", "PT106S")}`);
    expect(named({ urls })).toEqual(["init a/sd/init.mp4", "segment a/sd/001.m4s", "init b/sd/init.mp4", "segment b/sd/001.m4s"]);
    expect(urls.map(({ offset }) => offset)).toEqual([undefined, 0, undefined, 6]);
  });

  it("lists every host, the first one first", () => {
    const { urls } = dash(
      `<BaseURL>https://a.example.com/</BaseURL><BaseURL>https://b.example.com/</BaseURL><Period>${set(template)}</Period>`,
    );
    expect(urls.map(({ host, alternative, rendition }) => [host, alternative, rendition])).toEqual([
      ...Array.from({ length: 3 }, () => ["a.example.com", 0, "video/sd"]),
      ...Array.from({ length: 3 }, () => ["b.example.com", 1, "video/sd"]),
    ]);
  });

  it("takes a file with an index as one file", () => {
    const inner = '<BaseURL>sd.mp4</BaseURL><SegmentBase indexRange="700-999"><Initialization range="0-699"/></SegmentBase>';
    expect(only(dash(`<Period>${set(inner)}</Period>`))).toMatchObject({
      url: "https://media.example.com/film/sd.mp4",
      role: "file",
      offset: 0,
      duration: 12,
      bytes: 1_200_000,
      ranges: undefined,
    });
    const apart = '<BaseURL>sd.mp4</BaseURL><SegmentBase indexRange="0-99"><Initialization sourceURL="head.mp4"/></SegmentBase>';
    expect(named(dash(`<Period>${set(apart)}</Period>`))).toEqual(["file sd.mp4", "init head.mp4"]);
    const noIndex = '<BaseURL>sd.mp4</BaseURL><SegmentBase><Initialization range="0-699"/></SegmentBase>';
    expect(only(dash(`<Period>${set(noIndex)}</Period>`))).toMatchObject({ role: "file", ranges: undefined });
  });

  it("takes a representation with nothing but an address as one file", () => {
    expect(only(dash(`<Period>${set("<BaseURL>en.vtt</BaseURL>", "text/vtt")}</Period>`))).toMatchObject({
      role: "file",
      kind: "subtitle",
    });
    expect(dash(`<Period>${set("")}${set(template)}</Period>`).skipped).toMatchObject([
      { role: "file", reason: expect.stringContaining("names no file") },
    ]);
  });

  it("keeps the ranges of a list together", () => {
    const list = `<BaseURL>sd.mp4</BaseURL><SegmentList duration="6"><Initialization range="0-99"/>
      <SegmentURL mediaRange="100-199"/><SegmentURL mediaRange="200-399"/></SegmentList>`;
    const file = dash(`<Period>${set(list)}</Period>`);
    expect(file.urls.map(({ ranges }) => ranges?.map(({ start, length }) => [start, length]))).toEqual([
      [
        [0, 100],
        [100, 100],
        [200, 200],
      ],
    ]);
  });

  it("spreads a list without times over its period", () => {
    const list = '<SegmentList><SegmentURL media="1.m4s"/><SegmentURL media="2.m4s"/></SegmentList>';
    const { urls } = dash(`<Period>${set(list)}</Period>`);
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
  ])("sees what <AdaptationSet %s> is", (attributes, kind) => {
    const { urls } = dash(
      `<Period><AdaptationSet ${attributes}><Representation id="1">${template}</Representation></AdaptationSet></Period>`,
    );
    expect(new Set(urls.map((url) => url.kind))).toEqual(new Set([kind]));
  });

  it("names where it moves to and who steers it", () => {
    const { urls } = dash(
      `<Location>next.mpd</Location><ContentSteering>https://steer.example.com/x</ContentSteering><Period>${set(template)}</Period>`,
    );
    expect(named({ urls }).slice(3)).toEqual(["location next.mpd", "steering https://steer.example.com/x"]);
  });

  it("keeps what it can read when one representation is broken", () => {
    const broken = set('<SegmentList duration="6"><SegmentTimeline><S d="1"/></SegmentTimeline></SegmentList>', "video/mp4", "bad");
    const manifest = dash(`<Period>${broken}${set(template)}</Period>`);
    expect(manifest.urls).toHaveLength(3);
    expect(manifest.skipped).toMatchObject([{ reason: "The DASH manifest lists segments without saying how long they are" }]);
    expect(refusal(() => dash(`<Period>${broken}</Period>`))).toMatchObject({ code: "unsupported" });
  });
});

describe("a dynamic manifest", () => {
  const live = 'type="dynamic" availabilityStartTime="2026-05-31T23:00:00Z" minimumUpdatePeriod="PT2S"';

  it("has what exists now, up to the edge", () => {
    const { urls, live: grows } = dash(`<Period start="PT0S">${set(template)}</Period>`, `${live} timeShiftBufferDepth="PT30S"`);
    const segments = urls.filter(({ role }) => role === "segment");
    expect(grows).toBe(true);
    expect(segments.map(({ url }) => url.slice(-7, -4))).toEqual(["596", "597", "598", "599", "600"]);
    expect(segments.map(({ edge }) => edge)).toEqual([30, 24, 18, 12, 6]);
    const later = dash(`<Period start="PT0S">${set(template)}</Period>`, `${live} timeShiftBufferDepth="PT30S"`, NOW + 6_000);
    expect(later.urls.at(-1)?.url).toMatch(/601\.m4s$/);
  });

  it("lists no more than ten minutes of a stream that keeps everything", () => {
    const old = 'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"';
    expect(dash(`<Period start="PT0S">${set(template)}</Period>`, old).urls).toHaveLength(101);
  });

  it("leaves out a period that is only announced", () => {
    expect(dash(`<Period>${set(template)}</Period>`, live)).toMatchObject({
      urls: [],
      skipped: [{ reason: "is in a period that has not begun" }],
    });
  });
});

describe("hostile manifests", () => {
  const timeline = (entries: string) =>
    `<SegmentTemplate media="$Number$" timescale="1"><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`;

  it.each([
    ["repeats", set(timeline('<S t="0" d="1" r="2000000000"/>'))],
    ["repeats of nothing", set(timeline('<S t="0" d="0" r="-1"/><S t="9" d="1"/>'))],
    ["repeats up to a far time", set(timeline('<S t="0" d="1" r="-1"/><S t="9000000000000" d="1"/>'))],
    ["tiny segments", set('<SegmentTemplate media="$Number$" duration="1" timescale="1000000000"/>')],
    ["a far end number", set('<SegmentTemplate media="$Number$" duration="1" endNumber="4000000000"/>')],
    ["a list of tiny segments", set('<SegmentList duration="1" timescale="1000000000"><SegmentURL media="a"/></SegmentList>')],
    [
      "numbers that cannot be counted on from",
      set(timeline('<S t="0" d="1" r="5"/>').replace("timescale", 'startNumber="9007199254740992" timescale')),
    ],
    ["a base of tiny segments", set('<BaseURL>a</BaseURL><SegmentBase duration="1" timescale="1000000000"/>')],
  ])("with %s are refused at once", (_, inner) => {
    const begin = performance.now();
    expect(refusal(() => dash(`<Period>${inner}</Period>`))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("more than 200,000"),
    });
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it("with the parser's own words as attributes cannot steer it", () => {
    const forged = 'NOW="9e15" clientOffset="9e15" sourceDuration="9e15" periodDuration="9e15"';
    const live = `type="dynamic" availabilityStartTime="2026-05-31T23:00:00Z" timeShiftBufferDepth="PT30S" ${forged}`;
    const forgedTemplate = template.replace("duration", `${forged} duration`);
    const inner = `<AdaptationSet mimeType="video/mp4" ${forged}><Representation id="sd" ${forged}>${forgedTemplate}`;
    const { urls } = dash(`<Period start="PT0S" ${forged}>${inner}</Representation></AdaptationSet></Period>`, live);
    expect(urls.at(-1)?.url).toMatch(/600\.m4s$/);
    const tiny = template.replace("duration=", 'timescale="9007199254740993" timeShiftBufferDepth="PT0.000000000000001S" duration=');
    expect(refusal(() => dash(`<Period start="PT0S">${set(tiny)}</Period>`, live.replace(forged, ""))).message).toContain(
      "more than 200,000",
    );
  });

  it("with base URLs on every level are refused before they are combined", () => {
    const bases = "<BaseURL>a/</BaseURL>".repeat(60);
    const inner = `<AdaptationSet>${bases}<Representation id="1">${bases}${template}</Representation></AdaptationSet>`;
    expect(refusal(() => dash(`${bases}<Period>${bases}${inner}</Period>`)).message).toContain("more than 10,000 representations");
  });

  it("with a time line that many representations share are refused before each gets its own", () => {
    const begin = performance.now();
    const many = '<Representation id="1"/>'.repeat(9_000);
    const text = `<Period><AdaptationSet>${timeline('<S t="9" d="1" r="-1"/>'.repeat(90_000))}${many}</AdaptationSet></Period>`;
    expect(refusal(() => dash(text)).message).toContain("more than 200,000");
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it("with a list that many representations share are refused before each gets its own", () => {
    const list = `<SegmentList duration="12">${'<SegmentURL media="a"/>'.repeat(1_000)}</SegmentList>`;
    const text = `<Period><AdaptationSet>${list}${'<Representation id="1"/>'.repeat(1_000)}</AdaptationSet></Period>`;
    expect(refusal(() => dash(text)).message).toContain("more than 200,000 segments");
  });

  it("are refused for a DOCTYPE before the parser sees an entity", () => {
    const print = vi.spyOn(console, "error");
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join("");
    for (const type of [
      `<!DOCTYPE MPD [<!ENTITY a0 "ha">${entities}]>`,
      '<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
      "<!doctype MPD>",
    ]) {
      const text = `${type}<MPD><Period>${set("<BaseURL>&a9;</BaseURL>")}</Period></MPD>`;
      expect(refusal(() => readDash(text, "https://media.example.com/a.mpd", { now: NOW })).message).toContain("DOCTYPE");
    }
    expect(print).not.toHaveBeenCalled();
  });

  it.each([
    ["", "ends too early"],
    ["hello", "has text outside its element"],
    ["<MPD/>", "has no period"],
    ["<html></html>", "is not an MPD"],
    ["<MPD><Period></MPD>", "has an end tag that fits no start tag"],
  ])("such as %j are refused", (text, reason) => {
    const error = refusal(() => readDash(text, "https://media.example.com/a.mpd", { now: NOW }));
    expect(error).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(reason) });
  });
});
