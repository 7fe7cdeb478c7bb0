import { describe, expect, it } from "vitest";
import { filesIn, leftOut, mpd, read, refusal, set, timeline } from "./dash-harness.ts";

const HALF_MINUTE = 'mediaPresentationDuration="PT30S"';
const byNumber = '<SegmentTemplate media="n$Number$.m4s" duration="10"/>';

describe("Periods of a recording", () => {
  const period = (attributes: string, name: string, inner = byNumber) =>
    `<Period ${attributes}><BaseURL>${name}/</BaseURL>${set(inner)}</Period>`;

  it("last until the next one begins, and the last one to the end of the presentation", () => {
    const text = mpd(
      'mediaPresentationDuration="PT50S"',
      `${period("", "a")}${period('start="PT20S"', "b")}${period('start="PT40S"', "c")}`,
    );
    expect(filesIn(text)).toEqual(["a/n1.m4s", "a/n2.m4s", "b/n1.m4s", "b/n2.m4s", "c/n1.m4s"]);
  });

  it("begin where the one before ends, and need no duration of the presentation", () => {
    const text = mpd("", `${period('duration="PT10S"', "a")}${period('duration="PT20S"', "b")}`);
    expect(filesIn(text)).toEqual(["a/n1.m4s", "b/n1.m4s", "b/n2.m4s"]);
    expect(read(text).urls.map(({ offset }) => offset)).toEqual([0, 10, 20]);
  });

  it("may hold one file each without any duration", () => {
    const file = set('<BaseURL>all.mp4</BaseURL><SegmentBase indexRange="9-99"/>');
    expect(filesIn(mpd("", `<Period>${file}</Period>`))).toEqual(["all.mp4"]);
  });

  it("cut what begins after their end or ends before their beginning", () => {
    const inner = timeline('<S t="0" d="10" r="9"/>', 'media="$Time$.m4s" presentationTimeOffset="25"');
    expect(filesIn(mpd(HALF_MINUTE, `<Period>${set(inner)}</Period>`))).toEqual(["20.m4s", "30.m4s", "40.m4s", "50.m4s"]);
  });

  it("are compared exactly, where floating point is not", () => {
    // 66.734 + 30 is not 96.734 in floating point.
    const text = mpd(
      'mediaPresentationDuration="PT1M36.734S"',
      `${period('duration="PT66.734S"', "a", timeline("<S d='70'/>"))}${period("", "b")}`,
    );
    expect(filesIn(text)).toEqual(["a/0.m4s", "b/n1.m4s", "b/n2.m4s", "b/n3.m4s"]);
  });
});

