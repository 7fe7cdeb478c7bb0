import { describe, expect, it } from "vitest";
import { chooseUrls } from "../../../src/media/scope.ts";
import { filesIn, leftOut, MANIFEST, mpd, read, refusal, set } from "./dash-harness.ts";

const SHORT = 'mediaPresentationDuration="PT4S"';
const byNumber = '<SegmentTemplate media="$Number$" duration="2"/>';
const film = (more = "", inner = byNumber) => mpd(SHORT, `${more}<Period>${set(inner)}</Period>`);

describe("properties of sets and representations", () => {
  it("ignores an element with an essential property that it does not know, and names it", () => {
    const property = '<EssentialProperty schemeIdUri="urn:example:holograms"/>';
    const text = mpd(
      SHORT,
      `<Period>${set(byNumber)}${set('<SegmentTemplate media="h$Number$" duration="2"/>').replace("<Rep", `${property}<Rep`)}</Period>`,
    );
    expect(filesIn(text)).toEqual(["1", "2"]);
    expect(leftOut(text)).toEqual([expect.stringContaining("urn:example:holograms")]);
  });

  it("reads an element whose essential property has a known equivalent", () => {
    const two = '<EssentialProperty id="1" schemeIdUri="urn:example:x"/><EssentialProperty id="1" schemeIdUri="urn:mpeg:dash:srd:2014"/>';
    expect(filesIn(film("", two + byNumber))).toEqual(["1", "2"]);
  });

  it.each([
    ["iframe", '<EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/>', 'mimeType="video/mp4"'],
    ["iframe", '<SupplementalProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/>', 'mimeType="video/mp4"'],
    ["image", '<EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="9x9"/>', 'contentType="image"'],
    ["event", "", 'mimeType="application/mp4" codecs="evte"'],
    ["video", "", 'codecs="hvc1.1.6"'],
    ["audio", '<ContentComponent contentType="audio"/>', ""],
  ])("takes a set for %s by its properties", (kind, properties, attributes) => {
    const text = mpd(SHORT, `<Period>${set(byNumber, attributes).replace("<Rep", `${properties}<Rep`)}</Period>`);
    expect(read(text).urls[0]?.kind).toBe(kind);
  });

  it("starts playback without trick play and events, and warms them last", () => {
    const trick = set('<SegmentTemplate media="t$Number$" duration="2"/>').replace(
      "<Rep",
      '<EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="1"/><Rep',
    );
    const { urls } = read(mpd(SHORT, `<Period>${trick}${set(byNumber)}</Period>`));
    const names = (scope: "startup" | "full") =>
      chooseUrls(urls, { scope }).urls.map(({ url }) => url.replace("https://media.example.com/show/", ""));
    expect(names("startup")).toEqual(["1", "2"]);
    expect(names("full")).toEqual(["1", "2", "t1", "t2"]);
  });

  it("ignores protection data, preselections and other vocabularies", () => {
    const foreign =
      '<ContentProtection schemeIdUri="urn:uuid:0"><cenc:pssh>!!!</cenc:pssh></ContentProtection><x:BaseURL xmlns:x="urn:x">wrong/</x:BaseURL>';
    const text = mpd(
      SHORT,
      `<Period><Preselection/>${set(byNumber).replace("<Rep", `${foreign}<Rep`)}</Period><UTCTiming/><PatchLocation>p</PatchLocation>`,
    );
    expect(filesIn(text)).toEqual(["1", "2"]);
    expect(leftOut(text)).toEqual([]);
  });

  it("reads a manifest whose elements have a prefix", () => {
    const text = film()
      .replaceAll(/<(\/?)(\w)/g, "<$1d:$2")
      .replace("xmlns=", "xmlns:d=");
    expect(filesIn(text)).toEqual(["1", "2"]);
  });

  it("names an init section beside the representations", () => {
    expect(leftOut(film('<InitializationSet id="1" initialization="set.mp4"/>'))).toEqual([
      "set.mp4: repeats the init section of a rendition (InitializationSet)",
    ]);
  });

  it("names an ImportedMPD and sets without anything", () => {
    const text = mpd(SHORT, `<Period><ImportedMPD>other.mpd</ImportedMPD><AdaptationSet id="7"/>${set(byNumber)}</Period>`);
    expect(leftOut(text)).toEqual([expect.stringContaining("other.mpd: is another manifest"), "AdaptationSet 7: has no Representation"]);
  });

  it("lists the segments of a template whose init section has no address, and names that", () => {
    const inner = '<SegmentTemplate media="$Number$" initialization="i$Number$" duration="2"/>';
    expect([filesIn(film("", inner)), leftOut(film("", inner))]).toEqual([
      ["1", "2"],
      [expect.stringContaining("SegmentTemplate@initialization")],
    ]);
  });
});

