import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { expandManifest } from "../../src/media/expand.ts";
import type { ExpandOptions, Expansion } from "../../src/media/expansion.ts";
import { chooseUrls } from "../../src/media/scope.ts";
import { bodyOf, NOW } from "./read-harness.ts";

const at = (name: string): string => new URL(name, "https://media.example.com/").href;
const atAll = (...names: string[]): string[] => names.map(at);

/** A fake host that serves these texts and redirects. */
function site(texts: Readonly<Record<string, string>>, redirects: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const options: ExpandOptions = {
    now: NOW,
    refuseHost: (host) =>
      host === "media.example.com" || host.endsWith(".cdn.example.com") ? undefined : `It is on ${host}, which is not allowed`,
    fetchBody: async (url) => {
      asked.push(url);
      const final = redirects[url] ?? url;
      const text = texts[final.replace("https://media.example.com/", "")];
      if (text === undefined) throw new PrefetchError("not_found", `There is nothing at ${url}`);
      return bodyOf(text, final);
    },
  };
  const expand = async (more: Partial<ExpandOptions> = {}, entry = at("main.m3u8")): Promise<Expansion> => {
    const expansion = await expandManifest(entry, { ...options, ...more });
    if (!expansion) throw new Error("It is no manifest");
    return expansion;
  };
  return { asked, expand };
}

const multivariant = (...uris: string[]): string =>
  ["#EXTM3U", ...uris.flatMap((uri, index) => [`#EXT-X-STREAM-INF:BANDWIDTH=${(index + 1) * 1_000}`, uri])].join("\n");
const media = (count: number, prefix = ""): string =>
  [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:6",
    `#EXT-X-MAP:URI="${prefix}init"`,
    ...Array.from({ length: count }, (_, n) => `#EXTINF:6,\n${prefix}${n}`),
    "#EXT-X-ENDLIST",
  ].join("\n");
const names = ({ urls }: Expansion): string[] => urls.map(({ url }) => url.replace("https://media.example.com/", ""));

