import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createSemaphore } from "../../../src/base/semaphore.ts";
import { expandStreams } from "../../../src/prefetch/admission/expand-streams.ts";
import type { UrlsRequest } from "../../../src/prefetch/calls/submit.ts";
import { type CallContext, localCaller } from "../../../src/prefetch/model/caller.ts";
import type { StreamReader, StreamScope } from "../../../src/prefetch/model/stream.ts";
import { parseUrl } from "../../../src/prefetch/model/url.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";
import { type EdgeScript, fakeEdge } from "../../fakes/edge.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { fakeTimeouts, rejectOnAbort, neverAborted as signal } from "../../fakes/signal.ts";
import { defaultRequest, error, type ServiceOptions, startService } from "../calls/service-harness.ts";

const at = (name: string): string => new URL(name, "https://media.example.com/").href;
const atAll = (...names: string[]): string[] => names.map(at);

const master = (...uris: string[]): string =>
  ["#EXTM3U", ...uris.flatMap((uri, index) => [`#EXT-X-STREAM-INF:BANDWIDTH=${(index + 1) * 1_000}`, uri])].join("\n");
const media = (prefix: string, count: number, end = "#EXT-X-ENDLIST"): string =>
  [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:6",
    `#EXT-X-MAP:URI="${prefix}init"`,
    ...Array.from({ length: count }, (_, nth) => `#EXTINF:6,\n${prefix}${nth}.ts`),
    end,
  ].join("\n");
/** A playlist of segments of six seconds each. */
const listing = (...uris: string[]): string =>
  ["#EXTM3U", "#EXT-X-TARGETDURATION:6", ...uris.flatMap((uri) => ["#EXTINF:6,", uri]), "#EXT-X-ENDLIST"].join("\n");

/** A film of two rungs with ten segments of six seconds each. */
const film = (name: string): Record<string, string> => ({
  [at(`${name}/main.m3u8`)]: master("low.m3u8", "high.m3u8"),
  [at(`${name}/low.m3u8`)]: media("low-", 10),
  [at(`${name}/high.m3u8`)]: media("high-", 10),
});
const startOf = (name: string): string[] =>
  atAll(
    ...["main.m3u8", "low.m3u8", "high.m3u8", "low-init", "high-init"],
    ...[0, 1, 2, 3, 4].map((nth) => `low-${nth}.ts`),
    ...[0, 1, 2, 3, 4].map((nth) => `high-${nth}.ts`),
  ).map((url) => url.replace(at(""), at(`${name}/`)));

async function setUp(edge: EdgeScript = {}, { script, ...options }: ServiceOptions = {}) {
  const scripted = fakeEdge(edge);
  const harness = await startService({ ...options, script: { edge: scripted, ...script } });
  const expand = (
    urls: readonly unknown[],
    { scope = "startup", ...more }: Partial<UrlsRequest> & { readonly scope?: StreamScope } = {},
    context?: CallContext,
  ) => harness.urls(urls, { expand: { kind: "streams", scope }, ...more }, context);
  /** The accepted and the rejected targets of a task, in order. */
  const listed = async (taskId = "pf_0001") => {
    const items = await harness.storage.items(taskId, { limit: 10_000 });
    return {
      accepted: items.filter(({ state }) => state !== "rejected").map(({ target }) => target),
      rejected: items.flatMap(({ state, target, code, reason }) => (state === "rejected" ? [{ target, code, reason }] : [])),
    };
  };
  return { ...harness, edge: scripted, expand, listed };
}

