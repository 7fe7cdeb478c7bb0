/** What every provider must do whose tracking is `direct`: it asks no vendor, but does the work itself and tells of each URL. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type { Call, Progress, Provider, Settled } from "../../src/prefetch/model/provider.ts";
import { countingCall, selfDescription } from "./provider.ts";

export interface DirectHarness {
  readonly provider: Provider;
  /** This many different URLs that end well. */
  goodUrls(count: number): string[];
  /** One that ends badly, whatever is done. */
  readonly badUrl: string;
  /** One that must not be asked for, which can be told beforehand. */
  readonly foreignUrl: string;
  /** One that neither ends well nor badly until it is given up. */
  readonly endlessUrl: string;
  /** Bytes that one of the good URLs comes to. */
  readonly bytes: number;
  /** What was asked for so far, each time that it was. */
  asked(): readonly string[];
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface DirectSubject {
  readonly name: string;
  readonly start: () => Promise<DirectHarness>;
}

interface Recorded {
  readonly told: Settled[];
  readonly call: Call & { readonly turns: number };
  bytes: number;
}

export function directContract({ name, start }: DirectSubject): void {
  describe(`${name} keeps the contract of a provider that does the work itself`, () => {
    let harness: DirectHarness;
    let provider: Provider;

    beforeEach(async () => {
      harness = await start();
      provider = harness.provider;
    });

    afterEach(() => harness.close());

    /** A call with somebody to tell. */
    const recording = (signal?: AbortSignal): Recorded => {
      const told: Settled[] = [];
      const progress: Progress = {
        taskId: "pf_1",
        taskBytes: 0,
        settled: (outcome) => told.push(outcome),
        moved: (bytes) => {
          record.bytes += bytes;
        },
      };
      const record: Recorded = { told, bytes: 0, call: Object.assign(countingCall(signal), { progress }) };
      return record;
    };
    const submit = (urls: readonly string[], { call }: Recorded) => provider.submit({ kind: "urls", urls }, call);

    selfDescription(() => harness);

    it("tells of each URL of a batch, as large as it takes it, once and with the reason, and of nothing afterwards", async () => {
      const urls = [...harness.goodUrls(provider.limits.urlsPerRequest - 2), harness.badUrl, harness.foreignUrl];
      const record = recording();
      expect(await submit(urls, record)).toEqual({ vendorTaskIds: [], refused: [] });
      expect(record.told.map(({ url }) => url).sort()).toEqual([...urls].sort());
      for (const { url, state, code, reason } of record.told) {
        expect([url, state]).toEqual([url, url === harness.badUrl ? "failed" : url === harness.foreignUrl ? "rejected" : "succeeded"]);
        expect(code === undefined).toBe(state === "succeeded");
        expect(reason).toMatch(/^\S.+\.$/);
        for (const secret of harness.secrets) expect(reason).not.toContain(secret);
      }
      expect(harness.asked()).not.toContain(harness.foreignUrl);
    });

    it("tells how many bytes it moves", async () => {
      const record = recording();
      await submit(harness.goodUrls(3), record);
      expect(record.bytes).toBe(3 * harness.bytes);
    });

    it("does all of it in one turn, and nothing without", async () => {
      const record = recording();
      await submit(harness.goodUrls(3), record);
      expect(record.call.turns).toBe(1);
      const before = harness.asked().length;
      const stopped = new PrefetchError("cancelled", "No turn for you");
      const none = recording();
      const call = { ...none.call, turn: () => Promise.reject(stopped) };
      await expect(submit(harness.goodUrls(3), { ...none, call })).rejects.toBe(stopped);
      expect([none.told, harness.asked().length]).toEqual([[], before]);
    });

    it("ends with the reason when it is stopped, has told what was done, and goes on with nothing", async () => {
      const stop = new AbortController();
      const record = recording(stop.signal);
      const [good = ""] = harness.goodUrls(1);
      const going = submit([good, harness.endlessUrl], record);
      await expect.poll(() => [record.told.length, harness.asked().includes(harness.endlessUrl)], { interval: 2 }).toEqual([1, true]);
      const reason = new PrefetchError("cancelled", "Enough", { delivery: "unknown" });
      stop.abort(reason);
      await expect(going).rejects.toBe(reason);
      const before = harness.asked().length;
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(record.told).toMatchObject([{ url: good, state: "succeeded" }]);
      expect(harness.asked()).toHaveLength(before);
    });

    it("can do again what was interrupted", async () => {
      const urls = harness.goodUrls(2);
      await submit(urls, recording());
      const again = recording();
      await submit(urls, again);
      expect(again.told.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    });

    it("tells beforehand what it would reject, as far as nobody need be asked", () => {
      expect(provider.refusalOf?.(harness.foreignUrl)).toBeInstanceOf(PrefetchError);
      for (const url of harness.goodUrls(3)) expect(provider.refusalOf?.(url)).toBeUndefined();
    });
  });
}
