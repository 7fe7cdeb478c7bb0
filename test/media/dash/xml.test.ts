import { describe, expect, it } from "vitest";
import { createXmlBudget, readXml } from "../../../src/media/dash/xml.ts";
import { filesIn, mpd, refusal, set, timeline } from "./dash-harness.ts";

const film = mpd('mediaPresentationDuration="PT4S"', `<Period>${set('<SegmentTemplate media="$Number$" duration="2"/>')}</Period>`);

describe("the XML of a manifest", () => {
  it.each([
    ["a byte order mark and blanks", `\uFEFF \n${film}`],
    ["a declaration and a long comment with dashes", `<?xml version="1.0"?><!-- ${"all -- rights ".repeat(9_000)}-->${film}`],
    ["a processing instruction", film.replace("<Period", "<?note a > b?><Period")],
    ["references", film.replace("$Number$", "&#36;Number&#x24;")],
    [
      "a CDATA section with markup in it",
      film.replace("<Period", "<ProgramInformation><![CDATA[ <!-- </MPD> ]]></ProgramInformation><Period"),
    ],
    ["an undeclared prefix", film.replace("<Period", "<scte:x/><Period")],
  ])("may have %s", (_, text) => {
    expect(filesIn(text)).toEqual(["1", "2"]);
  });

  it.each([
    ["", "ends too early"],
    ["hello", "not well-formed"],
    ["<MPD/>", "has no period"],
    ["<html></html>", "is not an MPD"],
    ["<Patch/>", "is a patch of an MPD"],
    ["<MPD><Period></MPD>", "not well-formed"],
    ["<MPD/><MPD/>", "more than one root"],
    ["<MPD>&nbsp;</MPD>", "not well-formed"],
    ['<MPD a="&x;"/>', "not well-formed"],
    ["<MPD a=1/>", "not well-formed"],
    ["<MPD><!-- ", "ends too early"],
    ["<MPD>", "not well-formed"],
    ['<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD/>', "DOCTYPE"],
    ["<!doctype MPD><MPD/>", "DOCTYPE"],
    ["<a>".repeat(70), "deeper than 64"],
  ])("is refused when it is %j", (text, reason) => {
    expect(refusal(text)).toMatchObject({
      code: expect.stringMatching(/invalid_argument|unsupported/),
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    ["many attributes", `<MPD ${Array.from({ length: 101 }, (_, index) => `a${index}="1"`).join(" ")}/>`, "more than 100 attributes"],
    ["many namespaces", `<MPD ${Array.from({ length: 70 }, (_, index) => `xmlns:a${index}="1"`).join(" ")}/>`, "too many namespaces"],
    ["many elements", `<MPD>${"<b/>".repeat(300_001)}</MPD>`, "300,000 XML elements"],
    ["many representations or properties", `<MPD>${"<BaseURL/>".repeat(60_001)}</MPD>`, "more than 60,000"],
  ])("is refused for %s", (_, text, reason) => {
    expect(refusal(text).message).toContain(reason);
  });

  // Quadratic time, or an attribute value in memory character by character, would exceed the test's timeout or its memory.
  it.each([
    ["attribute value", `<MPD a="${"\n".repeat(8_000_000)}"/>`],
    ["attribute list", `<MPD ${Array.from({ length: 400_000 }, (_, index) => `a${index}="1"`).join(" ")}/>`],
    ["name", `<${"M".repeat(8_000_000)}/>`],
    ["comment", `<MPD><!--${"- ".repeat(4_000_000)}-->`],
    ["list of comments", "<!--".repeat(2_000_000)],
    ["list of references", `<MPD>${"&amp;".repeat(200_000)}`],
  ])("is refused in linear time for an endless %s", (_, text) => {
    expect(() => readXml(text, createXmlBudget())).toThrow("The XML");
  });
});

describe("a manifest that describes too much", () => {
  const one = (inner: string, attributes = 'mediaPresentationDuration="PT800S"') => mpd(attributes, `<Period>${set(inner)}</Period>`);
  const many = (shared: string, count: number, inner = "") =>
    mpd(
      'mediaPresentationDuration="PT800S"',
      `<Period><AdaptationSet>${shared}${`<Representation>${inner}</Representation>`.repeat(count)}</AdaptationSet></Period>`,
    );

  // Unrolling any of these would run out of memory or never end.
  it.each([
    ["repeats", one(timeline('<S t="0" d="1" r="2000000000"/>', 'media="$Time$" timescale="9999999"'))],
    ["open repeats", one(timeline('<S t="0" d="1" r="-1"/>', 'media="$Time$" timescale="9999999"'))],
    ["repeats up to a far time", one(timeline('<S t="0" d="1" r="-1"/><S t="9000000000000" d="1"/>'), "")],
    ["tiny segments", one('<SegmentTemplate media="$Number$" duration="1" timescale="1000000000"/>')],
    ["a far end number", one('<SegmentTemplate media="$Number$" duration="1" endNumber="4000000000"/>', "")],
    [
      "patterns",
      one(
        '<SegmentTemplate media="$Time$"><SegmentTimeline><Pattern id="1"><P d="1" r="2000000000"/></Pattern><S p="1"/></SegmentTimeline></SegmentTemplate>',
      ),
    ],
    ["segment sequences", one(timeline('<S t="0" d="1" k="2000000000"/>', 'media="$Time$-$SubNumber$"'))],
    ["a timeline that representations share", many(timeline('<S d="7"/>'.repeat(60_000), 'media="$Time$" timescale="1000"'), 9_000)],
    ["a list that representations share", many(`<SegmentList duration="1">${'<SegmentURL media="a"/>'.repeat(500)}</SegmentList>`, 1_000)],
    [
      "a timeline that representations read in ways of their own",
      many(timeline('<S d="7"/><S d="8"/>'.repeat(30_000), 'media="$Time$" timescale="1000"'), 0).replace(
        "</AdaptationSet>",
        `${Array.from({ length: 100 }, (_, index) => `<Representation><SegmentTemplate presentationTimeOffset="${index}"/></Representation>`).join("")}</AdaptationSet>`,
      ),
    ],
  ])("is refused for %s before anything is listed", (_, text) => {
    expect(refusal(text)).toMatchObject({ code: "unsupported", message: expect.stringContaining("more than") });
  });

  it("is refused when its URLs are long, before they fill the memory", () => {
    expect(refusal(one(`<SegmentTemplate media="$Number$${"a".repeat(8_000)}" duration="1" timescale="100"/>`)).code).toBe("limit_reached");
  });

  it("is read when 9,000 representations share a set with 8,000 properties", () => {
    const text = mpd(
      'mediaPresentationDuration="PT4S"',
      `<Period><AdaptationSet>${'<SupplementalProperty schemeIdUri="urn:x"/>'.repeat(8_000)}${Array.from({ length: 9_000 }, (_, index) => `<Representation id="${index}"><BaseURL>${index}</BaseURL></Representation>`).join("")}</AdaptationSet></Period>`,
    );
    expect(filesIn(text)).toHaveLength(9_000);
  });
});