describe("prefetchUrls, with expand streams", () => {
  it.each([
    ["startup", 15],
    ["full", 25],
    ["manifests", 3],
  ] as const)("spends the URLs of the scope %s, which a dry run names and does not spend", async (scope, cost) => {
    const { expand, used, sent, listed } = await setUp({ texts: film("a") });
    const planned = await expand([at("a/main.m3u8")], { scope, dryRun: true });
    expect(planned).toMatchObject({
      dryRun: true,
      cost,
      counts: { queued: cost },
      streams: [{ url: at("a/main.m3u8"), format: "hls", live: false, urls: cost }],
      nextStep: `1 stream(s) stand for ${cost} URLs. Nothing was sent. fake-cdn: ${cost} units today, and then ${100 - cost} left. Call again without dry_run to spend ${cost} units.`,
    });
    expect([await used(), sent()]).toEqual([0, []]);
    const view = await expand([at("a/main.m3u8")], { scope });
    expect(view).toMatchObject({ counts: { processing: cost }, duplicatesRemoved: 0 });
    expect(await used()).toBe(cost);
    expect((await listed(view.taskId)).accepted).toHaveLength(cost);
  });

  it("sends the most urgent URLs first, and streams in the caller's order, whichever is read first", async () => {
    const clock = fakeClock();
    const { expand, listed } = await setUp(
      { texts: { ...film("a"), ...film("b") }, onText: (url) => clock.sleep(url.includes("/a/") ? 5_000 : 1) },
      { clock },
    );
    const view = await expand([at("a/main.m3u8"), at("x.mp4"), at("b/main.m3u8")]);
    expect((await listed()).accepted).toEqual([...startOf("a"), at("x.mp4"), ...startOf("b")]);
    expect(view.streams?.map(({ url }) => url)).toEqual(atAll("a/main.m3u8", "b/main.m3u8"));
  });

  it("sends a stream as a plain URL with expand none", async () => {
    const { urls, listed, edge } = await setUp({ texts: film("a") });
    const view = await urls([at("a/main.m3u8")]);
    expect(view.streams).toBeUndefined();
    expect((await listed()).accepted).toEqual([at("a/main.m3u8")]);
    expect(edge.read).toEqual([]);
  });

  it("rejects, cuts or defers the URLs of streams by the quota policy", async () => {
    const texts = { ...film("a"), ...film("b") };
    const both = atAll("a/main.m3u8", "b/main.m3u8");
    const reject = await setUp({ texts }, { dailyBudget: 20 });
    expect(await reject.expand(both, { dryRun: true })).toMatchObject({ cost: 30, plan: { fitsToday: false } });
    await expect(reject.expand(both)).rejects.toThrow(error("quota_exhausted", { message: expect.stringContaining("needs 30 units") }));
    expect([await reject.used(), reject.sent()]).toEqual([0, []]);

    const partial = await setUp({ texts }, { dailyBudget: 20 });
    expect(await partial.expand(both, { onQuotaExceeded: "partial", dryRun: true })).toMatchObject({
      cost: 20,
      counts: { queued: 20, rejected: 10 },
    });
    const { taskId } = await partial.expand(both, { onQuotaExceeded: "partial" });
    expect((await partial.listed(taskId)).accepted).toEqual([...startOf("a"), ...startOf("b").slice(0, 5)]);

    const defer = await setUp({ texts }, { dailyBudget: 20 });
    expect(await defer.expand(both, { onQuotaExceeded: "defer", dryRun: true })).toMatchObject({
      cost: 30,
      nextStep: expect.stringContaining("20 would be sent today and 10 later"),
    });
    expect(await defer.expand(both, { onQuotaExceeded: "defer" })).toMatchObject({ counts: { processing: 20, queued: 10 } });
  });

  it("sends a URL that two streams share once, and reads a repeated stream once", async () => {
    const texts = {
      [at("one.m3u8")]: listing("shared.ts", "1.ts"),
      [at("two.m3u8")]: listing("shared.ts", "2.ts"),
    };
    const { expand, listed, edge } = await setUp({ texts });
    const view = await expand([at("one.m3u8"), "HTTPS://media.example.com/one.m3u8#t=1", at("two.m3u8"), at("2.ts")]);
    expect((await listed()).accepted).toEqual(atAll("one.m3u8", "shared.ts", "1.ts", "two.m3u8", "2.ts"));
    expect(view).toMatchObject({ duplicatesRemoved: 3, streams: [{ urls: 3 }, { urls: 3 }] });
    expect(edge.read.sort()).toEqual(atAll("one.m3u8", "two.m3u8"));
  });

  it("returns the first task when the call is repeated", async () => {
    const { expand, used } = await setUp({ texts: film("a") });
    const { taskId } = await expand([at("a/main.m3u8")]);
    const again = await expand([at("a/main.m3u8")]);
    expect(again).toMatchObject({ taskId, skippedRecent: 15, streams: [{ urls: 15 }] });
    expect(await used()).toBe(15);
    expect(await expand([at("a/main.m3u8")], { scope: "full" })).toMatchObject({ taskId: "pf_0002", skippedRecent: 15 });
    expect(await used()).toBe(25);
  });

  it("resolves relative URLs against the redirected manifest", async () => {
    const texts = {
      [at("main.m3u8")]: new URL("https://other.example/deep/real.m3u8"),
      "https://other.example/deep/real.m3u8": listing("1.ts"),
    };
    const { expand, listed } = await setUp({ texts });
    await expand([at("main.m3u8")]);
    expect((await listed()).accepted).toEqual([at("main.m3u8"), "https://other.example/deep/1.ts"]);
  });

  it("sends the live edge of a live stream and says so", async () => {
    const { expand, listed } = await setUp({ texts: { [at("live.m3u8")]: media("", 20, "") } });
    const view = await expand([at("live.m3u8")], { scope: "full" });
    expect(view).toMatchObject({
      streams: [{ live: true, urls: 7 }],
      nextStep: expect.stringContaining("URLs of a live stream are on air for seconds only."),
    });
    expect((await listed()).accepted).toEqual(atAll("live.m3u8", "init", ...[15, 16, 17, 18, 19].map((nth) => `${nth}.ts`)));
  });

  it("expands DASH, and manifests whose names do not tell the format", async () => {
    const mpd =
      '<MPD mediaPresentationDuration="PT6S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>';
    const urls = atAll("film.mpd", "film.ism/manifest(format=m3u8-aapl)", "v1/4711", "get.php?type=m3u8");
    const [first = "", ...others] = urls;
    const texts = { [first]: mpd, ...Object.fromEntries(others.map((url) => [url, listing("https://media.example.com/1.ts")])) };
    const { expand } = await setUp({ texts });
    expect((await expand(urls)).streams?.map(({ format, urls }) => [format, urls])).toEqual([
      ["dash", 2],
      ["hls", 2],
      ["hls", 2],
      ["hls", 2],
    ]);
  });
});

