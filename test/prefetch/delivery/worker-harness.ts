/** Workers on a store in memory, with a fake clock and a scripted vendor. */

import { onTestFinished } from "vitest";
import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../../src/base/errors.ts";
import type { Worker } from "../../../src/prefetch/delivery/worker.ts";
import type { Submission } from "../../../src/prefetch/model/provider.ts";
import type { NewTask, Storage } from "../../../src/prefetch/model/storage.ts";
import type { Batch, Item } from "../../../src/prefetch/model/task.ts";
import { type FakeClock, fakeClock, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { type FakeProvider, fakeProvider, manyUrls, type ProviderScript } from "../../fakes/provider.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask, type TaskSketch } from "../../fakes/task.ts";

export interface WorkerHarness {
  readonly clock: FakeClock;
  readonly storage: Storage;
  readonly provider: FakeProvider;
  readonly worker: Worker;
  /** Another process on the same store. */
  another(): Worker;
  readonly reports: string[];
  admit(sketch?: Partial<TaskSketch>): Promise<NewTask>;
  items(): Promise<Item[]>;
  used(): Promise<number>;
  /** Stores that the vendor has called the account's day exhausted. */
  exhaustDay(): Promise<void>;
  /** Claims and starts the next batch as a process that then dies, and resolves with the batch as that process held it. */
  dieWhileSending(leaseMs: number): Promise<Batch>;
}

export async function setUp(
  script: ProviderScript = {},
  wrap: (storage: Storage) => Storage = (storage) => storage,
): Promise<WorkerHarness> {
  const clock = fakeClock();
  const storage = wrap(await openMemoryStore(clock));
  const provider = fakeProvider(script);
  const reports: string[] = [];
  const another = (): Worker => {
    const { worker } = startProcess({ storage, clock, report: (error, about) => reports.push(`${about}: ${String(error)}`) });
    onTestFinished(() => worker.stop(0));
    return worker;
  };
  const { account } = provider;
  const admit: WorkerHarness["admit"] = async (sketch = {}) => {
    const task = newTask({ id: "pf_1", urls: manyUrls(4), account, ...sketch });
    await storage.admit([accountQuery({ account })], () => ({ task }));
    return task;
  };
  return {
    clock,
    storage,
    provider,
    worker: another(),
    another,
    reports,
    admit,
    items: () => storage.items("pf_1", { limit: 1_000 }),
    used: async () => (await storage.ledger(account, TODAY)).used,
    exhaustDay: async () => {
      const [batch] = (await admit({ id: "pf_0", urls: manyUrls(1) })).batches;
      if (!batch) throw new Error("A task of one URL has one batch.");
      await storage.change(batch, { kind: "end", items: [], refund: 1, exhausted: true });
    },
    dieWhileSending: async (leaseMs) => {
      const now = clock.now();
      const claim = await storage.claim(account, now, now + 300_000);
      if (!claim) throw new Error("No batch is due.");
      const sent = { leaseUntil: now + leaseMs, day: TODAY };
      if ((await storage.startSending(claim.batch, { now, allowance: undefined, ...sent })) !== "started") {
        throw new Error("The batch cannot be sent.");
      }
      return { ...claim.batch, ...sent, sentAt: now, state: "sending" };
    },
  };
}

/** An answer that throws. */
export function throwing(code: ErrorCode, facts: ErrorFacts): () => never {
  return () => {
    throw new PrefetchError(code, "It went wrong", facts);
  };
}

/** Takes a second turn for each batch, as a provider does when its token has expired and the first request is answered with 401. */
export function takingTwoTurns(provider: FakeProvider): FakeProvider {
  return {
    ...provider,
    submit: async (batch, call) => {
      await call.turn();
      return provider.submit(batch, call);
    },
  };
}

export const taken: Submission = { vendorTaskIds: ["vendor"], refused: [] };
