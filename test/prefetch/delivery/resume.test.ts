import { expect, it, vi } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { resumeDueBatches } from "../../../src/prefetch/delivery/resume.ts";
import type { Notice, Notices } from "../../../src/prefetch/model/notices.ts";
import { fakeClock, TODAY } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { claimAsSurvivor, openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

const HOUR_MS = 3_600_000;

async function startIdleServer(more: { readonly broken?: boolean } = {}) {
  const clock = fakeClock();
  const storage = await openMemoryStore(clock);
  const provider = fakeProvider();
  const other = fakeProvider({ id: "other-cdn", account: "other-cdn:1" });
  const reports: string[] = [];
  const report = (_: unknown, about: string): void => void reports.push(about);
  const { worker, presence } = startProcess({ storage, clock, report });
  const stopped = new AbortController();
  let hear: ((notice: Notice) => void) | undefined;
  const notices: Notices = {
    listen: (hears) => {
      hear = hears;
      return () => undefined;
    },
  };
  const tell = (): void => hear?.({ kind: "due" });
  const directory = fakeDirectory(more.broken ? [provider] : [other, provider], { configured: ["other-cdn", "fake-cdn"] });
  const done = resumeDueBatches({ storage, worker, presence, directory, clock, notices, stopped: stopped.signal, report });
  return { tell, clock, storage, provider, reports, stopped, done, worker, presence };
}

it("resumeDueBatches looks at once when another process tells of due work, but not before it looks at all", async () => {
  const { clock, storage, provider, stopped, done, worker, tell } = await startIdleServer();
  tell();
  await clock.advance(6_000);
  for (const id of ["pf_1", "pf_2"]) {
    const before = provider.received.length;
    const urls = manyUrls(2, `https://example.com/${id}/`);
    await storage.admit([accountQuery()], () => ({ task: newTask({ id, urls, now: clock.now() }) }));
    await clock.advance(100);
    expect(provider.received).toHaveLength(before);
    tell();
    await clock.advance(400);
    expect(provider.received.flatMap(urlsOf).slice(-2)).toEqual(urls);
  }
  stopped.abort();
  await done;
  await worker.stop(0);
});

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

/** Another process claims both batches of a task, and begins to send the first. */
async function holdBoth({ clock, storage }: Pick<Awaited<ReturnType<typeof startIdleServer>>, "clock" | "storage">) {
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() }) }));
  const claimant = { owner: "other", inHand: [], dead: [] };
  const claim = () => storage.claim("fake-cdn:1", clock.now(), clock.now() + 300_000, { claimant });
  const sent = await claim();
  const inHand = sent ? [sent.batch] : [];
  const held = await storage.claim("fake-cdn:1", clock.now(), clock.now() + 300_000, { claimant: { ...claimant, inHand } });
  if (!sent || !held) throw new Error("Nothing to claim.");
  const start = { now: clock.now(), leaseUntil: clock.now() + 90_000, day: TODAY, allowance: undefined };
  expect(await storage.startSending(sent.batch, start)).toBe("started");
  return { sent: sent.batch, held: held.batch, start };
}

it("resumeDueBatches sends the claimed batches of a dead process within 15 seconds of its start, and ends those in flight", async () => {
  const server = await startIdleServer();
  const { clock, storage, provider, worker, stopped, reports } = server;
  await holdBoth(server);
  await clock.advance(15_000);
  expect(provider.received.map(urlsOf)).toEqual([manyUrls(4).slice(2)]);
  const states = (await storage.items("pf_1", { limit: 9 })).map(({ state }) => state);
  expect(states).toEqual(["unknown", "unknown", "processing", "processing"]);
  expect(reports).toEqual([]);
  stopped.abort();
  await worker.stop(0);
});

it.each([200_000, 3_600_000, -200_000, -3_600_000])(
  "resumeDueBatches leaves a living process its batches when the clock is set by %d ms, and sends them when the process is dead",
  async (stepMs) => {
    const server = await startIdleServer();
    const { clock, storage, provider, worker, stopped } = server;
    await clock.advance(600_000);
    await holdBoth(server);
    for (let beat = 0; beat < 100; beat += 1) {
      await clock.advance(2_000);
      await storage.beat("other");
      if (beat === 10) clock.step(stepMs);
    }
    expect(provider.received).toEqual([]);
    await clock.advance(15_000);
    expect(provider.received.map(urlsOf)).toEqual([manyUrls(4).slice(2)]);
    stopped.abort();
    await worker.stop(0);
  },
);

it.each([HOUR_MS, 5 * HOUR_MS, 90_000])(
  "resumeDueBatches sends what waits within two seconds when the clock is set back by %d ms",
  async (stepMs) => {
    const { clock, storage, provider, worker, stopped } = await startIdleServer();
    await clock.advance(60_000);
    await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() }) }));
    clock.step(-stepMs);
    await clock.advance(2_000);
    expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(4));
    stopped.abort();
    await worker.stop(0);
  },
);