describe("expansion, of entries that are no streams", () => {
  it("sends them as plain files, and reads only names that may be manifests", async () => {
    const texts = {
      [at("folder/4711")]: "a picture",
      [at("playlist.php")]: "<html><body>Hello</body></html>",
      [at("huge")]: "a film ".repeat(200_000),
    };
    const { expand, listed, edge } = await setUp({ texts });
    const inputs = atAll("a.mp4", "index.html", "folder/4711", "", "playlist.php", "huge");
    expect(await expand(inputs)).toMatchObject({
      streams: [],
      nextStep: expect.stringMatching(/^No entry of the list is a stream\. /),
    });
    expect(await listed()).toEqual({ accepted: inputs, rejected: [] });
    expect(edge.read.sort()).toEqual(atAll("folder/4711", "huge", "playlist.php"));
  });

  it("names a manifest that cannot be read, although its name does not tell that it is one", async () => {
    const mpd =
      '<MPD type="static"><Period duration="PT1S"><AdaptationSet mimeType="video/mp4"><Representation id="v"/></AdaptationSet></Period></MPD>';
    const texts = {
      [at("film.ism/manifest(format=mpd)")]: mpd,
      [at("film.ism/manifest")]: '<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2"/>',
      [at("live/4711")]: "#EXTINF:6,\n1.ts",
      [at("long")]: `#EXTM3U\n${"#".repeat(1_048_576)}`,
    };
    const { expand, listed } = await setUp({ texts });
    const view = await expand([...Object.keys(texts), at("b.mp4")]);
    expect((await listed()).rejected.map(({ target }) => target)).toEqual(Object.keys(texts));
    expect(view.nextStep).not.toContain("No entry of the list is a stream");
  });

  it("reads a long manifest to its end, although its name does not tell that it is one", async () => {
    const long = `#EXTM3U\n${"#\n".repeat(600_000)}${listing("1.ts")}`;
    const { expand, listed, edge } = await setUp({ texts: { [at("long")]: long } });
    await expand([at("long")]);
    expect((await listed()).accepted).toEqual(atAll("long", "1.ts"));
    expect(edge.read).toEqual(atAll("long", "long"));
  });

  it("rejects a text that is no manifest under a manifest's name", async () => {
    const { expand, listed } = await setUp({ texts: { [at("a.m3u8")]: "<html>Please log in</html>" } });
    await expand(atAll("a.m3u8", "b.mp4"));
    expect((await listed()).rejected).toEqual([
      {
        target: at("a.m3u8"),
        code: "unsupported",
        reason: "The stream cannot be expanded. It is neither an HLS playlist (#EXTM3U) nor a DASH manifest (<MPD>).",
      },
    ]);
  });
});

