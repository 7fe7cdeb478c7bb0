/** The machine's clock is set while a batch is in flight. */

import { expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Reconciliation } from "../../../src/prefetch/model/provider.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

const HOUR_MS = 3_600_000;

it.each([200_000, HOUR_MS, -200_000, -HOUR_MS])(
  "the worker looks up and repeats none of its own batches in flight when the clock is set by %d ms",
  async (stepMs) => {
    const clock = fakeClock();
    const storage = await openMemoryStore(clock);
    const traced: string[] = [];
    const provider = fakeProvider({
      limits: { urlsPerRequest: 10 },
      answer: async (_, nth) => {
        await clock.sleep(12_000);
        return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
      },
      findSubmitted: async (batch): Promise<Reconciliation> => {
        traced.push(...urlsOf(batch));
        return { state: "absent" };
      },
    });
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(10), perBatch: 10 }) }));
    const { worker } = startProcess({ storage, clock });
    worker.kick(provider);
    await clock.advance(1_000);
    clock.step(stepMs);
    worker.kick(provider);
    await clock.advance(20_000);
    expect(traced).toEqual([]);
    expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(10));
    expect((await storage.following("pf_1")).map(({ batch }) => batch.vendorTaskIds)).toEqual([["vendor-0"]]);
    await worker.stop(0);
  },
);

it.each([10 * HOUR_MS, -10 * HOUR_MS])(
  "the worker asks the vendor's records for five minutes of measured time when the clock is set by %d ms meanwhile",
  async (stepMs) => {
    const clock = fakeClock();
    const storage = await openMemoryStore(clock);
    const elapsed: number[] = [];
    const provider = fakeProvider({
      answer: () => {
        throw new PrefetchError("timeout", "No answer", { delivery: "unknown" });
      },
      findSubmitted: async (_batch, { elapsedMs }): Promise<Reconciliation> => {
        elapsed.push(elapsedMs);
        return { state: "unclear" };
      },
    });
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    const { worker } = startProcess({ storage, clock });
    worker.kick(provider);
    await clock.advance(1_000);
    clock.step(stepMs);
    worker.kick(provider);
    await clock.advance(299_000);
    const states = async () => (await storage.items("pf_1", { limit: 9 })).map(({ state }) => state);
    expect(await states()).toEqual(["queued", "queued"]);
    await clock.advance(120_000);
    expect(await states()).toEqual(["unknown", "unknown"]);
    for (const each of elapsed) expect(each).toBeLessThanOrEqual(420_000);
    expect(provider.received).toHaveLength(1);
    await worker.stop(0);
  },
);
