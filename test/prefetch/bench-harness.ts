/** A worker on a store in memory, with a clock that is driven and a vendor that is scripted. */

import { onTestFinished } from "vitest";
import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../src/base/errors.ts";
import type { Worker } from "../../src/prefetch/delivery/worker.ts";
import type { Submission } from "../../src/prefetch/model/provider.ts";
import type { NewTask, Storage } from "../../src/prefetch/model/storage.ts";
import type { Item } from "../../src/prefetch/model/task.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { type FakeClock, fakeClock, TODAY } from "../fakes/clock.ts";
import { startProcess } from "../fakes/process.ts";
import { type FakeProvider, fakeProvider, manyUrls, type ProviderScript } from "../fakes/provider.ts";
import { accountQuery, newTask, type TaskSketch } from "../fakes/task.ts";

export interface Bench {
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
}

export async function setUp(script: ProviderScript = {}, spoil: (storage: Storage) => Storage = (storage) => storage): Promise<Bench> {
  const clock = fakeClock();
  const storage = spoil(await openSqlite(":memory:", clock));
  const provider = fakeProvider(script);
  const reports: string[] = [];
  const another = (): Worker => {
    const { worker } = startProcess({ storage, clock, report: (error, about) => reports.push(`${about}: ${String(error)}`) });
    onTestFinished(() => worker.stop(0));
    return worker;
  };
  onTestFinished(() => storage.close());
  const { account } = provider;
  return {
    clock,
    storage,
    provider,
    worker: another(),
    another,
    reports,
    admit: async (sketch = {}) => {
      const task = newTask({ id: "pf_1", urls: manyUrls(4), account, ...sketch });
      await storage.admit([accountQuery({ account })], () => ({ task: task }));
      return task;
    },
    items: () => storage.items("pf_1", { limit: 1_000 }),
    used: async () => (await storage.ledger(account, TODAY)).used,
  };
}

/** An answer that is an error. */
export function throwing(code: ErrorCode, facts: ErrorFacts): () => never {
  return () => {
    throw new PrefetchError(code, "It went wrong", facts);
  };
}

/** As a provider does whose token had run out: its first request is answered with 401, and the second waits for a turn of its own. */
export function askingTwice(provider: FakeProvider): FakeProvider {
  return {
    ...provider,
    submit: async (batch, call) => {
      await call.turn();
      return provider.submit(batch, call);
    },
  };
}

export const taken: Submission = { vendorTaskIds: ["vendor"], refused: [] };