describe("expansion, when it fails", () => {
  const down = new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true, hint: "Check the host." });

  it("rejects the stream with its reason and sends the rest", async () => {
    const { expand, listed } = await setUp({ texts: { ...film("a"), [at("down.m3u8")]: down } });
    const view = await expand(["bad", ...atAll("gone.mpd", "down.m3u8", "a/main.m3u8", "b.mp4")]);
    expect(view).toMatchObject({ counts: { processing: 16, rejected: 3 }, streams: [{ url: at("a/main.m3u8") }] });
    const { accepted, rejected } = await listed();
    expect(accepted).toEqual([...startOf("a"), at("b.mp4")]);
    expect(rejected.slice(1)).toEqual([
      { target: at("gone.mpd"), code: "not_found", reason: "The stream cannot be expanded. The edge answered with 404." },
      {
        target: at("down.m3u8"),
        code: "vendor_unavailable",
        reason: "The stream cannot be expanded. The connection failed. Check the host.",
      },
    ]);
  });

  it("does not call the stream a plain file", async () => {
    const { expand } = await setUp();
    const { nextStep, streams } = await expand(atAll("gone.m3u8", "b.mp4"), { dryRun: true });
    expect(streams).toEqual([]);
    expect(nextStep).not.toContain("turned out");
  });

  it("fails the call, as retryable when the reasons pass, when the list has nothing else", async () => {
    const slow = new PrefetchError("timeout", "Too slow", { retryable: true });
    const { expand, used } = await setUp({ texts: { [at("down.m3u8")]: down, [at("slow.m3u8")]: slow } });
    const passing = { retryable: true, hint: "Nothing was sent. Call again in a few minutes." };
    await expect(expand([at("down.m3u8")])).rejects.toThrow(error("vendor_unavailable", passing));
    await expect(expand(atAll("down.m3u8", "slow.m3u8"))).rejects.toThrow(error("vendor_unavailable", passing));
    await expect(expand(atAll("gone.m3u8", "slow.m3u8"))).rejects.toThrow(error("invalid_argument", { retryable: false }));
    expect(await used()).toBe(0);
  });

  it("cuts a long URL in the error before its token", async () => {
    const { expand } = await setUp();
    const long = `${at("a.m3u8")}?path=${"x".repeat(300)}&token=S3cr3t`;
    const refused = expand([long]);
    await expect(refused).rejects.toThrow(error("not_found"));
    await expect(refused).rejects.not.toThrow("S3cr3t");
  });

  it("reports an unforeseen error and rejects the stream without its text", async () => {
    const read: StreamReader = async (url) => {
      if (url.includes("odd")) throw new RangeError("Out of S3cr3t");
      return { format: "hls", live: false, urls: [url], omitted: 0, refused: [], skipped: [], skippedCount: 0 };
    };
    const { expand, listed, reports } = await setUp({}, { read });
    await expand(atAll("odd.m3u8", "even.m3u8"));
    const { accepted, rejected } = await listed();
    expect(accepted).toEqual([at("even.m3u8")]);
    expect(rejected).toMatchObject([{ code: "internal", reason: expect.not.stringContaining("S3cr3t") }]);
    expect(reports).toEqual(["expanding a stream: RangeError: Out of S3cr3t"]);
  });

  it("rejects a stream of more than 100,000 URLs", async () => {
    const texts = {
      [at("day.m3u8")]: master("low.m3u8", "high.m3u8"),
      [at("low.m3u8")]: media("low-", 50_000),
      [at("high.m3u8")]: media("high-", 50_000),
    };
    const { expand, listed } = await setUp({ texts });
    expect(await expand(atAll("day.m3u8", "b.mp4"), { scope: "full" })).toMatchObject({
      counts: { processing: 1, rejected: 1 },
      streams: [],
    });
    expect((await listed()).rejected).toEqual([
      {
        target: at("day.m3u8"),
        code: "limit_reached",
        reason:
          "The stream cannot be expanded. It names more than 100,000 URLs, the most that one stream may have. Pass the media playlists of its renditions as separate streams instead.",
      },
    ]);
  });

  it("names and counts entries that lead to no URL, and says so", async () => {
    const odd = Array.from({ length: 30 }, (_, nth) => `skd://${nth}`);
    const { expand } = await setUp({ texts: { [at("main.m3u8")]: listing("1.ts", ...odd) } });
    const view = await expand([at("main.m3u8")], { scope: "full" });
    expect(view.streams).toMatchObject([{ urls: 2, skippedCount: 30 }]);
    expect(view.streams?.[0]?.skipped).toHaveLength(20);
    expect(view.streams?.[0]?.skipped[0]).toEqual({ uri: "skd://0", reason: expect.stringContaining("scheme") });
    expect(view.nextStep).toContain("30 entries of the manifests lead to no URL: streams[].skipped has the reasons.");
  });

  it("says that a stream comes to its manifest alone, unless the call asks for manifests", async () => {
    const { expand } = await setUp({ texts: { [at("main.m3u8")]: master("gone.m3u8") } });
    expect((await expand([at("main.m3u8")])).nextStep).toContain("1 of the streams come to their manifest alone");
    const { expand: again } = await setUp({ texts: { [at("a.m3u8")]: listing("1.ts") } });
    expect((await again([at("a.m3u8")], { scope: "manifests" })).nextStep).not.toContain("alone");
  });

  it("rejects an unreadable playlist of a stream and sends the rest of the stream", async () => {
    const { expand, listed } = await setUp({
      texts: { [at("main.m3u8")]: master("low.m3u8", "gone.m3u8"), [at("low.m3u8")]: listing("1.ts") },
    });
    expect(await expand([at("main.m3u8")])).toMatchObject({ streams: [{ urls: 3 }] });
    expect(await listed()).toEqual({
      accepted: atAll("main.m3u8", "low.m3u8", "1.ts"),
      rejected: [{ target: at("gone.m3u8"), code: "not_found", reason: "The edge answered with 404." }],
    });
  });
});

