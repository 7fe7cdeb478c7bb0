import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/base/cache.ts";
import { createSingleFlight } from "../../src/base/single-flight.ts";

const { signal } = new AbortController();

function mapCache() {
  const ttls = new Map<string, number>();
  const values = new Map<string, string>();
  const cache: Cache<string> = {
    get: async (key) => values.get(key),
    delete: async (key) => values.delete(key),
    set: async (key, value, ttlMs) => {
      values.set(key, value);
      ttls.set(key, ttlMs);
    },
  };
  return { cache, ttls };
}

describe("createSingleFlight", () => {
  it("shares one request among concurrent calls with one key, and keeps keys apart", async () => {
    const ask = createSingleFlight(mapCache().cache);
    const requests: string[] = [];
    const request = (key: string) => async () => {
      requests.push(key);
      return { value: `answer to ${key}`, ttlMs: 0 };
    };
    const answers = await Promise.all(["a", "a", "b"].map((key) => ask(key, signal, request(key))));
    expect(answers).toEqual(["answer to a", "answer to a", "answer to b"]);
    expect(requests).toEqual(["a", "b"]);
  });

  it("answers later calls from the cache, unless the answer has no time to live", async () => {
    const { cache, ttls } = mapCache();
    const ask = createSingleFlight(cache);
    let requests = 0;
    const request = (ttlMs: number) => async () => {
      requests += 1;
      return { value: "answer", ttlMs };
    };
    await ask("kept", signal, request(5_000));
    await ask("kept", signal, request(5_000));
    expect(requests).toBe(1);
    await ask("fresh", signal, request(0));
    await ask("fresh", signal, request(0));
    expect(requests).toBe(3);
    expect([...ttls]).toEqual([["kept", 5_000]]);
  });

  it("ends only the aborted caller's wait when callers share a request", async () => {
    const ask = createSingleFlight(mapCache().cache);
    const answer = Promise.withResolvers<{ value: string; ttlMs: number }>();
    const stop = new AbortController();
    const reason = new Error("enough");
    const aborted = ask("a", stop.signal, () => answer.promise).catch((error: unknown) => error);
    const waiting = ask("a", signal, () => answer.promise);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(reason);
    expect(await aborted).toBe(reason);
    answer.resolve({ value: "answer", ttlMs: 0 });
    expect(await waiting).toBe("answer");
  });

  it("requests again after a failure", async () => {
    const ask = createSingleFlight(mapCache().cache);
    await expect(ask("a", signal, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await ask("a", signal, async () => ({ value: "answer", ttlMs: 0 }))).toBe("answer");
  });
});
