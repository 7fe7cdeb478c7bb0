import { describe, expect, it } from "vitest";
import { hls, named, only } from "../read-harness.ts";

describe("readHls on a multivariant playlist", () => {
  it("lists variants, renditions, trick play and session objects", () => {
    const manifest = hls([
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, stereo",LANGUAGE="en",URI="audio/en.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="inside the variants"',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",URI="text/de.m3u8"',
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"',
      '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v",NAME="other angle",URI="angle.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=800000,AVERAGE-BANDWIDTH=600000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"',
      "# a comment between",
      "low.m3u8",
      '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.5"',
      "audio-only.m3u8",
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=640x360,URI="iframe.m3u8"',
      '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=9000,RESOLUTION=320x180,URI="thumbs.m3u8"',
      '#EXT-X-SESSION-DATA:DATA-ID="com.example.titles",URI="titles.json"',
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="session.key"',
      '#EXT-X-CONTENT-STEERING:SERVER-URI="/steer?v=1",PATHWAY-ID="x"',
    ]);
    expect(manifest).toMatchObject({ format: "hls", shape: "multivariant", live: false, duration: undefined, skipped: { count: 0 } });
    expect(
      manifest.urls.map(({ role, kind, rendition, bandwidth, url }) => [role, kind, rendition, bandwidth, new URL(url).pathname]),
    ).toEqual([
      ["playlist", "audio", "audio/a/English, stereo", undefined, "/film/audio/en.m3u8"],
      ["playlist", "subtitle", "subtitle/s/Deutsch", undefined, "/film/text/de.m3u8"],
      ["playlist", "video", "video/v/other angle", undefined, "/film/angle.m3u8"],
      ["playlist", "video", "video/640x360@800000", 800_000, "/film/low.m3u8"],
      ["playlist", "audio", "audio/@64000", 64_000, "/film/audio-only.m3u8"],
      ["playlist", "iframe", "iframe/640x360@90000", 90_000, "/film/iframe.m3u8"],
      ["playlist", "image", "image/320x180@9000", 9_000, "/film/thumbs.m3u8"],
      ["data", "main", "main", undefined, "/film/titles.json"],
      ["steering", "main", "main", undefined, "/steer"],
    ]);
    expect(manifest.urls[3]).toMatchObject({ average: 600_000, host: "media.example.com" });
  });

  it("lists a playlist once when several variants share it", () => {
    const lines = ["#EXT-X-STREAM-INF:BANDWIDTH=1", "a.m3u8", "#EXT-X-STREAM-INF:BANDWIDTH=2", "a.m3u8"];
    expect(only(hls(lines))).toMatchObject({ bandwidth: 1 });
  });

  it("takes an unknown media type as main, even one named like a method of every object", () => {
    expect(only(hls(['#EXT-X-MEDIA:TYPE=constructor,GROUP-ID="a",NAME="b",URI="a.m3u8"']))).toMatchObject({
      kind: "main",
      rendition: "main/a/b",
    });
  });

  it("gives the same rendition on a second host the same name", () => {
    const line = '#EXT-X-STREAM-INF:BANDWIDTH=1,STABLE-VARIANT-ID="sd"';
    expect(hls([line, "a.m3u8", line, "https://b.example.com/a.m3u8"]).urls.map(({ rendition, host }) => [rendition, host])).toEqual([
      ["video/sd", "media.example.com"],
      ["video/sd", "b.example.com"],
    ]);
  });

  it("leaves keys out without a word", () => {
    const lines = ['#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"', '#EXT-X-KEY:METHOD=AES-128,URI="k2"', "#EXTINF:1,", "a.ts"];
    const manifest = hls(lines);
    expect(named(manifest)).toEqual(["segment a.ts"]);
    expect(manifest.skipped.count).toBe(0);
  });

  it("skips a line that follows no EXT-X-STREAM-INF, and stays on demand", () => {
    const manifest = hls(["* Connected to cdn", "#EXT-X-STREAM-INF:BANDWIDTH=1", "a.m3u8", "100  512  100  512", "#EXTINF:4,", "b.ts"]);
    expect(named(manifest)).toEqual(["playlist a.m3u8"]);
    expect(manifest).toMatchObject({ shape: "multivariant", live: false });
    expect(manifest.skipped.list.map(({ uri, reason }) => [uri, reason])).toEqual([
      ["* Connected to cdn", "is no URI, and follows neither EXTINF nor EXT-X-STREAM-INF"],
      ["100  512  100  512", "is no URI, and follows neither EXTINF nor EXT-X-STREAM-INF"],
      ["https://media.example.com/film/b.ts", "follows no EXT-X-STREAM-INF, in a playlist of playlists"],
    ]);
  });

  it.each(["#EXT-X-MAP", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-IMAGE-STREAM-INF"])("names a tag that lacks its URI: %s", (tag) => {
    expect(hls([`${tag}:BANDWIDTH=1`, "#EXTINF:1,", "a.ts"]).skipped.list).toContainEqual({ uri: tag, reason: "has no URI" });
  });

  it("skips a variant without a URI", () => {
    const { skipped, urls } = hls(["#EXT-X-STREAM-INF:BANDWIDTH=1", "#EXT-X-STREAM-INF:BANDWIDTH=2", "b.m3u8"]);
    expect(urls).toMatchObject([{ bandwidth: 2 }]);
    expect(skipped.list).toEqual([{ uri: "#EXT-X-STREAM-INF", reason: "of 1 bits per second is followed by no URI" }]);
  });

  it("skips a variant at the end of the playlist that has no URI", () => {
    const { skipped, urls } = hls(["#EXT-X-STREAM-INF:BANDWIDTH=1", "a.m3u8", "#EXT-X-STREAM-INF:CODECS=x"]);
    expect(urls).toHaveLength(1);
    expect(skipped.list).toEqual([{ uri: "#EXT-X-STREAM-INF", reason: "of unknown bits per second is followed by no URI" }]);
  });

  it.each(["#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1", '#EXT-X-MAP:BYTERANGE="1@0"', "#EXT-X-PART:DURATION=1"])(
    "skips %s, which has no URI",
    (tag) => {
      expect(hls([tag, "#EXTINF:1,", "a.ts"]).skipped.list).toContainEqual({ uri: tag.split(":")[0], reason: "has no URI" });
    },
  );

  it("bounds the foreign text in a reason", () => {
    const { skipped } = hls([`#EXT-X-STREAM-INF:BANDWIDTH=${"1".repeat(100_000)}`, "#EXT-X-STREAM-INF:BANDWIDTH=2", "b.m3u8"]);
    expect(skipped.list).toMatchObject([{ reason: expect.stringMatching(/^of 1{397}…$/) }]);
  });

  it("names a playlist inside the playlist, whatever its length", () => {
    const inline = `data:application/x-mpegurl,${"x".repeat(20_000)}`;
    expect(hls(["#EXT-X-STREAM-INF:BANDWIDTH=1", inline]).urls).toMatchObject([{ url: inline, role: "playlist", kind: "video" }]);
  });
});