describe("expansion, by hosts", () => {
  const hosts = Array.from({ length: 12 }, (_, nth) => `https://h${nth}.example/1.ts`);

  it("accepts ten hosts per stream and rejects URLs of further hosts with the remedy", async () => {
    const { expand, listed } = await setUp({ texts: { [at("main.m3u8")]: listing(...hosts) } });
    await expand([at("main.m3u8")], { scope: "full" });
    const { accepted, rejected } = await listed();
    expect(accepted).toEqual([at("main.m3u8"), ...hosts.slice(0, 9)]);
    expect(rejected).toEqual(
      [9, 10, 11].map((nth) => ({
        target: hosts[nth],
        code: "forbidden_domain",
        reason: `A stream may lead to 10 hosts, and h${nth}.example is one more: pass the URL itself to warm it.`,
      })),
    );
  });

  it("rejects URLs of further hosts in any spelling", async () => {
    const odd = hosts.map((url) => `${url}?100%`);
    const { expand, listed, sent } = await setUp({ texts: { [at("main.m3u8")]: listing(...odd) } });
    await expand([at("main.m3u8")], { scope: "full" });
    expect((await listed()).rejected.map(({ target }) => target)).toEqual(hosts.slice(9).map((url) => `${url}?100%`));
    expect(sent()).toHaveLength(10);
  });

  it("accepts a URL that the caller or another stream names, although one stream has too many hosts", async () => {
    const texts = { [at("many.m3u8")]: listing(...hosts), [at("other.m3u8")]: listing(hosts[10] ?? "") };
    const { expand, listed } = await setUp({ texts });
    await expand([hosts[9], at("many.m3u8"), at("other.m3u8")], { scope: "full" });
    const { accepted, rejected } = await listed();
    expect(new Set(accepted)).toEqual(new Set([...atAll("many.m3u8", "other.m3u8"), ...hosts.slice(0, 11)]));
    expect(rejected).toMatchObject([{ target: hosts[11], code: "forbidden_domain" }]);
  });

  it("accepts all allowed hosts, and no other one, when domains are restricted", async () => {
    const guards = { allowedDomains: ["*.example", "media.example.com"] };
    const texts = { [at("main.m3u8")]: listing(...hosts, "https://elsewhere.test/1.ts") };
    const { expand, listed, edge } = await setUp({ texts }, { guards });
    await expand([at("main.m3u8"), "https://elsewhere.test/main.m3u8"], { scope: "full" });
    const { accepted, rejected } = await listed();
    expect(accepted).toEqual([at("main.m3u8"), ...hosts]);
    const reason = "The URL is on elsewhere.test, which PREFETCH_ALLOWED_DOMAINS does not list.";
    expect(rejected).toEqual([
      { target: "https://elsewhere.test/1.ts", code: "forbidden_domain", reason },
      { target: "https://elsewhere.test/main.m3u8", code: "forbidden_domain", reason },
    ]);
    expect(edge.read).toEqual([at("main.m3u8")]);
  });
});

