/** Streams in threads: hostile manifests cost their own stream, and the main thread serves other work meanwhile. */

import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { threadEntry } from "../../../src/base/thread.ts";
import { readStream } from "../../../src/media/stream.ts";
import { createStreamReader, type ThreadLimits } from "../../../src/media/thread/stream-reader.ts";
import type { StreamRules } from "../../../src/prefetch/model/stream.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { bodyOf, NOW } from "../read-harness.ts";

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

function reader(limits?: Partial<ThreadLimits>) {
  const made = createStreamReader(limits);
  closers.push(made.close);
  return made;
}

const at = (name: string): string => `https://media.example.com/film/${name}`;

function rules(contents: Readonly<Record<string, string | Uint8Array>>, more: Partial<StreamRules> = {}): StreamRules {
  return {
    scope: "full",
    mostUrls: 10_000,
    now: NOW,
    hosts: { allowed: undefined, most: 10 },
    guessedBytes: undefined,
    signal: neverAborted,
    fetchBody: async (url) => {
      const content = contents[url.replace(at(""), "")];
      if (content === undefined) throw new PrefetchError("not_found", `There is nothing at ${url}`, { hint: "Check it." });
      return bodyOf(content, url);
    },
    ...more,
  };
}

const film = {
  "main.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\ngone.m3u8",
  "a.m3u8": "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:4,\nskd:x\n#EXT-X-ENDLIST",
};

describe("createStreamReader", () => {
  it("reads a stream as the reader in the same thread does", async () => {
    const { read } = reader();
    const wanted = await readStream(at("main.m3u8"), rules(film));
    expect(wanted).toMatchObject({ urls: ["main.m3u8", "a.m3u8", "a.ts"].map(at), refused: [{ code: "not_found" }], skippedCount: 1 });
    expect(await read(at("main.m3u8"), rules(film))).toEqual(wanted);
    expect(await read(at("main.m3u8"), rules(film))).toEqual(wanted);
  });

  it("tells a guess that is no manifest, and an error with its hint", async () => {
    const { read } = reader();
    const texts = { page: "<html></html>", "packed.m3u8": gzipSync(film["a.m3u8"]) };
    expect(await read(at("page"), rules(texts, { guessedBytes: 1_000 }))).toBeUndefined();
    await expect(read(at("gone.m3u8"), rules(texts))).rejects.toMatchObject({
      name: "PrefetchError",
      code: "not_found",
      hint: "Check it.",
    });
    expect(await read(at("packed.m3u8"), rules(texts))).toMatchObject({ urls: [at("packed.m3u8"), at("a.ts")] });
  });

  it("reads streams at the same time, each with its own answers", async () => {
    const { read } = reader();
    const names = Array.from({ length: 6 }, (_, nth) => `${nth}.m3u8`);
    const streams = await Promise.all(names.map((name) => read(at(name), rules({ [name]: `#EXTM3U\n#EXTINF:1,\n${name}.ts` }))));
    expect(streams.map((stream) => stream?.urls)).toEqual(names.map((name) => [at(name), at(`${name}.ts`)]));
  });

  it("stops with the signal's reason, or a bug's error, and reads the next stream", async () => {
    const { read } = reader();
    const stop = new AbortController();
    const waiting = read(at("a.m3u8"), rules({}, { signal: stop.signal, fetchBody: () => new Promise(() => undefined) }));
    stop.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(read(at("a.m3u8"), rules({}, { signal: stop.signal }))).rejects.toThrow("gone");
    const bug = async () => {
      throw new TypeError("a bug");
    };
    await expect(read(at("a.m3u8"), rules({}, { fetchBody: bug }))).rejects.toThrow(TypeError);
    expect(await read(at("a.m3u8"), rules(film))).toMatchObject({ urls: ["a.m3u8", "a.ts"].map(at) });
  });

  it.each([
    ["hangs", "spin", /takes longer/, 200],
    // V8 does not always end a thread with a full heap by itself. The limit of time then ends it.
    ["fills its memory", "fill", /takes more memory|takes longer/, 4_000],
  ])("fails the stream whose reading %s, and reads the next one in a new thread", async (_, what, message, turnMs) => {
    const entry = threadEntry("hostile-thread-harness", import.meta.url);
    const { read } = reader({ entry, turnMs, memoryMb: 32 });
    await expect(read(what, rules({}))).rejects.toMatchObject({ code: "limit_reached", message: expect.stringMatching(message) });
    await expect(read("fine", rules({}))).resolves.toBeUndefined();
  });

  it("refuses an answer of another shape", async () => {
    const { read } = reader({ entry: threadEntry("hostile-thread-harness", import.meta.url) });
    await expect(read("odd", rules({}))).rejects.toThrow(/kind/);
  });
});

const HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
const BIG = 8_388_000;

/** As many pieces as a manifest may hold. */
function many(begin: string, piece: (nth: number) => string, count = Number.POSITIVE_INFINITY): string {
  const pieces = [begin];
  let length = begin.length;
  for (let nth = 0; nth < count && length < BIG; nth += 1) length += pieces[pieces.push(piece(nth)) - 1]?.length ?? 0;
  return length > BIG ? pieces.slice(0, -1).join("") : pieces.join("");
}

