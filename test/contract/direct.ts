/** The tests that every `direct` provider passes: it fetches the URLs itself and reports each one. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type { Call, Progress, Provider, Settled } from "../../src/prefetch/model/provider.ts";
import { countingCall, selfDescription } from "./provider.ts";

export interface DirectHarness {
  readonly provider: Provider;
  /** Returns `count` different URLs that succeed. */
  goodUrls(count: number): string[];
  /** A URL that always fails. */
  readonly badUrl: string;
  /** A URL that the provider refuses without a request. */
  readonly foreignUrl: string;
  /** A URL whose answer never ends. */
  readonly endlessUrl: string;
  /** Bytes of each good URL's body. */
  readonly bytes: number;
  /** All requested URLs so far, with repetitions. */
  asked(): readonly string[];
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface DirectSubject {
  readonly name: string;
  readonly start: () => Promise<DirectHarness>;
}

interface Recorded {
  readonly settled: Settled[];
  readonly call: Call & { readonly turns: number };
  bytes: number;
}

export function directContract({ name, start }: DirectSubject): void {
  describe(`${name} keeps the contract of a direct provider`, () => {
    let harness: DirectHarness;
    let provider: Provider;

    beforeEach(async () => {
      harness = await start();
      provider = harness.provider;
    });

    afterEach(() => harness.close());

    /** A call that records progress. */
    const recording = (signal?: AbortSignal): Recorded => {
      const settled: Settled[] = [];
      const progress: Progress = {
        taskId: "pf_1",
        taskBytes: 0,
        settled: (outcome) => settled.push(outcome),
        moved: (bytes) => {
          record.bytes += bytes;
        },
      };
      const record: Recorded = { settled, bytes: 0, call: Object.assign(countingCall(signal), { progress }) };
      return record;
    };
    const submit = (urls: readonly string[], { call }: Recorded) => provider.submit({ kind: "urls", urls }, call);

    selfDescription(() => harness);

    it("reports each URL of the largest batch once, with the reason", async () => {
      const urls = [...harness.goodUrls(provider.limits.urlsPerRequest - 2), harness.badUrl, harness.foreignUrl];
      const record = recording();
      expect(await submit(urls, record)).toEqual({ vendorTaskIds: [], refused: [] });
      expect(record.settled.map(({ url }) => url).sort()).toEqual([...urls].sort());
      for (const { url, state, code, reason } of record.settled) {
        expect([url, state]).toEqual([url, url === harness.badUrl ? "failed" : url === harness.foreignUrl ? "rejected" : "succeeded"]);
        expect(code === undefined).toBe(state === "succeeded");
        expect(reason).toMatch(/^\S.+\.$/);
        for (const secret of harness.secrets) expect(reason).not.toContain(secret);
      }
      expect(harness.asked()).not.toContain(harness.foreignUrl);
    });

    it("reports the bytes that it moves", async () => {
      const record = recording();
      await submit(harness.goodUrls(3), record);
      expect(record.bytes).toBe(3 * harness.bytes);
    });

    it("takes one turn per batch and requests nothing without it", async () => {
      const record = recording();
      await submit(harness.goodUrls(3), record);
      expect(record.call.turns).toBe(1);
      const before = harness.asked().length;
      const stopped = new PrefetchError("cancelled", "The batch may not be sent now");
      const none = recording();
      const call = { ...none.call, turn: () => Promise.reject(stopped) };
      await expect(submit(harness.goodUrls(3), { ...none, call })).rejects.toBe(stopped);
      expect([none.settled, harness.asked().length]).toEqual([[], before]);
    });

    it("reports the finished URLs and rejects with the signal's reason when it is stopped", async () => {
      const stop = new AbortController();
      const record = recording(stop.signal);
      const [good = ""] = harness.goodUrls(1);
      const going = submit([good, harness.endlessUrl], record);
      await expect.poll(() => [record.settled.length, harness.asked().includes(harness.endlessUrl)], { interval: 2 }).toEqual([1, true]);
      const reason = new PrefetchError("cancelled", "The server stops", { delivery: "unknown" });
      stop.abort(reason);
      await expect(going).rejects.toBe(reason);
      const endlessRequests = () => harness.asked().filter((url) => url === harness.endlessUrl).length;
      const before = endlessRequests();
      // A second batch gives a request that goes on the time to show up.
      await submit([good], recording());
      expect(record.settled).toMatchObject([{ url: good, state: "succeeded" }]);
      expect(endlessRequests()).toBe(before);
    });

    it("fetches the same URLs again in a second submit", async () => {
      const urls = harness.goodUrls(2);
      await submit(urls, recording());
      const again = recording();
      await submit(urls, again);
      expect(again.settled.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    });

    it("refuses a foreign URL, and no good URL, before a submit", () => {
      expect(provider.refusalOf?.(harness.foreignUrl)).toBeInstanceOf(PrefetchError);
      for (const url of harness.goodUrls(3)) expect(provider.refusalOf?.(url)).toBeUndefined();
    });
  });
}