describe("base URLs", () => {
  it("are resolved level by level", () => {
    const text = mpd(SHORT, `<BaseURL>a/</BaseURL><Period><BaseURL>b/</BaseURL>${set(`<BaseURL>../c/</BaseURL>${byNumber}`)}</Period>`);
    expect(filesIn(text)).toEqual(["a/c/1", "a/c/2"]);
  });

  it("are chosen by the priority of DVB", () => {
    const bases = '<BaseURL dvb:priority="2">second/</BaseURL><BaseURL dvb:priority="1">first/</BaseURL>';
    expect(filesIn(film(bases))).toEqual(["first/1", "first/2"]);
  });

  it("are chosen by the default service location, on each level", () => {
    const steering = '<ContentSteering defaultServiceLocation="beta gamma">https://steering.example.com/</ContentSteering>';
    const bases = ["alpha", "gamma", "beta"].map((name) => `<BaseURL serviceLocation="${name}">${name}/</BaseURL>`).join("");
    const text = mpd(SHORT, `${bases}${steering}<Period>${set(`${bases.replace(/<BaseURL[^>]*>beta.*$/, "")}${byNumber}`)}</Period>`);
    expect(read(text).urls.map(({ url }) => url)).toEqual(
      expect.arrayContaining(["beta/gamma/1", "beta/gamma/2"].map((file) => `https://media.example.com/show/${file}`)),
    );
    expect(leftOut(text)).toEqual(
      ["gamma", "alpha", "beta/alpha"].map((name) => expect.stringContaining(`/show/${name}/: is another address`)),
    );
  });

  it("are read from pieces, between any blanks", () => {
    const blanks = " ".repeat(70_000);
    expect(filesIn(film(`<BaseURL>${blanks}<![CDATA[a]]>&amp;<![CDATA[b/]]>${blanks}</BaseURL>`))).toEqual(["a&b/1", "a&b/2"]);
    expect(refusal(film(`<BaseURL>${"<![CDATA[x]]>".repeat(20_000)}</BaseURL>`)).message).toContain("leads to no URL");
  });

  it("are chosen among those that lead to a URL, and the others are named", () => {
    const text = film("<BaseURL>ftp://x/</BaseURL><BaseURL>a/</BaseURL><BaseURL>https://b.example.com/</BaseURL>");
    expect(filesIn(text)).toEqual(["a/1", "a/2"]);
    expect(leftOut(text)).toEqual([
      'ftp://x/: has the scheme "ftp:"; only http and https can be prefetched (BaseURL)',
      "https://b.example.com/: is another address of the same files (BaseURL); only the one that players try first is used",
    ]);
  });

  it("that lead to no URL are named", () => {
    expect(refusal(film("<BaseURL>ftp://x/</BaseURL>")).message).toContain("leads to no URL");
    const folder = mpd(SHORT, `<BaseURL>a/</BaseURL><Period>${set("")}${set(byNumber, 'mimeType="audio/mp4"', "a")}</Period>`);
    expect(leftOut(folder)).toEqual([expect.stringContaining("is a folder")]);
  });
});