const mpd = (inner: string, duration = "PT800S") =>
  `<MPD type="static" mediaPresentationDuration="${duration}"><Period><AdaptationSet mimeType="video/mp4">${inner}</AdaptationSet></Period></MPD>`;
const video = (template: string) => `<Representation id="v" bandwidth="1"><SegmentTemplate ${template}/></Representation>`;
const long = (name: string) => `#EXT-X-DEFINE:NAME="${name}",VALUE="${"x".repeat(8_000)}"\n`;

/** Manifests that are large, or that ask for much work, each within the size that is read. */
const hostile: Readonly<Record<string, string | Uint8Array>> = {
  "100,000 segments.m3u8": many(HEAD, (nth) => `#EXTINF:6,\nvideo/${nth}.m4s\n`, 99_990),
  "8 MiB of short lines.m3u8": many(HEAD, (nth) => `${nth.toString(36)}\n`),
  "8 MiB of one line.m3u8": many(HEAD, () => "#EXTINF:1,\na\n"),
  "8 MiB of line ends.m3u8": many(HEAD, () => "\r".repeat(1_000)),
  "8 MiB of attributes.m3u8": many(`${HEAD}#EXT-X-MEDIA:`, (nth) => `A${nth}=1,`),
  "8 MiB of quotes.m3u8": many(`${HEAD}#EXT-X-MEDIA:`, () => ',="'),
  "8 MiB of date ranges.m3u8": many(
    HEAD,
    (nth) => `#EXT-X-DATERANGE:ID="${nth}",START-DATE="2026-01-01T00:00:00Z",X-ASSET-LIST="${nth}"\n`,
  ),
  "8 MiB of parts.m3u8": many(`${HEAD}#EXT-X-PART-INF:PART-TARGET=1\n`, (nth) => `#EXT-X-PART:DURATION=1,URI="${nth}"\n`),
  "long variables.m3u8": many(`${HEAD}${long("v")}`, (nth) => `#EXTINF:1,\n{$v}/${nth}\n`),
  "unclosed references.m3u8": many(`${HEAD}#EXTINF:1,\n`, () => "{$aaaaaaaa"),
  "doubled variables.m3u8": many(
    `${HEAD}#EXT-X-DEFINE:NAME="v0",VALUE="xx"\n`,
    (nth) => `#EXT-X-DEFINE:NAME="v${nth + 1}",VALUE="{$v${nth}}{$v${nth}}"\n`,
    60,
  ),
  "9,000 variants.m3u8": many("#EXTM3U\n", (nth) => `#EXT-X-STREAM-INF:BANDWIDTH=${nth}\n${nth}.m3u8\n`, 9_000),
  "a gzip bomb.m3u8": gzipSync(Buffer.alloc(100_000_000)),
  "8 MiB of comments.mpd": many("", () => "<!---->"),
  "8 MiB of blanks.mpd": many("<MPD ", () => " ".repeat(1_000)),
  "8 MiB of elements.mpd": many("<MPD>", () => "<a>"),
  "8 MiB of entities.mpd": many("<MPD>", () => "&"),
  "a wide number.mpd": mpd(video('media="$Number%060000d$.m4s" duration="1"')),
  // One text larger than the heap ends the whole process and not just the thread.
  "a repeated query.mpd": mpd(
    `<SupplementalProperty schemeIdUri="urn:mpeg:dash:urlparam:2014"><UrlQueryInfo queryTemplate="${"$querypart$".repeat(5_000)}" queryString="${"q".repeat(60_000)}"/></SupplementalProperty>${video('media="$Number$" duration="1"')}`,
  ),
  "a repeated id.mpd": mpd(
    `<Representation id="${"i".repeat(60_000)}"><SegmentTemplate media="${"$RepresentationID$".repeat(3_000)}$Number$" duration="1"/></Representation>`,
  ),
  "9,000 representations.mpd": mpd(
    `<SegmentTemplate media="$RepresentationID$/$Number$" duration="100"/>${many("", (nth) => `<Representation id="${nth}" bandwidth="1"/>`, 9_000)}`,
  ),
  "100,000 segments.mpd": mpd(video('media="$Number$.m4s" duration="1"'), "PT99990S"),
};

describe("reading a hostile manifest", () => {
  const { read } = reader();

  it.each(Object.keys(hostile))("lets the main thread work meanwhile and ends: %s", { timeout: 60_000 }, async (name) => {
    let isOver = false;
    const outcome = read(at(name), rules(hostile))
      .then(
        (stream) => stream?.urls.length ?? 0,
        (error: unknown) => error,
      )
      .finally(() => {
        isOver = true;
      });
    // A call that arrives meanwhile is answered first, and the event loop turns all the time.
    let turns = 0;
    for (; !isOver; turns += 1) await sleep(1);
    const found = await outcome;
    if (typeof found === "number") expect(found).toBeGreaterThan(0);
    else expect(found).toBeInstanceOf(PrefetchError);
    expect(turns).toBeGreaterThan(0);
  });
});