describe("readHls on URIs", () => {
  it.each([
    ["a.ts", "https://media.example.com/film/a.ts"],
    ["/a.ts", "https://media.example.com/a.ts"],
    ["../a.ts?x=1", "https://media.example.com/a.ts?x=1"],
    ["//cdn.example.com/a.ts", "https://cdn.example.com/a.ts"],
    ["?seg=1", "https://media.example.com/film/main.m3u8?seg=1"],
    ["HTTP://CDN.Example.com:80/a.ts#t=1", "http://cdn.example.com/a.ts"],
  ])("resolves %s", (uri, url) => {
    expect(only(hls(["#EXTINF:1,", uri])).url).toBe(url);
  });

  it.each([
    ["data:text/plain,x", "holds its data in itself (data:), so there is nothing to warm"],
    ["skd://key", 'has the scheme "skd:"; only http and https can be prefetched'],
    ["https://me:secret@media.example.com/a.ts", "carries a user name or password before the host"],
    ["https://[", "cannot be resolved to a URL"],
    [`https://a.example/${"x".repeat(8_200)}`, "has 8,218 characters; the limit is 8,192"],
    ["caf\uFFFD.ts", "has characters that are not in the encoding of the document"],
  ])("skips %.60s with the reason", (uri, reason) => {
    const { urls, skipped } = hls(["#EXTINF:1,", uri]);
    expect(urls).toEqual([]);
    expect(skipped.list).toMatchObject([{ reason }]);
    expect(skipped.list[0]?.uri.length).toBeLessThanOrEqual(201);
  });

  it("skips an empty URI", () => {
    const { urls, skipped } = hls(['#EXT-X-MAP:URI=""', "#EXTINF:1,", "a.ts"]);
    expect(named({ urls })).toEqual(["segment a.ts"]);
    expect(skipped).toMatchObject({ count: 1, list: [{ uri: "", reason: "is empty" }] });
  });

  it("resolves only absolute URIs when its own URL is invalid", () => {
    const { urls, skipped } = hls(["#EXTINF:1,", "a.ts", "#EXTINF:1,", "https://a.example/b.ts"], {}, {}, "nonsense");
    expect(urls.map(({ url }) => url)).toEqual(["https://a.example/b.ts"]);
    expect(skipped.count).toBe(1);
  });

  it("does not pass its own query on", () => {
    const url = "https://media.example.com/film/main.m3u8?token=t";
    expect(named(hls(["#EXTINF:1,", "a.ts", "#EXTINF:1,", "b.ts?own=1"], {}, {}, url))).toEqual(["segment a.ts", "segment b.ts?own=1"]);
  });

  it("spells URLs as the rest of the server does", () => {
    expect(only(hls(["#EXTINF:1,", "100%/a b.ts?x=%zz"])).url).toBe("https://media.example.com/film/100%/a%20b.ts?x=%zz");
  });
});