describe("expansion, of too many URLs", () => {
  it("fails with the number and stores nothing", async () => {
    const { expand, used, status } = await setUp({ texts: film("a") }, { guards: { maxUrlsPerCall: 20 } });
    for (const dryRun of [true, false]) {
      await expect(expand([at("a/main.m3u8"), at("b.mp4")], { scope: "full", dryRun })).rejects.toThrow(
        error("invalid_argument", {
          message: "urls: the streams come to 26 URLs; one call takes at most 20",
          hint: 'Nothing was sent. Choose scope "startup", or pass fewer streams.',
        }),
      );
    }
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
    expect(await expand([at("a/main.m3u8")])).toMatchObject({ counts: { processing: 15 } });
  });

  it("counts URLs that streams share once", async () => {
    const { expand } = await setUp({ texts: film("a") }, { guards: { maxUrlsPerCall: 15 } });
    // The list repeats the first stream and has each playlist as a stream of its own.
    const list = atAll("a/main.m3u8", "a/low.m3u8", "a/high.m3u8", "a/main.m3u8");
    expect(await expand(list)).toMatchObject({ counts: { processing: 15 } });
  });

  it("stops reading streams when the URLs are too many already", async () => {
    const names = Array.from({ length: 50 }, (_, nth) => `${nth}.m3u8`);
    const texts = Object.fromEntries(names.map((name) => [at(name), media(`${name}-`, 30)]));
    const { expand, edge } = await setUp({ texts }, { guards: { maxUrlsPerCall: 60 } });
    await expect(expand(atAll(...names), { scope: "full" })).rejects.toThrow(
      error("invalid_argument", { message: expect.stringMatching(/come to at least \d+ URLs; one call takes at most 60$/) }),
    );
    expect(edge.read.length).toBeLessThanOrEqual(8);
  });
});

describe("expansion, in time", () => {
  it("fails after forty seconds, or when the caller stops", async () => {
    const timeouts = fakeTimeouts();
    const { service, clock, edge, used } = await setUp({
      onText: (_, aborted) => rejectOnAbort(aborted),
    });
    const request = {
      ...defaultRequest,
      urls: atAll(...Array.from({ length: 9 }, (_, nth) => `${nth}.m3u8`)),
      expand: { kind: "streams", scope: "startup" },
    } as const;
    const call = service.prefetchUrls(request, { signal, caller: localCaller });
    await clock.settle();
    timeouts.expire(40_000);
    await expect(call).rejects.toThrow(
      error("timeout", { retryable: true, hint: expect.stringContaining("Pass fewer streams in one call") }),
    );
    expect(edge.read).toHaveLength(4);
    expect(await used()).toBe(0);

    const stop = new AbortController();
    const left = service.prefetchUrls(request, { signal: stop.signal, caller: localCaller });
    await clock.settle();
    stop.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(edge.read).toHaveLength(8);
    expect(await used()).toBe(0);
  });

  it("takes the time for reading off wait_seconds", async () => {
    const clock = fakeClock();
    const { expand } = await setUp({ texts: film("a"), onText: () => clock.sleep(10_000) }, { clock });
    const before = clock.now();
    await expand([at("a/main.m3u8")], { waitSeconds: 50 });
    expect(clock.now() - before).toBe(50_000);
  });

  it("reads four streams of one call and eight streams of all calls at a time", async () => {
    const clock = fakeClock();
    let reading = 0;
    let most = 0;
    const read: StreamReader = async (url) => {
      reading += 1;
      most = Math.max(most, reading);
      await clock.sleep(1_000);
      reading -= 1;
      return { format: "hls", live: false, urls: [url], omitted: 0, refused: [], skipped: [], skippedCount: 0 };
    };
    const { expand } = await setUp({}, { clock, read });
    const call = (name: string) => expand(atAll(...Array.from({ length: 6 }, (_, nth) => `${name}${nth}.m3u8`)));
    await call("alone");
    expect(most).toBe(4);
    const views = await Promise.all(["a", "b", "c"].map(call));
    expect(views.map(({ streams }) => streams?.length)).toEqual([6, 6, 6]);
    expect(most).toBe(8);
  });
});