it("resumeDueBatches ends the pause of an account when the clock is set back in the first five seconds of the process", async () => {
  const { clock, storage, stopped } = await startIdleServer();
  await storage.pauseSlots("fake-cdn:1", clock.now() + 60_000);
  await clock.advance(1_000);
  clock.step(-HOUR_MS);
  await clock.advance(4_000);
  expect(await storage.reserveSlot("fake-cdn:1", 1_000, 1, clock.now())).toBe(0);
  stopped.abort();
});

it("resumeDueBatches sends what waits five seconds after its start when the clock was set back before", async () => {
  const { clock, storage, provider, worker, stopped } = await startIdleServer();
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() + 3 * HOUR_MS }) }));
  await clock.advance(5_000);
  expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(4));
  stopped.abort();
  await worker.stop(0);
});

it("resumeDueBatches ends no wait twice when the clock is set back once", async () => {
  const { clock, storage, provider, worker, stopped } = await startIdleServer();
  await clock.advance(60_000);
  clock.step(-HOUR_MS);
  await clock.advance(2_000);
  const task = newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() });
  const batches = task.batches.map((batch) => ({ ...batch, notBefore: clock.now() + 60_000 }));
  await storage.admit([accountQuery()], () => ({ task: { ...task, batches } }));
  await clock.advance(58_000);
  expect(provider.received).toEqual([]);
  await clock.advance(20_000);
  expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(4));
  stopped.abort();
  await worker.stop(0);
});

it("resumeDueBatches tries again to end waits when the store cannot be written, and says so", async () => {
  const { clock, storage, provider, worker, stopped, reports } = await startIdleServer();
  await clock.advance(60_000);
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4), now: clock.now() }) }));
  const endOldWaits = vi.spyOn(storage, "endOldWaits").mockRejectedValueOnce(new Error("locked"));
  clock.step(-HOUR_MS);
  await clock.advance(2_000);
  expect(reports).toEqual(["ending waits after the machine's clock was set back"]);
  expect(provider.received).toEqual([]);
  await clock.advance(2_000);
  expect(endOldWaits).toHaveBeenCalledTimes(2);
  expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(4));
  stopped.abort();
  await worker.stop(0);
});

it("look counts no silence of another process while its own process stands still", async () => {
  const server = await startIdleServer();
  const { clock, storage, presence } = server;
  await holdBoth(server);
  await presence.look();
  await clock.advance(1);
  // Every process on the machine stood still.
  clock.stall(600_000);
  expect(await presence.look()).toBe(false);
  expect(presence.claimant().dead).toEqual([]);
  await storage.beat("other");
  await presence.look();
  expect(presence.takesUpAt("other")).toBeUndefined();
  server.stopped.abort();
});

it("the store leaves a batch to a process that beats again, and refuses its change after another process took the batch", async () => {
  const server = await startIdleServer();
  const { clock, storage, stopped } = server;
  const { held, start } = await holdBoth(server);
  const [holder] = await storage.holders("late");
  const claimant = { owner: "late", inHand: [], dead: holder ? [holder] : [] };
  await storage.beat("other");
  expect(await storage.claim("fake-cdn:1", clock.now(), clock.now() + 300_000, { claimant })).toBeUndefined();
  expect(await storage.startSending(held, start)).toBe("started");

  const taken = await claimAsSurvivor(storage, "fake-cdn:1", clock.now());
  expect(taken?.batch).toMatchObject({ number: 0, state: "sending", owner: "survivor" });
  const { sent } = { sent: { ...held, number: 0, state: "sending", leaseUntil: start.leaseUntil } as const };
  expect(await storage.change(sent, { kind: "requeue", items: [], refund: 0 })).toBe(false);
  stopped.abort();
});

it("resumeDueBatches serves every usable provider, and reports the one that cannot be used", async () => {
  const { clock, storage, provider, worker, reports, stopped } = await startIdleServer({ broken: true });
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
  const other = newTask({ id: "pf_2", urls: manyUrls(2) });
  const ofOther = { provider: "other-cdn", account: "other-cdn:1" };
  await storage.admit([accountQuery()], () => ({ task: { ...other, batches: other.batches.map((batch) => ({ ...batch, ...ofOther })) } }));
  await clock.advance(5_000);
  expect(provider.received).toHaveLength(1);
  expect(reports).toEqual(["resuming batches that are due"]);
  stopped.abort();
  await worker.stop(0);
});

it("resumeDueBatches reports a store that it cannot use once, until it can use the store again", async () => {
  const { clock, storage, reports, stopped, done } = await startIdleServer();
  const holders = vi.spyOn(storage, "holders").mockRejectedValue(new PrefetchError("store_unavailable", "no room"));
  await clock.advance(60_000);
  expect(holders.mock.calls.length).toBeGreaterThan(20);
  const lost = () => reports.filter((about) => about === "looking for processes that died").length;
  expect(lost()).toBe(1);
  holders.mockResolvedValueOnce([]);
  await clock.advance(60_000);
  expect(lost()).toBe(2);
  stopped.abort();
  await done;
});