describe("readHls on variables", () => {
  it("fills them into URIs and quoted attributes", () => {
    const { urls, variables } = hls(
      [
        '#EXT-X-DEFINE:IMPORT="lang"',
        '#EXT-X-DEFINE:NAME="path",VALUE="v1/{$lang}"',
        '#EXT-X-DEFINE:QUERYPARAM="token"',
        '#EXT-X-MAP:URI="{$path}/init.mp4"',
        "#EXTINF:6,",
        "{$path}/a.ts?t={$token}&u={$token}",
      ],
      { variables: new Map([["lang", "en"]]) },
      {},
      "https://media.example.com/film/main.m3u8?token=a%2Db",
    );
    expect(named({ urls })).toEqual(["init v1/en/init.mp4", "segment v1/en/a.ts?t=a-b&u=a-b"]);
    expect([...variables]).toEqual([
      ["lang", "en"],
      ["path", "v1/en"],
      ["token", "a-b"],
    ]);
  });

  it("does not fill a variable into the value of another one twice", () => {
    const lines = ['#EXT-X-DEFINE:NAME="a",VALUE="{"', '#EXT-X-DEFINE:NAME="b",VALUE="{$a}$a}"', "#EXTINF:1,", "{$b}"];
    expect(only(hls(lines)).url).toBe("https://media.example.com/film/%7B$a%7D");
  });

  it.each([
    ["an undefined variable in a URI", ["#EXTINF:1,", "{$nowhere}.ts"], "{$nowhere}, which has no value"],
    ["an undefined variable in an attribute", ['#EXT-X-MAP:URI="{$m}.mp4"'], "{$m}, which has no value"],
    ["an undefined variable in the address of a key", ['#EXT-X-KEY:METHOD=AES-128,URI="{$k}"'], "{$k}, which has no value"],
    ["a variable before its definition", ["#EXTINF:1,", "{$a}", '#EXT-X-DEFINE:NAME="a",VALUE="b"'], "{$a}, which has no value"],
    ["an undefined variable in the URI of a key", ['#EXT-X-KEY:METHOD=AES-128,URI="{$k}"'], "{$k}, which has no value"],
    ["a failed import", ['#EXT-X-DEFINE:IMPORT="cdn"'], '"cdn" (EXT-X-DEFINE:IMPORT)'],
    ["a missing query parameter", ['#EXT-X-DEFINE:QUERYPARAM="sig"'], '"sig" (EXT-X-DEFINE:QUERYPARAM)'],
    ["an empty query parameter", ['#EXT-X-DEFINE:QUERYPARAM="empty"'], '"empty" (EXT-X-DEFINE:QUERYPARAM)'],
    ["two definitions of one name", ['#EXT-X-DEFINE:NAME="a",VALUE="1"', '#EXT-X-DEFINE:NAME="a",VALUE="1"'], 'the variable "a" twice'],
    ["a definition without a value", ['#EXT-X-DEFINE:NAME="a"'], "without NAME and VALUE"],
  ])("refuses the playlist for %s, as players must", (_, lines, message) => {
    const read = () => hls([...lines, "#EXTINF:1,", "z.ts"], {}, {}, "https://media.example.com/film/main.m3u8?empty=");
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it.each(["IMPORT", "QUERYPARAM"])("quotes the beginning of a long name when %s fails", (attribute) => {
    const read = () => hls([`#EXT-X-DEFINE:${attribute}="${"n".repeat(100_000)}"`]);
    expect(read).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{250,500}$/) }));
  });

  it("refuses texts that variables make too long before it builds them", () => {
    const doubling = Array.from({ length: 40 }, (_, index) => `#EXT-X-DEFINE:NAME="v${index + 1}",VALUE="{$v${index}}{$v${index}}"`);
    expect(() => hls(['#EXT-X-DEFINE:NAME="v0",VALUE="xx"', ...doubling])).toThrow("a text of 16,384 characters");
    const long = `#EXT-X-DEFINE:NAME="v",VALUE="${"x".repeat(8_000)}"`;
    expect(() => hls([long, "#EXTINF:1,", "{$v}".repeat(100_000)])).toThrow("the limit is 8,192");
    const many = Array.from({ length: 5_000 }, (_, index) => ["#EXTINF:1,", `{$v}/${index}`]).flat();
    expect(() => hls([long, ...many])).toThrow("more than 16,777,216 characters together");
  });
});

