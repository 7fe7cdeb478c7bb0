import { expect, it } from "vitest";
import { heedingSteps } from "../../../src/prefetch/delivery/clock-watch.ts";
import { createRateLimiter } from "../../../src/prefetch/delivery/rate-limit.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeProvider, manyUrls } from "../../fakes/provider.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

it.each([
  ["while the process runs", 1_000],
  ["before its first request", 0],
])("a request waits no longer than its slot when the clock is set back %s", async (_, runsMs) => {
  const clock = fakeClock();
  const store = await openMemoryStore(clock);
  await store.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
  await store.pauseSlots("fake-cdn:1", clock.now() + 2_000);
  if (runsMs === 0) clock.step(-250_000);
  const limiter = createRateLimiter(heedingSteps(store, clock), clock);
  if (runsMs > 0) {
    await clock.drive(limiter(fakeProvider({ limits: { requestsPerMinute: 60 } }), neverAborted, "submit"));
    await clock.advance(runsMs);
    clock.step(-250_000);
  }
  const started = clock.monotonic();
  await clock.drive(limiter(fakeProvider({ limits: { requestsPerMinute: 60 } }), neverAborted, "submit"));
  expect(clock.monotonic() - started).toBeLessThanOrEqual(2_000);
});

it("a request that waits for a slot waits no longer than the next look when another process notices the step", async () => {
  const clock = fakeClock();
  const store = await openMemoryStore(clock);
  const provider = fakeProvider({ limits: { requestsPerMinute: 60 } });
  await store.pauseSlots("fake-cdn:1", clock.now() + 250_000);
  const started = clock.monotonic();
  const waiting = createRateLimiter(store, clock)(provider, neverAborted, "submit");
  await clock.advance(100);
  clock.step(-250_000);
  await store.endOldWaits(clock.now(), 250_000);
  await clock.drive(waiting);
  expect(clock.monotonic() - started).toBeLessThanOrEqual(4_000);
});

it("a request reserves no slot by the old clock when the step falls into the reservation", async () => {
  const clock = fakeClock();
  const store = await openMemoryStore(clock);
  await store.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
  let steps = 1;
  const interrupted = {
    ...store,
    reserveSlot: async (...[sequence, intervalMs, burst, now]: Parameters<typeof store.reserveSlot>) => {
      if (steps > 0) clock.step(-250_000);
      steps -= 1;
      return store.reserveSlot(sequence, intervalMs, burst, now);
    },
  };
  const provider = fakeProvider({ limits: { requestsPerMinute: 60 } });
  const started = clock.monotonic();
  await clock.drive(createRateLimiter(heedingSteps(interrupted, clock), clock)(provider, neverAborted, "submit"));
  const ofAnotherProcess = createRateLimiter(store, clock);
  await clock.drive(ofAnotherProcess(provider, neverAborted, "submit"));
  expect(clock.monotonic() - started).toBeLessThanOrEqual(5_000);
});
