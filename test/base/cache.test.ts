import { expect, it } from "vitest";
import { type EntryStore, measuredCache } from "../../src/base/cache.ts";
import { fakeClock } from "../fakes/clock.ts";

it.each([0, 3_600_000, -3_600_000])(
  "measuredCache keeps an entry for its time when the clock is set by %d ms meanwhile",
  async (stepMs) => {
    const clock = fakeClock();
    const entries = new Map<string, Awaited<ReturnType<EntryStore<string>["get"]>>>();
    const cache = measuredCache<string>(
      {
        get: async (key) => entries.get(key),
        set: async (key, entry) => entries.set(key, entry),
        delete: async (key) => entries.delete(key),
      },
      clock,
    );
    await cache.set("rows", "old", 1_000);
    clock.step(stepMs);
    await clock.advance(999);
    expect(await cache.get("rows")).toBe("old");
    await clock.advance(1);
    expect(await cache.get("rows")).toBeUndefined();
    await cache.set("rows", "new", 1_000);
    await cache.delete("rows");
    expect(await cache.get("rows")).toBeUndefined();
  },
);
