import { expect, it } from "vitest";
import { createSentTimes } from "../../../src/prefetch/delivery/sent-times.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { newTask } from "../../fakes/task.ts";

function sentBatch(more: Partial<Batch>): Batch {
  const [batch] = newTask({ id: "pf_1", urls: manyUrls(2) }).batches;
  if (!batch) throw new Error("There is no batch.");
  return { ...batch, state: "sending", ...more };
}

it.each([0, 200_000, -200_000, 3_600_000, -3_600_000])(
  "measures the time since a batch of this boot was sent, when the clock is set by %d ms",
  (stepMs) => {
    const clock = fakeClock();
    const batch = sentBatch({ sentAt: clock.now(), sentMonotonic: clock.monotonic(), sentBoot: clock.boot });
    clock.stall(12_000);
    clock.step(stepMs);
    clock.stall(8_000);
    const { elapsedMs, notBefore } = createSentTimes(clock).of(batch);
    expect(elapsedMs).toBe(20_000);
    // Early enough for a look-up by the clock as it is now, however it was set.
    expect(notBefore).toBe(clock.now() - 20_000 - Math.max(0, stepMs));
  },
);

it("looks up from the time of sending when the machine slept, which its monotonic clock does not count", () => {
  const clock = fakeClock();
  const batch = sentBatch({ sentAt: clock.now(), sentMonotonic: clock.monotonic(), sentBoot: clock.boot });
  clock.stall(1_000);
  // Seen from the clock that is never set, sleep is a step of the other one.
  clock.step(7_200_000);
  expect(createSentTimes(clock).of(batch)).toEqual({ elapsedMs: 1_000, notBefore: batch.sentAt });
});

it.each([
  ["of another boot", { sentMonotonic: 5, sentBoot: "another boot" }],
  ["of a server that noted no such reading", {}],
])("counts a batch %s from when this process saw it first", (_, reading) => {
  const clock = fakeClock();
  const batch = sentBatch({ sentAt: clock.now() - 3_600_000, ...reading });
  const times = createSentTimes(clock);
  expect(times.of(batch)).toEqual({ elapsedMs: 0, notBefore: batch.sentAt });
  clock.stall(130_000);
  clock.step(-7_200_000);
  expect(times.of(batch)).toEqual({ elapsedMs: 130_000, notBefore: clock.now() - 130_000 });
  // Sent again, it is another sending.
  expect(times.of({ ...batch, sentAt: clock.now() }).elapsedMs).toBe(0);
  times.forget(batch);
  expect(times.of(batch).elapsedMs).toBe(0);
});
