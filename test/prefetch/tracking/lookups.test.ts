import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createRateLimiter } from "../../../src/prefetch/delivery/rate-limit.ts";
import type { Call, StatusQuery, StatusRow } from "../../../src/prefetch/model/provider.ts";
import { createLookups, type Lookups } from "../../../src/prefetch/tracking/lookups.ts";
import { fakeCache } from "../../fakes/cache.ts";
import { type FakeClock, fakeClock } from "../../fakes/clock.ts";
import { fakeProvider, type ProviderScript } from "../../fakes/provider.ts";
import { openMemoryStore } from "../../fakes/storage.ts";

const going: StatusRow[] = [{ url: "https://a.example/1", state: "processing", vendorState: "PROCESSING" }];
const finished: StatusRow[] = [
  { url: "https://a.example/1", state: "succeeded", vendorState: "SUCCEED" },
  { url: "https://a.example/2", state: "failed", vendorState: "FAILED" },
];
const query: StatusQuery = { vendorTaskIds: ["vendor-1"] };
const { signal } = new AbortController();

async function setUp(options: { pollSeconds?: number } = {}) {
  const clock: FakeClock = fakeClock();
  const storage = await openMemoryStore(clock);
  const stopped = new AbortController();
  const throttled: string[] = [];
  const lookups: Lookups = createLookups({
    statuses: fakeCache(clock),
    assets: fakeCache(clock),
    limiter: createRateLimiter(storage, clock),
    pollSeconds: options.pollSeconds,
    pause: async (provider, error) => {
      throttled.push(`${provider.id} ${error.message}`);
    },
    stopped: stopped.signal,
  });
  return { clock, lookups, stopped, throttled };
}

/** A provider that records its questions and answers with `answer`. */
function recording(answer: (call: Call, nth: number) => StatusRow[] | Promise<StatusRow[]>, script: ProviderScript = {}) {
  const questions: StatusQuery[] = [];
  const provider = fakeProvider({
    ...script,
    status: async (about, call) => {
      questions.push(about);
      return answer(call, questions.length - 1);
    },
  });
  return { provider, questions };
}

