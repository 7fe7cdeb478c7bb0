import { expect, it } from "vitest";
import { resumeDueBatches } from "../../../src/prefetch/delivery/resume.ts";
import {
  accountQuery,
  claimAsSurvivor,
  fakeClock,
  fakeDirectory,
  fakeProvider,
  manyUrls,
  newTask,
  startProcess,
  TODAY,
  urlsOf,
} from "../../fakes.ts";
import { openStorage } from "../../storage/open-harness.ts";

async function idleServer(more: { readonly broken?: boolean } = {}) {
  const clock = fakeClock();
  const storage = await openStorage(":memory:", clock);
  const provider = fakeProvider();
  const other = fakeProvider({ id: "other-cdn", account: "other-cdn:1" });
  const reports: string[] = [];
  const report = (_: unknown, about: string): void => void reports.push(about);
  const { worker, presence } = startProcess({ storage, clock, report });
  const stopped = new AbortController();
  const directory = fakeDirectory(more.broken ? [provider] : [other, provider], { configured: ["other-cdn", "fake-cdn"] });
  const done = resumeDueBatches({ storage, worker, presence, directory, clock, stopped: stopped.signal, report });
  return { clock, storage, provider, reports, stopped, done, worker, presence };
}

it("finds what an earlier server left, once it has lived for five seconds", async () => {
  const { clock, storage, provider, stopped, done, worker, reports } = await idleServer();
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
async function holdBoth({ clock, storage }: Pick<Awaited<ReturnType<typeof idleServer>>, "clock" | "storage">) {
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

it("sends within 15 seconds of its start what a dead process had claimed, and ends what that one had begun to send", async () => {
  const server = await idleServer();
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
  "leaves what a living process holds to it when the clock is set by %d ms, and takes it up soon after that one dies",
  async (stepMs) => {
    const server = await idleServer();
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

it("has not seen another process silent while it was stopped itself", async () => {
  const server = await idleServer();
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

it("refuses a process that only stood still what others have taken up, and leaves a process alone that woke before that", async () => {
  const server = await idleServer();
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

it("looks after the other providers when one cannot be used", async () => {
  const { clock, storage, provider, worker, reports, stopped } = await idleServer({ broken: true });
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
  await clock.advance(5_000);
  expect(provider.received).toHaveLength(1);
  expect(reports).toEqual(["looking for batches that are due"]);
  stopped.abort();
  await worker.stop(0);
});
