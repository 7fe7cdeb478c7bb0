/** The server's own manifest readers read the edge's streams: the stated number of URLs, each with a file. */

import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/app/system-clock.ts";
import { PrefetchError } from "../../../src/base/errors.ts";
import { expandManifest } from "../../../src/media/expand.ts";
import type { Expansion } from "../../../src/media/expansion.ts";
import { chooseUrls } from "../../../src/media/scope.ts";
import type { Settled } from "../../../src/prefetch/model/provider.ts";
import { streamScopes } from "../../../src/prefetch/model/stream.ts";
import { defaultWarmLimits } from "../../../src/providers/http/limits.ts";
import { headerRule } from "../../../src/providers/http/net/site-headers.ts";
import { createWarmer } from "../../../src/providers/http/warm/warmer.ts";
import { edgeStreams } from "../../../src/sandbox/edge/streams.ts";
import { bodyOf } from "../../media/read-harness.ts";
import { HOUR, SECOND } from "../../providers/clock-harness.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

const expand = async (path: string): Promise<Expansion> => {
  const expansion = await expandManifest(test.url(path), {
    now: test.clock.now(),
    refuseHost: (host) => (host === "media.example.org" ? undefined : `It is on ${host}`),
    fetchBody: async (url) => {
      const { status, body } = await test.ask(url);
      if (status !== 200) throw new PrefetchError("not_found", `${status} at ${url}`);
      return bodyOf(body, url);
    },
  });
  if (!expansion) throw new Error(`${path} is no manifest`);
  return expansion;
};

describe.each(Object.entries(edgeStreams))("%s", (name, { path, manifests, startup, full }) => {
  it("has the stated number of URLs for each scope", async () => {
    const expansion = await expand(path);
    expect(expansion).toMatchObject({ refused: [], skipped: { count: 0 } });
    const counts = streamScopes.map((scope) => chooseUrls(expansion.urls, { scope }).urls.length);
    expect(counts).toEqual([startup, full, manifests]);
    expect(expansion.manifests).toHaveLength(manifests);
    expect(expansion.manifests.map(({ live }) => live)).toEqual(name === "live" ? [true] : expect.not.arrayContaining([true]));
  });

  it("serves every listed URL in its estimated size", async () => {
    const { urls } = await expand(path);
    for (const { url, role, bytes } of urls) {
      const { status, header, cache } = await test.ask(url, { method: "HEAD" });
      expect([url, status, cache.state]).toEqual([url, 200, role === "playlist" ? "hit" : "miss"]);
      expect(header("content-type")).not.toBe("application/octet-stream");
      if (role === "segment") expect([url, bytes]).toEqual([url, Number(header("content-length"))]);
    }
  });

  it("may have any name and may be shielded", async () => {
    for (const moved of [path.replace("sandbox", "%E7%89%87%20a"), `/shielded${path}`]) {
      expect(chooseUrls((await expand(moved)).urls).urls).toHaveLength(startup);
    }
  });
});

it("lasts ten minutes in every format", async () => {
  for (const { path } of [edgeStreams.hls, edgeStreams.hlsTransport, edgeStreams.dash]) {
    const { manifests } = await expand(path);
    expect(manifests.at(-1)?.duration).toBe(600);
  }
});

it("has three video renditions in HLS and two in DASH, each with one of audio", async () => {
  const renditions = async (path: string) => {
    const { urls } = await expand(path);
    return [...new Set(urls.filter(({ role }) => role === "segment").map(({ rendition }) => rendition))];
  };
  expect(await renditions(edgeStreams.hls.path)).toEqual([
    "audio/audio/Sandbox",
    "video/426x240@264000",
    "video/640x360@464000",
    "video/854x480@864000",
  ]);
  expect(await renditions(edgeStreams.dash.path)).toEqual(["video/video-240p", "video/video-480p", "audio/audio-64k"]);
});

it.each([
  "/hls/sandbox/index.m3u8",
  "/hls/sandbox/video-240p/segment-00000.m4s",
  "/hls/sandbox/video-240p/segment-00101.m4s",
  "/hls/sandbox/video-240p/segment-00001.ts",
  "/hls/sandbox/video-240p/segment-1.m4s",
  "/hls/sandbox/video-240p/deeper/segment-00001.m4s",
  "/hls/sandbox/video-720p/segment-00001.m4s",
  "/hls-ts/sandbox/segment-00101.ts",
  "/dash/sandbox/video-360p/init.mp4",
  "/live/sandbox/segment-00001.ts",
  "/live/sandbox/segment-x.ts",
])("answers 404 at %s", async (path) => {
  expect((await test.ask(test.url(path))).status).toBe(404);
});

it("is a hit in every part after the http provider has warmed it", async () => {
  const { urls, bytes } = chooseUrls((await expand(edgeStreams.hls.path)).urls);
  const pass = async () => {
    const reasons: string[] = [];
    const warmer = createWarmer({
      routes: [{ name: "", dispatcher: test.dispatcher, redirectDispatcher: test.dispatcher, headers: {} }],
      clock: systemClock,
      limits: defaultWarmLimits,
      method: "GET",
      redirects: 0,
      headersOf: headerRule(),
      checkUrl: (url) => new URL(url),
    });
    const progress = { taskId: "t", taskBytes: 0, settled: ({ reason }: Settled) => void reasons.push(reason), moved: () => undefined };
    const wanted = urls.map(({ url }) => url);
    await warmer.warm(wanted, progress, AbortSignal.timeout(10_000));
    const count = (words: string) => reasons.filter((reason) => reason.includes(words)).length;
    return { hits: count("already in the cache"), misses: count("fetched now"), all: reasons.length };
  };
  // The expansion has already fetched the playlists.
  expect(await pass()).toEqual({ all: 29, hits: 5, misses: 24 });
  expect(bytes).toEqual({ known: 5_490_000, unknownUrls: 0 });
  expect(await pass()).toEqual({ all: 29, hits: 29, misses: 0 });
  expect(test.edge.originFetches()).toBe(29);
});

describe("the live stream", () => {
  const names = async () => (await expand(edgeStreams.live.path)).urls.filter(({ role }) => role === "segment").map(({ url }) => url);

  it("moves on by a segment every six seconds", async () => {
    const before = await names();
    expect(before).toHaveLength(10);
    test.clock.advance(6 * SECOND);
    const after = await names();
    expect(after.slice(0, -1)).toEqual(before.slice(1));
    expect(new Set([...before, ...after]).size).toBe(11);
  });

  it("serves a segment from its end on and for a limited time", async () => {
    const last = (await names()).at(-1) ?? "";
    const number = Number(/segment-(\d+)/.exec(last)?.[1]);
    const next = last.replace(String(number), String(number + 1));
    expect((await test.ask(next)).status).toBe(404);
    test.clock.advance(6 * SECOND);
    expect((await test.ask(next)).status).toBe(200);
    expect((await test.ask(last)).status).toBe(200);
    test.clock.advance(HOUR);
    expect((await test.ask(last)).status).toBe(404);
  });
});