describe("expandManifest", () => {
  it("walks from a multivariant playlist to its segments", async () => {
    const { asked, expand } = site({ "main.m3u8": multivariant("a/x", "b/x", "a/x"), "a/x": media(2), "b/x": media(1) });
    const expansion = await expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a/x", "b/x", "a/init", "a/0", "a/1", "b/init", "b/0"]);
    expect(expansion.urls[4]).toMatchObject({ kind: "video", rendition: "video/@1000", bandwidth: 1_000, offset: 0, bytes: 750 });
    expect(expansion.manifests).toMatchObject([
      { url: at("main.m3u8"), depth: 1, format: "hls", shape: "multivariant", live: false, urls: 2 },
      { url: at("a/x"), depth: 2, shape: "media", duration: 12, urls: 3 },
      { url: at("b/x"), depth: 2 },
    ]);
    expect(expansion).toMatchObject({ refused: [], skipped: { count: 0 } });
    expect(asked).toHaveLength(3);
  });

  it("lists a film of six rungs and two languages, and 57 of its URLs start playback", async () => {
    const rungs = ["v1", "v2", "v3", "v4", "v5", "v6"];
    const audio = ["en", "de"].map((name) => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="${name}",URI="${name}.m3u8"`);
    const playlists = [...rungs, "en", "de"].map((name) => [`${name}.m3u8`, media(1_200, `${name}/`)] as const);
    const { expand } = site({
      "main.m3u8": `${multivariant(...rungs.map((name) => `${name}.m3u8`))}\n${audio.join("\n")}`,
      ...Object.fromEntries(playlists),
    });
    const { urls } = await expand();
    expect(urls).toHaveLength(9_617);
    expect(chooseUrls(urls).urls).toHaveLength(57);
    const begin = chooseUrls(urls)
      .urls.slice(0, 20)
      .map(({ url }) => url.replace("https://media.example.com/", ""));
    expect(begin).toEqual([
      ...["main.m3u8", "v1.m3u8", "en.m3u8", "de.m3u8", "v2.m3u8", "v3.m3u8", "v4.m3u8", "v5.m3u8", "v6.m3u8"],
      ...["v1/init", "en/init", "de/init", "v2/init", "v3/init", "v4/init", "v5/init", "v6/init"],
      ...["v1/0", "en/0", "de/0"],
    ]);
  });

  it("recognizes DASH by its text, not by its extension", async () => {
    const text =
      '<MPD mediaPresentationDuration="PT6S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>';
    const expansion = await site({ "main.m3u8": text }).expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a.mp4"]);
    expect(expansion.manifests).toMatchObject([{ format: "dash" }]);
  });

  it("resolves URIs against the redirected URL and lists the requested one", async () => {
    const { expand } = site({ "main.m3u8": multivariant("a"), "moved/b": media(1) }, { [at("a")]: at("moved/b") });
    expect(names(await expand())).toEqual(["main.m3u8", "a", "moved/init", "moved/0"]);
  });

  it("checks the host of every child and of every redirect", async () => {
    const { asked, expand } = site(
      {
        "main.m3u8": multivariant("https://evil.example/x", "a", "b"),
        a: media(1, "https://evil.example/"),
        "https://evil.example/b": media(1),
      },
      { [at("b")]: "https://evil.example/b" },
    );
    const expansion = await expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a"]);
    expect(asked).not.toContain("https://evil.example/x");
    expect(expansion.refused.map(({ url, code, role }) => [url, code, role])).toEqual([
      ["https://evil.example/x", "forbidden_domain", "playlist"],
      [at("b"), "forbidden_domain", "playlist"],
      ["https://evil.example/init", "forbidden_domain", "init"],
      ["https://evil.example/0", "forbidden_domain", "segment"],
    ]);
    expect(expansion.refused[0]).toMatchObject({ parent: at("main.m3u8"), reason: expect.stringContaining("evil.example") });
  });

  it("reads manifests up to three levels deep", async () => {
    const { asked, expand } = site({ "main.m3u8": multivariant("2"), "2": multivariant("3"), "3": multivariant("4"), "4": media(1) });
    const expansion = await expand();
    expect(asked).toHaveLength(3);
    expect(names(expansion)).toEqual(["main.m3u8", "2", "3"]);
    expect(expansion.refused).toMatchObject([{ url: at("4"), code: "limit", reason: "It is nested deeper than 3 manifests" }]);
  });

  it("refuses a cycle, directly or by redirect", async () => {
    const { asked, expand } = site(
      { "main.m3u8": multivariant("b", "c"), b: multivariant("main.m3u8", "b") },
      { [at("c")]: at("main.m3u8") },
    );
    const { refused, skipped } = await expand();
    expect(asked).toHaveLength(3);
    expect(refused.map(({ url, code }) => [url, code])).toEqual([[at("c"), "invalid_argument"]]);
    expect(skipped.list.map(({ uri }) => uri)).toEqual(atAll("main.m3u8", "b"));
  });

  it("stops at each limit and reports it", async () => {
    const { asked, expand } = site({ "main.m3u8": multivariant("a", "b", "c"), a: media(50), b: media(50), c: media(50) });
    const few = await expand({ limits: { manifests: 2 } });
    expect(asked).toHaveLength(2);
    expect(few.refused.map(({ url, code }) => [url, code])).toEqual([
      [at("b"), "limit"],
      [at("c"), "limit"],
    ]);
    await expect(expand({ limits: { urls: 53 } })).rejects.toMatchObject({ code: "limit_reached" });
    const small = await expand({ limits: { manifestBytes: 300 } });
    expect(small.refused).toHaveLength(3);
    expect(small.refused[0]).toMatchObject({ code: "unsupported", reason: expect.stringContaining("more than 300 bytes") });
    const quiet = await expand({ limits: { manifestBytes: 300, refused: 1 } });
    expect(quiet).toMatchObject({ refused: [{}], skipped: { count: 2 } });
  });

  it("keeps the readable children when one cannot be read", async () => {
    const { expand } = site({
      "main.m3u8": multivariant("gone", "page", "a", "broken"),
      page: "<html><body>Hello</body></html>",
      a: media(1),
      broken: "<MPD><Period></MPD>",
    });
    const expansion = await expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a", "init", "0"]);
    expect(expansion.refused.map(({ url, code }) => [url, code])).toEqual([
      [at("gone"), "not_found"],
      [at("page"), "unsupported"],
      [at("broken"), "invalid_argument"],
    ]);
  });

  it("names and counts a URI that leads to no URL", async () => {
    const { expand } = site({ "main.m3u8": "#EXTM3U\n#EXTINF:1,\nskd:x\n#EXTINF:1,\na" });
    expect((await expand()).skipped).toMatchObject({ count: 1, list: [{ uri: "skd:x", reason: expect.stringContaining("scheme") }] });
  });

  it("rejects when the first manifest cannot be read", async () => {
    await expect(site({}).expand()).rejects.toMatchObject({ code: "not_found" });
    await expect(site({ "main.m3u8": "hello" }).expand()).rejects.toMatchObject({ code: "unsupported" });
    await expect(site({}).expand({}, "https://evil.example/a")).rejects.toMatchObject({ code: "forbidden_domain" });
    await expect(site({}).expand({}, "ftp://media.example.com/a")).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("rejects when a bug throws", async () => {
    const { expand } = site({ "main.m3u8": multivariant("a"), a: media(1) });
    const bug = new TypeError("a bug");
    const failing = async (url: string) => (url === at("a") ? Promise.reject(bug) : bodyOf(multivariant("a"), url));
    await expect(expand({ fetchBody: failing })).rejects.toBe(bug);
  });

  it("passes variables, start and bit rate down, and marks everything below an interstitial", async () => {
    const main = [
      "#EXTM3U",
      "#EXT-X-START:TIME-OFFSET=6",
      '#EXT-X-DEFINE:NAME="t",VALUE="v"',
      "#EXT-X-STREAM-INF:BANDWIDTH=8000",
      "a",
    ].join("\n");
    const a = [
      "#EXTM3U",
      '#EXT-X-DEFINE:IMPORT="t"',
      '#EXT-X-DATERANGE:ID="ad",X-ASSET-URI="ad"',
      "#EXTINF:6,",
      "{$t}0",
      "#EXTINF:6,",
      "{$t}1",
      "#EXT-X-ENDLIST",
    ].join("\n");
    const { expand } = site({ "main.m3u8": main, a, ad: media(1, "ad-") });
    const { urls } = await expand();
    expect(urls.map(({ url, kind, offset, bandwidth }) => [url.replace(at(""), ""), kind, offset, bandwidth])).toEqual([
      ["main.m3u8", "main", undefined, undefined],
      ["a", "video", undefined, 8_000],
      ["v0", "video", -6, 8_000],
      ["v1", "video", 0, 8_000],
      ["ad", "interstitial", undefined, undefined],
      ["ad-init", "interstitial", undefined, undefined],
      ["ad-0", "interstitial", 0, undefined],
    ]);
  });

  it("does not take a rung of an advertisement for a rung of the film", async () => {
    const main = ["#EXTM3U", '#EXT-X-DATERANGE:ID="ad",X-ASSET-URI="ad"', "#EXTINF:6,", "0", "#EXT-X-ENDLIST"].join("\n");
    const { urls } = await site({ "main.m3u8": main, ad: multivariant("ad-low"), "ad-low": media(1, "ad-") }).expand();
    expect(urls.map(({ url, kind, bandwidth }) => [url.replace(at(""), ""), kind, bandwidth])).toEqual([
      ["main.m3u8", "main", undefined],
      ["0", "main", undefined],
      ["ad", "interstitial", undefined],
      ["ad-low", "interstitial", 1_000],
      ["ad-init", "interstitial", 1_000],
      ["ad-0", "interstitial", 1_000],
    ]);
  });

  it("counts a file as the film's when trick play shares it", async () => {
    const main = ["#EXTM3U", '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=10,URI="frames"', "#EXT-X-STREAM-INF:BANDWIDTH=1000", "a"].join("\n");
    const frames = "#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXTINF:6,\n#EXT-X-BYTERANGE:100@0\n0\n#EXT-X-ENDLIST";
    const { urls } = await site({ "main.m3u8": main, frames, a: media(1) }).expand();
    expect(urls.find(({ url }) => url === at("0"))).toMatchObject({ kind: "video", ranges: undefined, bandwidth: 1_000 });
  });

  it("reads a playlist inside a playlist, and lists no data: URI", async () => {
    const inner = "#EXTM3U\n#EXTINF:4,\nhttps://media.example.com/1\n#EXTINF:4,\nrelative\n#EXT-X-ENDLIST\n";
    const inline = [
      `data:application/x-mpegURL;base64,${Buffer.from(inner).toString("base64")}`,
      `data:application/vnd.apple.mpegurl,${encodeURIComponent(inner.replace("/1", "/2"))}`,
      "data:application/x-mpegURL;base64,aGVsbG8=",
      "data:nothing",
    ];
    const expansion = await site({ "main.m3u8": multivariant(...inline, "a"), a: media(1) }).expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a", "1", "2", "init", "0"]);
    expect(expansion.refused).toEqual([]);
    expect(expansion.skipped.list.map(({ reason }) => reason)).toEqual([
      "is a data: URI without data",
      expect.stringContaining("neither an HLS playlist"),
      ...["cannot be resolved to a URL", "cannot be resolved to a URL"],
    ]);
  });

  it("reads the playlists of an interstitial one level deeper, at the place of the interstitial", async () => {
    const dated = (uri: string, second: number) =>
      `#EXT-X-DATERANGE:ID="${uri}",CLASS="com.apple.hls.interstitial",START-DATE="2026-01-01T00:00:${second}Z",X-ASSET-URI="${uri}"`;
    const a = ["#EXTM3U", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z", dated("ad", 50), "#EXTINF:60,", "0", "#EXT-X-ENDLIST"];
    const nested = media(2, "ad-").replace("#EXT-X-MAP", `${dated("deeper", 10)}\n#EXT-X-MAP`);
    const { asked, expand } = site({ "main.m3u8": multivariant("a"), a: a.join("\n"), ad: multivariant("ad-low"), "ad-low": nested });
    const expansion = await expand();
    expect(asked.map((url) => url.replace(at(""), ""))).toEqual(["main.m3u8", "a", "ad", "ad-low"]);
    expect(
      expansion.urls.flatMap(({ url, kind, offset }) => (url.includes("ad-") && offset !== undefined ? [[kind, offset]] : [])),
    ).toEqual([
      ["interstitial", 50],
      ["interstitial", 56],
    ]);
    expect(expansion.refused).toMatchObject([{ url: at("deeper"), code: "limit", reason: "It is nested deeper than 4 manifests" }]);
    expect(chooseUrls(expansion.urls).urls.map(({ url }) => url)).not.toContain(at("ad-0"));
  });

  it("names each object that differs for each viewer, and reports only when their playlist is not listed", async () => {
    const main = [
      ...["#EXTM3U", '#EXT-X-CONTENT-STEERING:SERVER-URI="steer"', '#EXT-X-DATERANGE:ID="1",X-ASSET-LIST="list"', "#EXTINF:6,", "0"],
      ...['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="next"', '#EXT-X-RENDITION-REPORT:URI="main.m3u8"', '#EXT-X-RENDITION-REPORT:URI="other"'],
    ];
    const expansion = await site({ "main.m3u8": main.join("\n") }).expand();
    expect(names(expansion)).toEqual(["main.m3u8", "0"]);
    expect(expansion.skipped.list.map(({ uri }) => uri)).toEqual(["steer", "next", "list", "other"].map(at));
  });

  it("refuses a rendition that leads to no media, and a stream that does", async () => {
    const gaps = "#EXTM3U\n#EXT-X-GAP\n#EXTINF:4,\na\n#EXT-X-ENDLIST";
    const { expand } = site({ "main.m3u8": multivariant("empty", "gaps", "a"), empty: "#EXTM3U\n#EXT-X-ENDLIST", gaps, a: media(1) });
    const expansion = await expand();
    expect(names(expansion)).toEqual(["main.m3u8", "a", "init", "0"]);
    expect(expansion.refused).toMatchObject([
      { url: at("empty"), code: "unsupported", reason: "The playlist leads to no segment" },
      { url: at("gaps"), code: "unsupported" },
    ]);
    await expect(expand({}, at("empty"))).rejects.toThrow("leads to no segment");
    const unusable = site({ "main.m3u8": "#EXTM3U\n#EXTINF:4,\nskd://a\n#EXT-X-ENDLIST" });
    await expect(unusable.expand()).rejects.toThrow('leads to no segment. Skipped, 1 in all: skd://a has the scheme "skd:"');
  });

  it("refuses a rendition whose variable has no value", async () => {
    const { expand } = site({
      "main.m3u8": multivariant("a", "b"),
      a: '#EXTM3U\n#EXT-X-DEFINE:IMPORT="cdn"\n#EXTINF:4,\n{$cdn}',
      b: media(1),
    });
    const expansion = await expand();
    expect(expansion.refused).toMatchObject([{ url: at("a"), code: "invalid_argument", reason: expect.stringContaining('"cdn"') }]);
    expect(names(expansion)).toEqual(["main.m3u8", "b", "init", "0"]);
  });

  it("reads a guess whole only when it begins like a manifest", async () => {
    const asked: number[] = [];
    const guess = (text: string) =>
      expandManifest(at("4711"), {
        now: NOW,
        refuseHost: () => undefined,
        guessedBytes: 100,
        fetchBody: async (url, mostBytes) => {
          asked.push(mostBytes);
          return bodyOf(text.slice(0, mostBytes), url, { isWhole: text.length <= mostBytes });
        },
      });
    expect(await guess("x".repeat(1_000))).toBeUndefined();
    expect(await guess("<html>")).toBeUndefined();
    expect(asked).toEqual([100, 100]);
    expect(await guess(`#EXTM3U\n${"#\n".repeat(100)}#EXTINF:1,\na`)).toMatchObject({ urls: [{}, {}] });
    await expect(guess(`<!-- ${"x".repeat(200)} --><MPD/>`)).rejects.toThrow("has no period");
    expect(asked).toEqual([100, 100, 100, 8_388_608, 100, 8_388_608]);
    await expect(guess("<SmoothStreamingMedia/>")).rejects.toThrow("Smooth Streaming");
  });
});
