import { expect, it } from "vitest";
import { resumeDueBatches } from "../../../src/prefetch/delivery/resume.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

async function startIdleServer(more: { readonly broken?: boolean } = {}) {
  const clock = fakeClock();
  const storage = await openMemoryStore(clock);
  const provider = fakeProvider();
  const other = fakeProvider({ id: "other-cdn", account: "other-cdn:1" });
  const reports: string[] = [];
  const report = (_: unknown, about: string): void => void reports.push(about);
  const { worker } = startProcess({ storage, clock, report });
  const stopped = new AbortController();
  const directory = fakeDirectory(more.broken ? [provider] : [other, provider], { configured: ["other-cdn", "fake-cdn"] });
  const done = resumeDueBatches({ storage, worker, directory, clock, stopped: stopped.signal, report });
  return { clock, storage, provider, reports, stopped, done, worker };
}

it("resumeDueBatches sends the batches of an earlier server five seconds after its start", async () => {
  const { clock, storage, provider, stopped, done, worker, reports } = await startIdleServer();
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4) }) }));
  await clock.advance(4_999);
  expect(provider.received).toEqual([]);
  await clock.advance(1);
  expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(4));
  expect(reports).toEqual([]);
  stopped.abort();
  await done;
  await worker.stop(0);
  expect(clock.alarms()).toEqual([]);
});

it("resumeDueBatches sends the batches of a dead process within a minute", async () => {
  const { clock, storage, provider, worker, stopped } = await startIdleServer();
  await clock.advance(600_000);
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() }) }));
  const dead = await storage.claim("fake-cdn:1", clock.now(), clock.now() + 30_000);
  expect(dead).toBeDefined();
  await clock.advance(60_000);
  expect(provider.received.flatMap(urlsOf).sort()).toEqual(manyUrls(4));
  stopped.abort();
  await worker.stop(0);
});

it("resumeDueBatches serves every usable provider, and reports the one that cannot be used", async () => {
  const { clock, storage, provider, worker, reports, stopped } = await startIdleServer({ broken: true });
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
  await clock.advance(5_000);
  expect(provider.received).toHaveLength(1);
  expect(reports).toEqual(["looking for batches that are due"]);
  stopped.abort();
  await worker.stop(0);
});