describe("segments of a recording", () => {
  const files = (inner: string, attributes = HALF_MINUTE) => filesIn(mpd(attributes, `<Period>${set(inner)}</Period>`));

  it.each([
    ["numbers from zero to the last one", '<SegmentTemplate media="$Number$" duration="10" startNumber="0" endNumber="1"/>', ["0", "1"]],
    ["an open repeat to the end", timeline('<S t="70" d="10" r="-1"/>', 'media="$Time$" presentationTimeOffset="70"'), ["70", "80", "90"]],
    ["an open repeat to the next entry", timeline('<S t="0" d="4" r="-1"/><S t="10" d="9"/>', 'media="$Time$"'), ["0", "4", "8", "10"]],
    ["entries that overlap", timeline('<S t="0" d="11"/><S t="10" d="11"/><S t="20" d="10"/>', 'media="$Time$"'), ["0", "10", "20"]],
    ["entries with a gap", timeline('<S t="0" d="5"/><S t="12" d="5"/><S d="5"/>', 'media="$Time$-$Number$"'), ["0-1", "12-2", "17-3"]],
    [
      "times of 64 bits",
      timeline('<S t="18446744073709551600" d="10"/>', 'media="$Time$" presentationTimeOffset="18446744073709551600"'),
      ["18446744073709551600"],
    ],
    ["one segment of no stated length", '<SegmentTemplate media="$Number$" startNumber="0"/>', ["0"]],
    [
      "the last number of the guidelines",
      '<SegmentTemplate media="$Number$" duration="5"/><SupplementalProperty schemeIdUri="http://dashif.org/guidelines/last-segment-number" value="2"/>',
      ["1", "2"],
    ],
    [
      "hexadecimal numbers",
      '<SegmentTemplate media="$Number%04x$-$Number%02X$-$Number%o$" duration="10" startNumber="254" endNumber="254"/>',
      ["00fe-FE-376"],
    ],
    ["dollar signs and bit rates", '<SegmentTemplate media="$$$RepresentationID$$$-$Bandwidth%09d$" duration="30"/>', ["$v$-000800000"]],
    [
      "times by duration, without the offset",
      '<SegmentTemplate media="$Time$" duration="150" timescale="10" presentationTimeOffset="99"/>',
      ["0", "150"],
    ],
    ["segment sequences", timeline('<S t="0" d="15" k="2" r="1"/>', 'media="$Number$.$SubNumber$"'), ["1.0", "1.1", "2.0", "2.1"]],
    ["numbers that the entries state", timeline('<S t="0" d="10" n="7"/><S d="10"/>', 'media="$Number$"'), ["7", "8"]],
    [
      "patterns of durations up to the next entry and to the Period's end",
      '<SegmentTemplate media="$Time$"><SegmentTimeline><Pattern id="p"><P d="4"/><P d="6"/></Pattern><S t="0" p="p" r="-1"/><S t="12" p="p" pE="1" r="-1"/></SegmentTimeline></SegmentTemplate>',
      ["0", "4", "10", "12", "18", "22", "28"],
    ],
    [
      "patterns of durations",
      '<SegmentTemplate media="$Time$"><SegmentTimeline><Pattern id="p"><P d="4"/><P d="6" r="1"/></Pattern><S t="0" p="p" pE="1" r="4"/></SegmentTimeline></SegmentTemplate>',
      ["0", "6", "12", "16", "22"],
    ],
    [
      "a list by duration",
      '<SegmentList duration="15"><Initialization sourceURL="i"/><SegmentURL media="a"/><SegmentURL media="b"/></SegmentList>',
      ["i", "a", "b"],
    ],
    [
      "a list with a timeline and a duration",
      '<SegmentList duration="9"><Initialization sourceURL="i"/><SegmentTimeline><S t="0" d="15" r="1"/></SegmentTimeline><SegmentURL media="a"/><SegmentURL media="b"/></SegmentList>',
      ["i", "a", "b"],
    ],
    ["a list of one", '<SegmentList><Initialization sourceURL="i"/><SegmentURL media="a"/></SegmentList>', ["i", "a"]],
    ["a list of ranges of the base URL", '<BaseURL>f</BaseURL><SegmentList><SegmentURL mediaRange="5-9"/></SegmentList>', ["f"]],
    ["the indexes of a template", '<SegmentTemplate media="$Number$" index="$Number$.sidx" duration="30"/>', ["1", "1.sidx"]],
    ["one index of a template", '<SegmentTemplate media="$Number$" index="all.sidx" duration="30"/>', ["all.sidx", "1"]],
  ])("are listed for %s", (_, inner, expected) => {
    expect(files(inner)).toEqual(expected);
  });

  it("take each attribute from the lowest level that has it, and timelines and lists as a whole", () => {
    const upper = timeline(
      '<S t="0" d="10" r="2"/>',
      'media="$RepresentationID$-$Time$" timescale="1" initialization="$RepresentationID$.mp4"',
    );
    const lower = '<SegmentTemplate timescale="10"><SegmentTimeline><S t="0" d="150" r="1"/></SegmentTimeline></SegmentTemplate>';
    const inner = `${upper}<Representation id="lo"/><Representation id="hi">${lower}</Representation>`;
    expect(filesIn(mpd(HALF_MINUTE, `<Period><AdaptationSet>${inner}</AdaptationSet></Period>`))).toEqual([
      ...["lo.mp4", "lo-0", "lo-10", "lo-20"],
      ...["hi.mp4", "hi-0", "hi-150"],
    ]);
  });

  it.each([
    ["an identifier that nobody defines", '<SegmentTemplate media="$Nummer$" duration="1"/>', "unknown identifier"],
    ["a format of floating point", '<SegmentTemplate media="$Number%05f$" duration="1"/>', "unknown identifier"],
    ["a single dollar sign", '<SegmentTemplate media="a$b" duration="1"/>', 'single "$"'],
    ["a pad of many digits", '<SegmentTemplate media="$Number%099999d$" duration="1"/>', "pads to 99,999 digits"],
    ["a duration of zero", '<SegmentTemplate media="$Number$" duration="0"/>', 'duration="0"'],
    ["a duration that is no number", '<SegmentTemplate media="$Number$" duration="six"/>', "no number"],
    ["a timescale of zero", '<SegmentTemplate media="$Number$" duration="1" timescale="0"/>', 'timescale="0"'],
    ["a timeline without durations", timeline('<S t="0"/>'), "without a duration"],
    ["a timeline without entries", timeline(""), "without an entry"],
    ["no template", '<SegmentTemplate duration="1"/>', "without @media"],
    ["nothing at all", "", "names no file"],
    [
      "a timeline that ends before its Period begins",
      timeline('<S t="0" d="1"/>', 'media="$Time$" presentationTimeOffset="9"'),
      "no segment within its Period",
    ],
  ])("are refused with a reason for %s", (_, inner, reason) => {
    expect(refusal(mpd(HALF_MINUTE, `<Period>${set(inner)}</Period>`)).message).toContain(reason);
    const both = mpd(HALF_MINUTE, `<Period>${set(inner)}${set(byNumber, 'mimeType="audio/mp4"', "a")}</Period>`);
    expect(filesIn(both)).toEqual(["n1.m4s", "n2.m4s", "n3.m4s"]);
    expect(leftOut(both)).toEqual([expect.stringContaining(reason)]);
  });

  it("are refused when their template repeats an id beyond the length of a URL", () => {
    const template = `<SegmentTemplate media="${"$RepresentationID$".repeat(3)}/$Number$" duration="1"/>`;
    const text = mpd(HALF_MINUTE, `<Period>${set(template, 'mimeType="video/mp4"', "i".repeat(3_000))}</Period>`);
    expect(refusal(text).message).toContain("has a template that has 9,001 characters; the limit is 8,192");
  });

  it("are named when the timeline of a list ends before the list", () => {
    const list = (entries: string) =>
      `<SegmentList><SegmentTimeline>${entries}</SegmentTimeline><SegmentURL media="a"/><SegmentURL media="b"/><SegmentURL media="c"/></SegmentList>`;
    const text = (entries: string) => mpd(HALF_MINUTE, `<Period>${set(list(entries))}</Period>`);
    expect(filesIn(text('<S t="0" d="5" r="1"/>'))).toEqual(["a", "b"]);
    expect(leftOut(text('<S t="0" d="5" r="1"/>'))).toEqual(["video/v: lists 3 segments, and its SegmentTimeline has times for 2 of them"]);
    expect(leftOut(text('<S t="0" d="5" r="5"/>'))).toEqual([]);
  });

  it("are named when their Period has no known length", () => {
    expect(refusal(mpd("", `<Period>${set(byNumber)}</Period>`)).message).toContain("unknown length");
    expect(files('<SegmentTemplate media="$Number$" duration="9" endNumber="2"/>', "")).toEqual(["1", "2"]);
  });
});

describe("the scope of a recording", () => {
  const period = (name: string) =>
    `<Period id="${name}" duration="PT300S"><BaseURL>${name}/</BaseURL>${set('<SegmentTemplate media="$Number$" initialization="i" duration="10" presentationTimeOffset="300"/>')}</Period>`;

  it("is cut before segments are counted", () => {
    const text = mpd("", `${period("a")}${period("b")}`);
    expect(filesIn(text, { scope: "startup" })).toEqual(["a/i", "a/1", "a/2", "a/3", "b/i"]);
    const long = mpd('mediaPresentationDuration="PT1000H"', `<Period>${set('<SegmentTemplate media="$Number$" duration="1"/>')}</Period>`);
    expect(filesIn(long, { scope: "startup" })).toHaveLength(30);
    expect(refusal(long).message).toContain("more than 100,000 segments");
  });
});
