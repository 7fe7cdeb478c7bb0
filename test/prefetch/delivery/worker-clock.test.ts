/** The machine's clock is set while a batch is in flight. */

import { expect, it } from "vitest";
import type { Reconciliation } from "../../../src/prefetch/model/provider.ts";
import { accountQuery, fakeClock, fakeProvider, manyUrls, newTask, startProcess, urlsOf } from "../../fakes.ts";
import { openStorage } from "../../storage/open-harness.ts";

const HOUR_MS = 3_600_000;

it.each([200_000, HOUR_MS, -200_000, -HOUR_MS])(
  "does not trace or repeat what it has in flight itself when the clock is set by %d ms",
  async (stepMs) => {
    const clock = fakeClock();
    const storage = await openStorage(":memory:", clock);
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