describe("readHls on interstitials and reports", () => {
  const ad = (id: string, attributes: string) => `#EXT-X-DATERANGE:ID="${id}",CLASS="com.apple.hls.interstitial",${attributes}`;

  it("lists them with their time, before and behind jumps of the clock", () => {
    const { urls } = hls([
      "#EXT-X-TARGETDURATION:6",
      ad("mid", 'START-DATE="2026-01-01T00:00:12Z",DURATION=15,X-ASSET-URI="mid.m3u8?a,b"'),
      ad("pre", 'CUE="ONCE,PRE",START-DATE="2026-01-01T00:00:12Z",X-ASSET-URI="pre.m3u8"'),
      ad("post", 'CUE="POST",START-DATE="2026-01-01T00:00:00Z",X-ASSET-URI="post.m3u8"'),
      ad("late", 'START-DATE="2026-01-01T08:00:03Z",X-ASSET-LIST="ads.json"'),
      "#EXTINF:6,",
      "a.ts",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06Z",
      "#EXTINF:6,",
      "b.ts",
      "#EXT-X-DISCONTINUITY",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T08:00:00Z",
      "#EXTINF:6,",
      "c.ts",
      '#EXT-X-RENDITION-REPORT:URI="../audio/live.m3u8",LAST-MSN=3',
      "#EXT-X-ENDLIST",
    ]);
    expect(urls.slice(4).map(({ role, kind, rendition, offset, duration }) => [role, kind, rendition, offset, duration])).toEqual([
      ["playlist", "interstitial", "interstitial/mid", 12, 15],
      ["playlist", "interstitial", "interstitial/pre", 0, undefined],
      ["playlist", "interstitial", "interstitial/post", 18, undefined],
      ["asset_list", "interstitial", "interstitial/late", 15, undefined],
    ]);
    expect(urls[4]?.url).toBe("https://media.example.com/film/mid.m3u8?a,b");
    expect(urls[3]).toMatchObject({ role: "report" });
  });

  it("begins a pre-roll where players start", () => {
    const lines = ["#EXT-X-START:TIME-OFFSET=5", ad("pre", 'CUE="PRE",START-DATE="2026-01-01T00:00:00Z",X-ASSET-URI="pre.m3u8"')];
    expect(hls([...lines, "#EXTINF:9,", "a.ts", "#EXT-X-ENDLIST"]).urls[1]).toMatchObject({ role: "playlist", offset: 0 });
  });

  it("places the segments of an interstitial on the time line of the film", () => {
    const context = { kind: "interstitial", place: { offset: 600, edge: 40, lasting: false } } as const;
    const lines = ["#EXT-X-START:TIME-OFFSET=0", "#EXTINF:4,", "a.ts", "#EXTINF:4,", "b.ts"];
    expect(hls(lines, context)).toMatchObject({
      live: false,
      urls: [
        { offset: 600, edge: 40 },
        { offset: 604, edge: 36 },
      ],
    });
    const undated = hls([...lines, "#EXT-X-ENDLIST"], { kind: "interstitial", place: { offset: undefined, edge: undefined } });
    expect(undated.urls.map(({ offset }) => offset)).toEqual([0, 4]);
  });
});