describe("expansion, by provider", () => {
  it("fails when no provider can ask the edge", async () => {
    const { urls, sent } = await startService({ problems: ["http needs HTTP_POPS to be readable."] });
    await expect(urls([at("a.m3u8")], { expand: { kind: "streams", scope: "startup" } })).rejects.toThrow(
      error("not_configured", { hint: expect.stringContaining("HTTP_POPS") }),
    );
    expect(sent()).toEqual([]);
  });

  it("reads nothing for an unknown provider or a list that is too long", async () => {
    const { expand, edge } = await setUp({ texts: film("a") }, { guards: { maxUrlsPerCall: 3 } });
    await expect(expand([at("a/main.m3u8")], { provider: "no-such-cdn" })).rejects.toThrow(error("invalid_argument"));
    await expect(expand(atAll("1.m3u8", "2.m3u8", "3.m3u8", "4.m3u8"))).rejects.toThrow(error("invalid_argument"));
    expect(edge.read).toEqual([]);
  });
});

describe("prefetchAssets, with expand streams", () => {
  const more = { expand: { kind: "streams", scope: "startup" } } as const;

  it("expands the asset's streams and sends their URLs", async () => {
    const resolveAsset = async () => ({ urls: atAll("a/main.m3u8", "a.mp4"), cost: 2 });
    const { asset, listed, provider } = await setUp({ texts: film("a") }, { script: { resolveAsset } });
    expect(await asset("film", { ...more, dryRun: true })).toMatchObject({ cost: 16, streams: [{ urls: 15 }] });
    expect(await asset(" film ", more)).toMatchObject({ counts: { processing: 16 } });
    expect((await listed("pf_0002")).accepted).toEqual([...startOf("a"), at("a.mp4")]);
    expect(provider.received.every(({ kind }) => kind === "urls")).toBe(true);
  });

  it("fails for an asset on a forbidden domain", async () => {
    const resolveAsset = async () => ({ urls: ["https://elsewhere.test/a.m3u8"], cost: 1 });
    const { asset, edge } = await setUp({}, { guards: { allowedDomains: ["*.example.com"] }, script: { resolveAsset } });
    await expect(asset("film", more)).rejects.toThrow(error("forbidden_domain"));
    expect(edge.read).toEqual([]);
  });

  it("fails when the provider accepts ids only, cannot resolve the asset, or finds no URL", async () => {
    const hint = expect.stringContaining('expand "none"');
    const resolveAsset = async () => ({ urls: [at("a.m3u8")], cost: 1 });
    for (const script of [{ accepts: ["asset"], resolveAsset } as const, { resolveAsset: undefined }]) {
      const { asset } = await setUp({}, { script });
      await expect(asset("film", more)).rejects.toThrow(error("unsupported", { hint }));
    }
    const empty = await setUp({}, { script: { resolveAsset: async () => ({ urls: [], cost: 0 }) } });
    await expect(empty.asset("film", more)).rejects.toThrow(error("not_found", { message: "asset_id: the vendor names no URLs of film" }));
  });
});