describe("lookups.status", () => {
  it.each([
    ["while a row is processing", going],
    ["while the vendor lists nothing", []],
    ["while only some rows are finished", [...going, ...finished]],
  ])("asks once per poll interval %s", async (_, rows) => {
    const { clock, lookups } = await setUp();
    const { provider, questions } = recording(() => rows);
    expect(await lookups.status(provider, query, signal)).toEqual(rows);
    await clock.advance(29_999);
    expect(await lookups.status(provider, query, signal)).toEqual(rows);
    expect(questions).toEqual([query]);
    await clock.advance(1);
    await lookups.status(provider, query, signal);
    expect(questions).toHaveLength(2);
  });

  it("keeps a finished answer for an hour", async () => {
    const { clock, lookups } = await setUp();
    const { provider, questions } = recording(() => finished);
    await lookups.status(provider, query, signal);
    await clock.advance(3_599_999);
    expect(await lookups.status(provider, query, signal)).toEqual(finished);
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    await lookups.status(provider, query, signal);
    expect(questions).toHaveLength(2);
  });

  it("asks separately for each batch under one vendor id", async () => {
    const { lookups } = await setUp();
    const { provider, questions } = recording(() => finished);
    const about = (...urls: string[]) => ({ ...query, content: { kind: "urls" as const, urls } });
    await lookups.status(provider, about("https://media.example.com/1"), signal);
    await lookups.status(provider, about("https://media.example.com/2"), signal);
    await lookups.status(provider, about("https://media.example.com/1"), signal);
    expect(questions).toHaveLength(2);
  });

  it("asks again after the poll interval when a finished answer lists another batch of the id", async () => {
    const { clock, lookups } = await setUp();
    const { provider, questions } = recording(() => finished);
    const own = { ...query, content: { kind: "urls" as const, urls: finished.map((row) => `${row.url}?mine`) } };
    await lookups.status(provider, own, signal);
    await clock.advance(30_000);
    await lookups.status(provider, own, signal);
    expect(questions).toHaveLength(2);
  });

  it("keeps the configured poll interval, also one of 0", async () => {
    const { clock, lookups } = await setUp({ pollSeconds: 0 });
    const { provider, questions } = recording((_, nth) => (nth < 2 ? going : finished));
    for (let time = 0; time < 5; time += 1) await lookups.status(provider, query, signal);
    // The third answer was finished, and finished answers are kept whatever the interval.
    expect(questions).toHaveLength(3);

    const slower = await setUp({ pollSeconds: 60 });
    const other = recording(() => going);
    await slower.lookups.status(other.provider, query, signal);
    await slower.clock.advance(59_999);
    await slower.lookups.status(other.provider, query, signal);
    expect(other.questions).toHaveLength(1);
    await clock.settle();
  });

  it("asks separately for each list of vendor tasks and each account", async () => {
    const { lookups } = await setUp();
    const one = recording(() => going);
    const other = recording(() => finished, { account: "fake-cdn:2" });
    await lookups.status(one.provider, query, signal);
    await lookups.status(one.provider, { vendorTaskIds: ["vendor-2"] }, signal);
    await lookups.status(one.provider, { vendorTaskIds: ["vendor-1", "vendor-2"] }, signal);
    expect(one.questions.map((question) => question.vendorTaskIds.join())).toEqual(["vendor-1", "vendor-2", "vendor-1,vendor-2"]);
    expect(await lookups.status(other.provider, query, signal)).toEqual(finished);
  });

  it("asks once for concurrent callers", async () => {
    const { clock, lookups } = await setUp();
    let answer = (_: StatusRow[]): void => undefined;
    const { provider, questions } = recording(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const callers = [1, 2, 3].map(() => lookups.status(provider, query, signal));
    await clock.settle();
    answer(going);
    expect(await Promise.all(callers)).toEqual([going, going, going]);
    expect(questions).toHaveLength(1);
  });

  it("keeps asking for the remaining callers when one caller leaves", async () => {
    const { clock, lookups } = await setUp();
    let answer = (_: StatusRow[]): void => undefined;
    let seen: AbortSignal | undefined;
    const { provider, questions } = recording((call) => {
      seen = call.signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const impatient = new AbortController();
    const first = lookups.status(provider, query, impatient.signal);
    const second = lookups.status(provider, query, signal);
    const gone = expect(first).rejects.toThrow("cannot wait");
    await clock.settle();
    impatient.abort(new Error("cannot wait"));
    await gone;
    expect(seen?.aborted).toBe(false);
    answer(going);
    expect(await second).toEqual(going);
    // The next caller gets the same answer.
    expect(await lookups.status(provider, query, signal)).toEqual(going);
    expect(questions).toHaveLength(1);
  });

  it("rejects when the caller's signal is aborted already", async () => {
    const { lookups } = await setUp();
    const { provider } = recording(() => going);
    await expect(lookups.status(provider, query, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });

  it("rejects for all concurrent callers when the vendor fails, and asks again at the next call", async () => {
    const { lookups } = await setUp();
    const { provider, questions } = recording((_, nth) => {
      if (nth === 0) throw new PrefetchError("vendor_unavailable", "Down", { retryable: true });
      return going;
    });
    const together = await Promise.allSettled([lookups.status(provider, query, signal), lookups.status(provider, query, signal)]);
    expect(together.map((result) => result.status)).toEqual(["rejected", "rejected"]);
    expect(questions).toHaveLength(1);
    expect(await lookups.status(provider, query, signal)).toEqual(going);
  });

  it("calls pause for a throttling answer and for no other error", async () => {
    const { lookups, throttled } = await setUp();
    const errors = [new PrefetchError("vendor_unavailable", "Down"), new TypeError("odd"), new PrefetchError("rate_limited", "Too fast")];
    const { provider } = recording((_, nth) => Promise.reject(errors[nth]));
    for (const error of errors) await expect(lookups.status(provider, query, signal)).rejects.toBe(error);
    expect(throttled).toEqual(["fake-cdn Too fast"]);
  });

  it("waits for the account's rate limit, and stops when the server stops", async () => {
    const { clock, lookups, stopped } = await setUp();
    const { provider } = recording(
      async (call) => {
        await call.turn();
        return going;
      },
      { limits: { requestsPerMinute: 1 } },
    );
    const start = clock.now();
    await lookups.status(provider, query, signal);
    expect(clock.now()).toBe(start);
    await clock.drive(lookups.status(provider, { vendorTaskIds: ["vendor-2"] }, signal));
    expect(clock.now()).toBe(start + 60_000);

    const waiting = expect(lookups.status(provider, { vendorTaskIds: ["vendor-3"] }, signal)).rejects.toThrow("stopping");
    await clock.settle();
    stopped.abort(new Error("stopping"));
    await waiting;
  });

  it("rejects as unsupported when the provider has no status", async () => {
    const { lookups } = await setUp();
    const provider = fakeProvider({ status: undefined, title: "Old CDN" });
    await expect(async () => lookups.status(provider, query, signal)).rejects.toThrow(
      expect.objectContaining({ code: "unsupported", message: expect.stringContaining("Old CDN"), provider: "fake-cdn" }),
    );
  });
});

describe("lookups.asset", () => {
  const asset = { urls: ["https://a.example/1.m3u8", "https://a.example/2.m3u8"], cost: 3 };

  it("keeps an asset's URLs and cost for a minute", async () => {
    const { clock, lookups } = await setUp();
    const questions: string[] = [];
    const provider = fakeProvider({
      resolveAsset: async (assetId) => {
        questions.push(assetId);
        return asset;
      },
    });
    expect(await lookups.asset(provider, "asset1", signal)).toEqual(asset);
    await clock.advance(59_999);
    expect(await lookups.asset(provider, "asset1", signal)).toEqual(asset);
    expect(await lookups.asset(provider, "asset2", signal)).toEqual(asset);
    expect(questions).toEqual(["asset1", "asset2"]);
    await clock.advance(1);
    await lookups.asset(provider, "asset1", signal);
    expect(questions).toHaveLength(3);
  });

  it("asks again for an asset that was not published", async () => {
    const { lookups } = await setUp();
    let published = false;
    const provider = fakeProvider({
      resolveAsset: async () => {
        if (!published) throw new PrefetchError("not_published", "Not published");
        return asset;
      },
    });
    await expect(lookups.asset(provider, "asset1", signal)).rejects.toThrow(expect.objectContaining({ code: "not_published" }));
    published = true;
    expect(await lookups.asset(provider, "asset1", signal)).toEqual(asset);
  });

  it("rejects as unsupported when the provider cannot resolve assets", async () => {
    const { lookups } = await setUp();
    await expect(async () => lookups.asset(fakeProvider(), "asset1", signal)).rejects.toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  });
});
