import { describe, expect, it } from "vitest";
import { hls, named, only } from "../read-harness.ts";

describe("readHls on a multivariant playlist", () => {
  it("lists variants, renditions, trick play and session objects", () => {
    const manifest = hls(
      [
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
      ],
      {},
      { keys: true },
    );
    expect(manifest).toMatchObject({ format: "hls", shape: "multivariant", live: false, duration: undefined, skipped: [] });
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
      ["key", "main", "main", undefined, "/film/session.key"],
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

  it("lists keys only with the option", () => {
    const lines = ['#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"', '#EXT-X-KEY:METHOD=AES-128,URI="k2"', "#EXTINF:1,", "a.ts"];
    expect(named(hls(lines))).toEqual(["segment a.ts"]);
    expect(named(hls(lines, {}, { keys: true }))).toEqual(["key k", "key k2", "segment a.ts"]);
    expect(named(hls(['#EXT-X-KEY:METHOD=NONE,URI="k"'], {}, { keys: true }))).toEqual([]);
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
    ["data:text/plain,x", 'has the scheme "data:"; only http and https can be prefetched'],
    ["skd://key", 'has the scheme "skd:"; only http and https can be prefetched'],
    ["https://me:secret@media.example.com/a.ts", "carries a user name or password before the host"],
    ["https://[", "cannot be resolved to a URL"],
    [`https://a.example/${"x".repeat(70_000)}`, "has 70,018 characters"],
    ["{$nowhere}.ts", "uses the variable {$nowhere}, which has no value"],
  ])("skips %.60s with the reason", (uri, reason) => {
    const { urls, skipped } = hls(["#EXTINF:1,", uri]);
    expect(urls).toEqual([]);
    expect(skipped).toMatchObject([{ role: "segment", reason }]);
    expect(skipped[0]?.uri.length).toBeLessThanOrEqual(201);
  });

  it("skips an empty URI", () => {
    const { urls, skipped } = hls(['#EXT-X-MAP:URI=""', "#EXTINF:1,", "a.ts"]);
    expect(named({ urls })).toEqual(["segment a.ts"]);
    expect(skipped).toEqual([{ uri: "", role: "init", reason: "is empty" }]);
  });

  it("resolves only absolute URIs when its own URL is invalid", () => {
    const { urls, skipped } = hls(["#EXTINF:1,", "a.ts", "#EXTINF:1,", "https://a.example/b.ts"], {}, {}, "nonsense");
    expect(urls.map(({ url }) => url)).toEqual(["https://a.example/b.ts"]);
    expect(skipped).toHaveLength(1);
  });

  it("appends its own query only with the option, and to no other host", () => {
    const lines = ["#EXTINF:1,", "a.ts", "#EXTINF:1,", "b.ts?own=1", "#EXTINF:1,", "https://cdn.example.com/c.ts"];
    const url = "https://media.example.com/film/main.m3u8?token=t";
    expect(named(hls(lines, {}, {}, url))).toEqual(["segment a.ts", "segment b.ts?own=1", "segment https://cdn.example.com/c.ts"]);
    expect(named(hls(lines, {}, { inheritQuery: true }, url))).toEqual([
      "segment a.ts?token=t",
      "segment b.ts?own=1",
      "segment https://cdn.example.com/c.ts",
    ]);
  });
});

describe("readHls on variables", () => {
  it("fills them into URIs and quoted attributes", () => {
    const { urls, variables } = hls(
      [
        '#EXT-X-DEFINE:NAME="path",VALUE="v1/{$lang}"',
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

  it("skips URIs with a variable that is not imported or not in the query", () => {
    const lines = ['#EXT-X-DEFINE:IMPORT="a"', '#EXT-X-DEFINE:QUERYPARAM="b"', "#EXTINF:1,", "{$a}", "#EXTINF:1,", "{$b}"];
    expect(hls(lines).skipped.map(({ reason }) => reason)).toEqual([
      "uses the variable {$a}, which has no value",
      "uses the variable {$b}, which has no value",
    ]);
  });

  it("limits the length of their values and of a URI", () => {
    const doubling = Array.from({ length: 40 }, (_, index) => `#EXT-X-DEFINE:NAME="v${index + 1}",VALUE="{$v${index}}{$v${index}}"`);
    const { variables } = hls(['#EXT-X-DEFINE:NAME="v0",VALUE="xx"', ...doubling]);
    expect(Math.max(...[...variables.values()].map(({ length }) => length))).toBeLessThanOrEqual(8_192);
    const many = hls([`#EXT-X-DEFINE:NAME="v",VALUE="${"x".repeat(8_000)}"`, "#EXTINF:1,", "{$v}".repeat(100_000)]);
    expect(many.skipped).toMatchObject([{ reason: "is longer than 65,536 characters with its variables filled in" }]);
  });
});

describe("readHls on interstitials and reports", () => {
  it("lists them, with their time when the playlist has a clock", () => {
    const { urls } = hls([
      "#EXT-X-TARGETDURATION:6",
      "#EXTINF:6,",
      "a.ts",
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06Z",
      '#EXT-X-DATERANGE:ID="ad1",CLASS="x,y",START-DATE="2026-01-01T00:00:12Z",DURATION=15,X-ASSET-URI="ad.m3u8?a,b"',
      '#EXT-X-DATERANGE:ID="ad2",CUE="PRE,ONCE",START-DATE="2026-01-01T00:00:12Z",X-ASSET-LIST="ads.json"',
      "#EXTINF:6,",
      "b.ts",
      '#EXT-X-RENDITION-REPORT:URI="../audio/live.m3u8",LAST-MSN=3',
      "#EXT-X-ENDLIST",
    ]);
    expect(urls.map(({ role, kind, offset, duration }) => [role, kind, offset, duration])).toEqual([
      ["segment", "main", 0, 6],
      ["playlist", "interstitial", 12, 15],
      ["asset_list", "interstitial", 0, undefined],
      ["segment", "main", 6, 6],
      ["report", "main", undefined, undefined],
    ]);
    expect(urls[1]?.url).toBe("https://media.example.com/film/ad.m3u8?a,b");
  });
});
