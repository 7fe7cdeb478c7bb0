/** A turn grows stale between the commit that marks the batch as in flight and the first byte. */

import { expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import { type FakeProvider, manyUrls } from "../../fakes/provider.ts";
import { claimAsSurvivor } from "../../fakes/storage.ts";
import { setUp } from "./worker-harness.ts";

const sleeps: readonly (readonly [string, (clock: FakeClock) => void])[] = [
  ["the process stood still", (clock) => clock.stall(31_000)],
  ["the machine slept, which its monotonic clock does not count", (clock) => clock.step(31_000)],
  [
    "the process stood still and the clock was set back",
    (clock) => {
      clock.stall(130_000);
      clock.step(-130_000);
    },
  ],
];

it.each(sleeps)("a turn is stale when %s after the commit, and the process that took the batch meanwhile keeps it", async (_, sleep) => {
  const { clock, provider, worker, admit, storage, items } = await setUp();
  const fresh: (boolean | undefined)[] = [];
  const vendor: FakeProvider = {
    ...provider,
    submit: async (batch, call) => {
      await call.turn();
      fresh.push(call.isFresh?.());
      if (fresh.length === 1) {
        await claimAsSurvivor(storage, provider.account, clock.now());
        sleep(clock);
      }
      // As the HTTP client does before the first byte.
      if (!call.isFresh?.()) throw new PrefetchError("timeout", "The turn is stale", { delivery: "not_sent", retryable: true });
      return provider.submit(batch, call);
    },
  };
  await admit({ urls: manyUrls(2) });
  worker.kick(vendor);
  await clock.advance(60_000);
  expect(fresh).toEqual([true]);
  expect(provider.received).toEqual([]);
  expect(await items()).toMatchObject([{ state: "queued" }, { state: "queued" }]);
  expect(await storage.holders("")).toMatchObject([{ owner: "survivor" }]);
});

it("a turn is fresh for 30 seconds", async () => {
  const { clock, provider, worker, admit } = await setUp();
  const fresh: (boolean | undefined)[] = [];
  const vendor: FakeProvider = {
    ...provider,
    submit: async (batch, call) => {
      await call.turn();
      clock.stall(30_000);
      fresh.push(call.isFresh?.());
      clock.stall(1);
      fresh.push(call.isFresh?.());
      return provider.submit(batch, call);
    },
  };
  await admit({ urls: manyUrls(2) });
  worker.kick(vendor);
  await clock.settle();
  expect(fresh).toEqual([true, false]);
});