describe("query parameters (annex I)", () => {
  const info = (attributes: string, name = "UrlQueryInfo") =>
    `<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2014" xmlns:up="urn:mpeg:dash:schema:urlparam:2014"><up:${name} ${attributes}/></EssentialProperty>`;
  const url = `${MANIFEST}?token=a%2Fb&amp;x=1`.replace("&amp;", "&");

  it.each([
    ["the manifest's query", 'queryTemplate="$querypart$" useMPDUrlQuery="true"', "?token=a%2Fb&x=1"],
    ["one parameter of it", 'queryTemplate="t=$query:token$" useMPDUrlQuery="true"', "?t=a%2Fb"],
    ["a fixed query", 'queryTemplate="$querypart$" queryString="y=2"', "?y=2"],
    ["both", 'queryTemplate="$querypart$" queryString="y=2" useMPDUrlQuery="true"', "?token=a%2Fb&x=1&y=2"],
    ["nothing without a template", 'queryString="y=2"', ""],
    ["nothing for other requests", 'queryTemplate="$querypart$" queryString="y=2" includeInRequests="mpd"', ""],
  ])("adds %s to each URL", (_, attributes, query) => {
    expect(filesIn(film(info(attributes)), {}, url)).toEqual([`1${query}`, `2${query}`]);
  });

  it("adds to a query that is there, and to the same origin only where it says so", () => {
    const inner = '<SegmentTemplate media="$Number$?a=1" duration="4"/>';
    expect(filesIn(film(info('queryTemplate="$querypart$" queryString="y=2"'), inner))).toEqual(["1?a=1&y=2"]);
    const away = '<SegmentTemplate media="https://cdn.example.com/$Number$" duration="4"/>';
    expect(filesIn(film(info('queryTemplate="$querypart$" queryString="y=2" sameOriginOnly="true"', "ExtUrlQueryInfo"), away))).toEqual([
      "https://cdn.example.com/1",
    ]);
  });

  it.each([
    ["its query", `queryTemplate="$querypart$" queryString="${"q".repeat(8_193)}"`, "8,193"],
    ["its template", `queryTemplate="${"q".repeat(8_193)}"`, "8,193"],
    ["the template that repeats it", `queryTemplate="${"$querypart$".repeat(9)}" queryString="${"q".repeat(1_000)}"`, "9,000"],
  ])("refuses a query when %s is longer than a URL may be", (_, attributes, length) => {
    expect(refusal(film(info(attributes))).message).toContain(`needs a query that has ${length} characters; the limit is 8,192`);
  });

  it("refuses a query that only a player can build", () => {
    expect(refusal(film(info('queryTemplate="$header:X$"'))).message).toContain("only a player can build");
  });
});

describe("remote elements", () => {
  const link = (href: string, name = "Period", inner = "") =>
    `<${name} xlink:href="${href}" xlink:actuate="onLoad" duration="PT4S">${inner}</${name}>`;
  const ad = `<Period duration="PT2S">${set('<SegmentTemplate media="ad$Number$" duration="2"/>')}</Period>`;
  const main = (inner: string) => mpd(SHORT, `<Period duration="PT4S">${set(byNumber)}</Period>${inner}`);
  const at = (name: string) => new URL(name, MANIFEST).href;

  it("are asked for, and take the places of their references", () => {
    expect(read(main(link("ad.xml"))).remote).toEqual([at("ad.xml")]);
    const remote = new Map([[at("ad.xml"), { text: `<?xml version="1.0"?>${ad}${ad}` }]]);
    expect(filesIn(main(link("ad.xml")), { remote })).toEqual(["1", "2", "ad1"]);
    expect(read(main(link("ad.xml")), { remote }).remote).toEqual([]);
    const sets = mpd(SHORT, `<Period>${link("set.xml", "AdaptationSet")}</Period>`);
    expect(filesIn(sets, { remote: new Map([[at("set.xml"), { text: set(byNumber) }]]) })).toEqual(["1", "2"]);
  });

  it("that resolve to nothing are left out without a word", () => {
    const text = main(link("urn:mpeg:dash:resolve-to-zero:2013"));
    expect([filesIn(text), leftOut(text), read(text).remote]).toEqual([["1", "2"], [], []]);
  });

  it("that cannot be read are named, and their own content stands in for them", () => {
    const remote = new Map([[at("ad.xml"), { problem: "cannot be read: gone" }]]);
    const own = set('<SegmentTemplate media="own$Number$" duration="4"/>');
    expect(filesIn(main(link("ad.xml", "Period", own)), { remote })).toEqual(["1", "2", "own1"]);
    expect(leftOut(main(link("ad.xml")), { remote })).toEqual(["ad.xml: cannot be read: gone (remote Period, xlink)"]);
  });

  it.each(["<!DOCTYPE html><html><br></html>", "<Period><b></Period>", "&nbsp;"])("that are no XML are named: %s", (body) => {
    const remote = new Map([[at("ad.xml"), { text: body }]]);
    expect(filesIn(main(link("ad.xml")), { remote })).toEqual(["1", "2"]);
    expect(leftOut(main(link("ad.xml")), { remote })).toEqual([
      expect.stringMatching(/^ad\.xml: (?:cannot be read: The XML|holds no Period)/),
    ]);
  });

  it("that refer to themselves end", () => {
    const remote = new Map([[at("ad.xml"), { text: link("ad.xml").repeat(3) }]]);
    const text = main(link("ad.xml"));
    expect(filesIn(text.replace("<Period", '<Period xmlns:xlink="http://www.w3.org/1999/xlink"'), { remote })).toEqual(["1", "2"]);
    expect(read(text, { remote }).skipped.count).toBe(27);
    const wide = new Map([[at("ad.xml"), { text: link("ad.xml").repeat(1_000) }]]);
    expect(() => read(text, { remote: wide })).toThrow("more than");
  });
});
