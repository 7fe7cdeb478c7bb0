import { setImmediate as settled } from "node:timers/promises";
import { expect, it } from "vitest";
import { createListTasks, type ListRequest } from "../../../src/prefetch/calls/list.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";
import { fakeDirectory } from "../../fakes/directory.ts";
import { fakeProvider, manyUrls } from "../../fakes/provider.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { newTask } from "../../fakes/task.ts";

/** Lists over `count` tasks: each third task is queued, and all of the rest have failed. */
async function listOver(count: number) {
  const storage = await openMemoryStore(fakeClock());
  const directory = fakeDirectory([fakeProvider()]);
  for (let number = 0; number < count; number += 1) {
    const urls = number % 3 === 0 ? manyUrls(2, `https://${number}.example/`) : [];
    const task = newTask({ id: `pf_${String(number).padStart(4, "0")}`, now: NOON + number, urls, rejected: ["bad"] });
    await storage.admit([], () => ({ task }));
  }
  const list = createListTasks({ storage, directory });
  return (request: Partial<ListRequest> = {}) =>
    list({ limit: 20, ...request }, { caller: localCaller, signal: new AbortController().signal });
}

it("list pages through each task once, newest first", async () => {
  const list = await listOver(120);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 7, ...(cursor !== undefined && { cursor }) });
    expect(page.tasks.length).toBeGreaterThan(0);
    seen.push(...page.tasks.map((task) => task.taskId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `pf_${String(119 - index).padStart(4, "0")}`));
});

it("list fills its pages with tasks of the requested state", async () => {
  const list = await listOver(120);
  const first = await list({ states: ["queued"], limit: 30 });
  expect(first.tasks.map((task) => task.state)).toEqual(Array.from({ length: 30 }, () => "queued"));
  const rest = await list({ states: ["queued"], limit: 30, cursor: first.nextCursor });
  expect(rest.tasks).toHaveLength(10);
  expect(rest.nextCursor).toBeUndefined();
  expect((await list({ states: ["succeeded"] })).tasks).toEqual([]);
});

it("list gives no cursor when no task is left", async () => {
  const list = await listOver(20);
  expect((await list({ limit: 20 })).nextCursor).toBeUndefined();
});

it.each(["%%%", "abc", Buffer.from("before 1").toString("base64url"), Buffer.from("after 5").toString("base64url")])(
  "list refuses the foreign cursor %s",
  async (cursor) => {
    await expect((await listOver(1))({ cursor })).rejects.toMatchObject({ code: "invalid_argument" });
  },
);

it("list refuses an unknown provider and lists the tasks of a known one", async () => {
  await expect((await listOver(1))({ provider: "akamai" })).rejects.toMatchObject({ code: "invalid_argument" });
  expect((await (await listOver(1))({ provider: "fake-cdn" })).tasks).toHaveLength(1);
});

it("a list call of one tenant waits for no more than two of twenty that another tenant makes at once", async () => {
  const begun: (string | undefined)[] = [];
  const finish: (() => void)[] = [];
  const tasks: Storage["tasks"] = ({ tenant }) => {
    begun.push(tenant);
    return new Promise((resolve) => finish.push(() => resolve([])));
  };
  const list = createListTasks({ storage: { ...(await openMemoryStore(fakeClock())), tasks }, directory: fakeDirectory([]) });
  const { signal } = new AbortController();
  const call = (tenant: string) => list({ limit: 20, states: ["failed"] }, { caller: { tenant, seesAll: false }, signal });
  const calls = [...Array.from({ length: 20 }, () => call("busy")), call("quiet")];
  await settled();
  expect(begun).toEqual(["busy", "busy", "quiet"]);
  while (finish.length > 0) {
    finish.shift()?.();
    await settled();
  }
  expect(await Promise.all(calls)).toEqual(Array(21).fill({ tasks: [] }));
  expect(begun).toHaveLength(21);
});

it("list finds a URL in any spelling and tells what became of it, and names a URL that no task handled", async () => {
  const list = await listOver(10);
  const spelt = { url: " HTTPS://9.example:443/./0.mp4#top " };
  const { tasks } = await list(spelt);
  expect(tasks).toMatchObject([{ taskId: "pf_0009", found: { url: "https://9.example/0.mp4", state: "queued" } }]);
  expect(tasks[0]?.firstProblem).toEqual({ url: "bad", state: "rejected", code: "invalid_argument", reason: "The URL is not usable." });
  expect(await list({ url: "https://10.example/0.mp4" })).toEqual({ tasks: [], unfound: "https://10.example/0.mp4" });
});

it("list pages through the tasks of one URL", async () => {
  const list = await listOver(20);
  const first = await list({ url: "bad", limit: 15 });
  const second = await list({ url: "bad", limit: 15, cursor: first.nextCursor });
  const ids = [...first.tasks, ...second.tasks].map((task) => task.taskId);
  expect(ids).toEqual(Array.from({ length: 20 }, (_, index) => `pf_${String(19 - index).padStart(4, "0")}`));
  expect(second.nextCursor).toBeUndefined();
});

it("list reads dates in the named zone, or in UTC, and says which it was", async () => {
  const list = await listOver(3);
  const day = new Date(NOON).toISOString().slice(0, 10);
  const span = { since: Date.parse(`${day}T00:00Z`), until: Date.parse(`${day}T00:00Z`) + 86_400_000, timeZone: "UTC" };
  expect(await list({ since: day, until: day })).toMatchObject({ tasks: [{}, {}, {}], span });
  expect(await list({ until: `${day}T12:00`, timeZone: "Asia/Tokyo" })).toMatchObject({ tasks: [], span: { timeZone: "Asia/Tokyo" } });
  expect(await list({ since: new Date(NOON + 1).toISOString() })).toMatchObject({ tasks: [{}, {}, {}] });
});

it.each([
  [{ since: "yesterday" }, "since: "],
  [{ until: "2026-02-30" }, "until: "],
  [{ since: "2026-02-02", until: "2026-02-01" }, "until: "],
  [{ timeZone: "Mars/Olympus" }, "time_zone: "],
])("list refuses %j and names the argument", async (request, name) => {
  await expect((await listOver(1))(request)).rejects.toMatchObject({ code: "invalid_argument", message: expect.stringContaining(name) });
});
