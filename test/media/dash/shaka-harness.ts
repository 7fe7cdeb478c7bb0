/**
 * shaka-player's DASH parser as an oracle. It runs in a realm of its own, with the little of a browser that it asks for at its
 * start, so that nothing of that reaches the tests. It plays nothing: the harness only reads its segment indexes.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";
import { z } from "zod";

/** Code of the realm. `parse` resolves with the URLs of every segment and init section that the player would fetch. */
const program = `
  Map.prototype.getOrInsertComputed ??= function (key, compute) {
    if (!this.has(key)) this.set(key, compute(key));
    return this.get(key);
  };
  let text = "";
  const answer = (uri) => ({ uri, originalUri: uri, data: new TextEncoder().encode(text).buffer, headers: {}, status: 200 });
  for (const scheme of ["http", "https"]) {
    shaka.net.NetworkingEngine.registerScheme(scheme, (uri) => shaka.util.AbortableOperation.completed(answer(uri)), 4, false);
  }
  const player = new shaka.Player();
  const config = player.getConfiguration();
  config.manifest.dash.ignoreMinBufferTime = true;
  const nothing = () => {};
  const host = {
    networkingEngine: player.getNetworkingEngine(), filter: async () => {}, makeTextStreamsForClosedCaptions: nothing,
    onTimelineRegionAdded: nothing, onEvent: nothing, onError: nothing, isLowLatencyMode: () => false, updateDuration: nothing,
    newDrmInfo: nothing, onManifestUpdated: nothing, getBandwidthEstimate: () => 1e6, onMetadata: async () => {},
    disableStream: nothing, addFont: nothing, getStreamingRetryParameters: () => config.streaming.retryParameters,
    onSegmentReceived: nothing,
  };
  async function streamUrls(stream, found) {
    await stream.createSegmentIndex();
    // An empty index has no iterator.
    const iterator = stream.segmentIndex?.[Symbol.iterator]() ?? undefined;
    for (const reference of iterator === undefined ? [] : { [Symbol.iterator]: () => iterator }) {
      for (const part of reference.partialReferences ?? []) found.add(part.getUris()[0]);
      const [uri] = reference.getUris();
      if (uri) found.add(uri);
      const [init] = reference.initSegmentReference?.getUris() ?? [];
      if (init) found.add(init);
    }
  }
  async function parse(manifest, url) {
    text = manifest;
    const parser = new shaka.dash.DashParser();
    parser.configure(config.manifest, () => false);
    try {
      const { variants, textStreams, imageStreams } = await parser.start(url, host);
      const streams = new Set([...variants.flatMap(({ video, audio }) => [video, audio]), ...textStreams, ...imageStreams]);
      const found = new Set();
      for (const stream of streams) if (stream) await streamUrls(stream, found);
      return { urls: [...found] };
    } catch (error) {
      return { problem: error.code ? "error " + error.code : String(error.stack) };
    } finally {
      await parser.stop();
    }
  }
  parse;
`;

const answer = z.union([z.object({ urls: z.array(z.string()) }), z.object({ problem: z.string() })]);
export type ShakaAnswer = z.infer<typeof answer>;

/** `now` is the time of the realm. */
export function startShaka(now: number): (manifest: string, url: string) => Promise<ShakaAnswer> {
  const script = readFileSync(createRequire(import.meta.url).resolve("shaka-player/dist/shaka-player.dash.debug.js"), "utf8");
  const realm = createContext(browser());
  runInContext(`Date.now = () => ${now}; var window = globalThis, self = globalThis;`, realm);
  runInContext(script, realm);
  const parse = z
    .custom<(manifest: string, url: string) => unknown>((value) => typeof value === "function")
    .parse(runInContext(program, realm));
  return async (manifest, url) => answer.parse(await parse(manifest, url));
}

function browser(): object {
  const nothing = (): void => {};
  const element = { canPlayType: () => "", style: {}, setAttribute: nothing, addEventListener: nothing };
  return {
    ...{
      TextEncoder,
      TextDecoder,
      URL,
      URLSearchParams,
      AbortController,
      console: { log: nothing, info: nothing, debug: nothing, warn: nothing, error: nothing, assert: nothing },
    },
    ...{ setTimeout: timer(setTimeout), clearTimeout, setInterval: timer(setInterval), clearInterval, performance, queueMicrotask },
    ...{ addEventListener: nothing, removeEventListener: nothing, navigator: { userAgent: "", platform: "", vendor: "", language: "en" } },
    document: { createElement: () => element, addEventListener: nothing, documentElement: {}, querySelector: () => null },
    location: { protocol: "https:", href: "https://media.example.com/", host: "media.example.com" },
    ...{ HTMLMediaElement: class {}, HTMLElement: class {}, Event: class {}, CustomEvent: class {} },
  };
}

/** A timer of the player must not keep the test process alive. */
function timer(
  start: (action: () => void, milliseconds?: number) => NodeJS.Timeout,
): (action: () => void, milliseconds?: number) => NodeJS.Timeout {
  return (action, milliseconds) => start(action, milliseconds).unref();
}
