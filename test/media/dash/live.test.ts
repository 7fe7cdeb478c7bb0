import { describe, expect, it } from "vitest";
import { chooseUrls } from "../../../src/media/scope.ts";
import type { StreamScope } from "../../../src/prefetch/model/stream.ts";
import { NOW } from "../read-harness.ts";
import { leftOut, mpd, read, set, timeline } from "./dash-harness.ts";

// Ten minutes before now.
const LIVE = 'type="dynamic" availabilityStartTime="2026-05-31T23:50:00Z" minimumUpdatePeriod="PT5S"';
const byNumber = (attributes = "") => set(`<SegmentTemplate media="$Number$" duration="10" ${attributes}/>`);

function chosen(text: string, scope: StreamScope = "full", now = NOW): string[] {
  return chooseUrls(read(text, { now, scope }).urls, { scope }).urls.map(({ url }) => url.replace("https://media.example.com/show/", ""));
}

describe("readDash on a stream on air", () => {
  it("lists complete segments by number, whatever the Period's offset is", () => {
    const period = `<Period start="PT300S">${byNumber('startNumber="30" presentationTimeOffset="300" initialization="i"')}</Period>`;
    expect(chosen(mpd(LIVE, period))).toEqual(["i", "57", "58", "59"]);
    expect(chosen(mpd(LIVE, period), "full", NOW + 9_999)).toEqual(["i", "57", "58", "59"]);
    expect(chosen(mpd(LIVE, period), "full", NOW + 10_000)).toEqual(["i", "58", "59", "60"]);
  });

  it("repeats an open entry up to the live edge", () => {
    const period = `<Period start="PT0S">${set(timeline('<S t="50" d="10" r="-1"/>', 'media="$Time$" presentationTimeOffset="50"'))}</Period>`;
    expect(chosen(mpd(LIVE, period))).toEqual(["620", "630", "640"]);
  });

  it("ends a Period where the next one begins, and leaves out those before the live edge", () => {
    const period = (start: number, name: string) =>
      `<Period start="PT${start}S"><BaseURL>${name}/</BaseURL>${set('<SegmentTemplate media="$Number$" initialization="i" duration="10"/>', undefined, name)}</Period>`;
    expect(chosen(mpd(LIVE, `${period(100, "old")}${period(550, "ad")}${period(580, "show")}`))).toEqual([
      ...["ad/i", "show/i"],
      ...["ad/3", "show/1", "show/2"],
    ]);
  });

  it("lists segments that are offered before they are complete", () => {
    const period = (offset: string) => `<Period start="PT0S">${byNumber(`availabilityTimeOffset="${offset}"`)}</Period>`;
    expect(chosen(mpd(LIVE, period("7")), "full", NOW + 3_000)).toEqual(["58", "59", "60", "61"]);
    expect(chosen(mpd(LIVE, period("INF"))).at(-1)).toBe("63");
  });

  it("begins where the manifest tells players to play", () => {
    const text = mpd(
      `${LIVE} suggestedPresentationDelay="PT100S" timeShiftBufferDepth="PT5M"`,
      `<Period start="PT0S">${byNumber()}</Period>`,
    );
    expect(chosen(text, "startup")).toEqual(["51", "52", "53"]);
    expect(chosen(text, "full")).toHaveLength(10);
  });

  it("lists no segment that has left the time shift buffer", () => {
    const text = mpd(`${LIVE} timeShiftBufferDepth="PT10S"`, `<Period start="PT0S">${byNumber()}</Period>`);
    expect(chosen(text)).toEqual(["60"]);
  });

  it("takes a dynamic manifest for a recording once its presentation has ended", () => {
    const text = mpd(
      `${LIVE.replace('minimumUpdatePeriod="PT5S"', "")} mediaPresentationDuration="PT50S"`,
      `<Period start="PT0S">${byNumber()}</Period>`,
    );
    expect(chosen(text)).toEqual(["1", "2", "3", "4", "5"]);
    expect(chosen(text, "startup")).toEqual(["1", "2", "3"]);
    expect(read(text).live).toBe(false);
    expect(chosen(text, "full", NOW - 570_000)).toEqual(["1", "2", "3"]);
  });

  it("lists a window of a long timeline, and counts only the window", () => {
    const sets = Array.from({ length: 8 }, (_, index) =>
      set(timeline('<S t="0" d="4" r="89999"/>', `media="${index}/$Time$"`), undefined, `v${index}`),
    );
    const text = mpd(LIVE, `<Period start="PT0S">${sets.join("")}</Period>`);
    expect(chosen(text, "startup")).toHaveLength(64);
    expect(chosen(text, "startup")).toContain("7/596");
  });

  it("lets a timeline that has stopped keep its end", () => {
    const text = mpd(LIVE, `<Period start="PT0S">${set(timeline('<S t="0" d="10" r="19"/>', 'media="$Time$"'))}</Period>`);
    expect(chosen(text)).toEqual(["170", "180", "190"]);
  });

  it("names Periods that have not begun", () => {
    const text = mpd(
      LIVE,
      `<Period start="PT0S">${byNumber()}</Period><Period id="next" start="PT1H">${byNumber()}</Period><Period id="some day">${byNumber()}</Period>`,
    );
    expect(leftOut(text)).toEqual([
      expect.stringContaining("Period next: has not begun"),
      expect.stringContaining("Period some day: is announced"),
    ]);
  });

  it.each([
    ["stopped before the window", '<S t="0" d="10" r="9"/>'],
    ["begins after now", '<S t="900" d="10" r="9"/>'],
  ])("names a rendition whose timeline %s while the sound goes on", (_, entries) => {
    const sets = (picture: string) =>
      set(timeline(picture, 'media="v$Time$"')) +
      set(timeline('<S t="500" d="10" r="9"/>', 'media="a$Time$"'), 'mimeType="audio/mp4"', "a");
    const text = mpd(LIVE, `<Period start="PT0S">${sets(entries)}</Period>`);
    for (const scope of ["startup", "full"] as const) {
      expect(chosen(text, scope)).toEqual(["a570", "a580", "a590"]);
      expect(leftOut(text, { scope })).toEqual(["video/v: has no segment at the live edge, where players begin"]);
    }
    const past = `<Period start="PT0S" duration="PT100S">${sets(entries)}</Period><Period start="PT100S">${byNumber()}</Period>`;
    expect(leftOut(mpd(LIVE, past))).toEqual([]);
  });

  it("reads a time zone without a colon", () => {
    const text = mpd(LIVE.replace("Z", "+0000"), `<Period start="PT0S">${byNumber()}</Period>`);
    expect(chosen(text)).toEqual(["58", "59", "60"]);
  });

  it("names segments whose clock is missing", () => {
    const sets = `${byNumber()}${set(timeline('<S t="0" d="10" r="4"/>', 'media="t$Time$"'), 'mimeType="audio/mp4"', "a")}`;
    const text = mpd('type="dynamic"', `<Period start="PT0S">${sets}</Period>`);
    expect(chosen(text)).toEqual(["t20", "t30", "t40"]);
    expect(leftOut(text)).toEqual([expect.stringContaining("availabilityStartTime, which is missing")]);
  });
});
