/** Streams in threads: hostile manifests cost their own stream, and the main thread serves other work meanwhile. */

import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { type ThreadOptions, threadEntry } from "../../../src/base/thread.ts";
import { readStream } from "../../../src/media/stream.ts";
import { createStreamReader } from "../../../src/media/thread/stream-reader.ts";
import type { StreamRules } from "../../../src/prefetch/model/stream.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { bodyOf, NOW } from "../read-harness.ts";

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

function reader(limits?: Partial<ThreadOptions>) {
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