describe("expandStreams", () => {
  const name = fc.integer({ min: 0, max: 6 });
  const child = fc.oneof(
    name.map((nth) => `https://h${nth}.example/${nth}.ts`),
    name.map((nth) => `https://h${nth}.example/${nth}.m3u8`),
    fc.constantFrom("https://h1.example/100%", "https://h1.example/a?b=%zz", "ftp://h1.example/x", "https://user@h1.example/x"),
  );
  const behaviour = fc.oneof(
    fc.constant("fails" as const),
    fc.constant("odd" as const),
    fc.constant("none" as const),
    fc.record({ urls: fc.array(child, { maxLength: 6 }), refused: fc.array(child, { maxLength: 4 }), itself: fc.boolean() }),
  );
  const entry = fc.oneof(child, fc.constantFrom<unknown>("", "nonsense", null, 7, {}, "https://H1.example:443/1.m3u8#x"));

  it("keeps each entry as itself, as its stream, or as a refusal", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 12 }),
        fc.array(behaviour, { minLength: 7, maxLength: 7 }),
        async (inputs, behaviours) => {
          const read: StreamReader = async (url) => {
            const what = behaviours[Number(/(\d)\.m3u8/.exec(url)?.[1])];
            if (what === undefined || what === "none") return undefined;
            if (what === "fails") throw new PrefetchError("timeout", "Too slow");
            if (what === "odd") throw new TypeError("Odd");
            const refused = what.refused.map((each) => ({ url: each, code: "limit_reached", reason: "Too deep." }));
            return {
              format: "hls",
              live: false,
              urls: what.itself ? [url, ...what.urls] : what.urls,
              omitted: 0,
              refused,
              skipped: [],
              skippedCount: 0,
            };
          };
          const { urls, streams, refusals } = await expandStreams(inputs, {
            edge: fakeEdge(),
            read,
            scope: "full",
            allowedDomains: undefined,
            mostUrls: 1_000,
            now: NOON,
            signal,
            semaphore: createSemaphore(4),
            holdsSecret: () => false,
            breathe: () => undefined,
            report: () => undefined,
          });
          const keyOf = (input: unknown): unknown => {
            const parsed = parseUrl(input, { maxLength: 65_536 });
            return parsed.ok ? parsed.url : input;
          };
          const keys = new Set(urls.map(keyOf));
          for (const input of inputs) expect(keys).toContain(keyOf(input));
          // A refused URL stays in the list, so that planning names it.
          for (const refused of refusals.keys()) expect(keys).toContain(keyOf(refused));
          // A stream in the result is not refused.
          expect(new Set(streams.map(({ url }) => url)).size).toBe(streams.length);
          for (const { url } of streams) expect(refusals.has(url)).toBe(false);
          for (const input of inputs) {
            const parsed = parseUrl(input, { maxLength: 65_536 });
            if (!parsed.ok) continue;
            const refusal = refusals.get(parsed.url);
            if (refusal) expect(refusal.reason).toMatch(/^The stream cannot be expanded\./);
            const behaviour = behaviours[Number(/(\d)\.m3u8/.exec(parsed.url)?.[1])];
            const expected =
              typeof behaviour === "object" ? "a stream" : behaviour === undefined || behaviour === "none" ? "itself" : "refused";
            const stream = streams.find(({ url }) => url === parsed.url);
            expect(stream ? "a stream" : refusal ? "refused" : "itself").toBe(expected);
          }
        },
      ),
      { numRuns: runs(80) },
    );
  });

  it("keeps the reader's order, and adds the manifest when the reader leaves it out", async () => {
    const read: StreamReader = async () => ({
      format: "dash",
      live: false,
      urls: atAll("2.m4s", "1.m4s"),
      omitted: 0,
      refused: [],
      skipped: [],
      skippedCount: 0,
    });
    const options = { edge: fakeEdge(), read, scope: "full", allowedDomains: undefined, mostUrls: 10, now: NOON, signal } as const;
    const { urls, streams } = await expandStreams(manyUrls(1).concat(at("a.mpd")), {
      ...options,
      semaphore: createSemaphore(1),
      holdsSecret: () => false,
      breathe: () => undefined,
      report: () => undefined,
    });
    expect(urls).toEqual([...manyUrls(1), ...atAll("a.mpd", "2.m4s", "1.m4s")]);
    expect(streams).toMatchObject([{ url: at("a.mpd"), format: "dash", live: false, urls: 3 }]);
  });
});
