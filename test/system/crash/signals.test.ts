/** Processes that are suspended for longer than their leases, that get SIGTERM, or that are killed at the worst moments. */

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { rm, watch } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { describe, it, type TestContext } from "vitest";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { type TaskAnswer, taskOf } from "../harness/clients-harness.ts";
import { fastClock } from "../harness/fast-clock-harness.ts";
import { batchStates, integrityOf, taskIds, writeLock } from "../harness/store-file-harness.ts";
import { finish, strike, suspend } from "./crash-harness.ts";
import { newSeed, seeded } from "./random-harness.ts";
import { event, type Scene, type SceneOptions, type Server, serverBehind, stage, until } from "./scene-harness.ts";
import { endingOf, judge } from "./verdict-harness.ts";
import type { Fate, Leg, Point } from "./wire-harness.ts";

async function sceneOf({ onTestFailed, onTestFinished }: TestContext, options: Omit<SceneOptions, "random" | "limit">): Promise<Scene> {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ ...options, limit: 1_000, random });
  onTestFinished(() => scene.close());
  return scene;
}

/** Faster, and a busy machine misses deadlines of the scene's time. Slower, and the tests wait longer. */
const SPEED = 15;

const idOf = ({ task_id: id = "" }: TaskAnswer): string => id;

describe.concurrent("a process that is suspended until it counts as dead", { timeout: 240_000 }, () => {
  interface Stop {
    readonly urls: readonly string[];
    /** `noted`: the store has just been told that a request will leave. */
    readonly point: Point | "noted";
    readonly nth?: number;
    readonly fate?: Fate;
  }

  /** Suspends a process when its request reaches a point, has another process take over, and lets the first one go on. */
  const goOn = async ({ expect }: TestContext, scene: Scene, { urls, point, nth = 1, fate = "goes on" }: Stop) => {
    const suspended = await scene.session(0);
    const pid = suspended.pid ?? Number.NaN;
    const asleep = Promise.withResolvers<void>();
    const stop = async (): Promise<Fate> => {
      await suspend(scene, pid);
      asleep.resolve();
      return fate;
    };
    if (point !== "noted") (await scene.wire(0)).interrupt(point, nth, stop);
    const calling = suspended.call("prefetch_urls", { urls });
    if (point === "noted") {
      while ((batchStates(scene.store).get("sending") ?? 0) < nth) await turnOfTheLoop();
      await stop();
    }
    await event("the process to be suspended", asleep.promise);
    const held = Object.fromEntries(batchStates(scene.store));
    await scene.endLeases();
    const other = await scene.start(1);
    await until("the other process to take over", () => scene.waiting() === 0);

    const before = scene.vendor.seen().length;
    process.kill(pid, "SIGCONT");
    const ids = [idOf(taskOf(await calling))];
    // The process has to get through the batches that it held before it gets to these.
    const more = scene.vendor.urls("afterwards", 50);
    ids.push(idOf(taskOf(await suspended.call("prefetch_urls", { urls: more, wait_seconds: 50 }))));
    await until("the rest to be sent", () => scene.waiting() === 0);
    await other.kill("SIGTERM");
    expect(scene.vendor.seen().length).toBeGreaterThan(before);
    return { held, ...judge(scene, [...urls, ...more], await endingOf(scene, suspended, ids)) };
  };

  it("sends nothing that the other process has sent meanwhile", async (context) => {
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: SPEED });
    const { held, figures, violations } = await goOn(context, scene, { urls: scene.vendor.urls("held", 80), point: "there" });
    context.expect(violations).toEqual([]);
    // The first request goes out alone; the other lanes wait for it, with a claimed batch each.
    context.expect(held).toEqual({ sending: 1, claimed: 3, queued: 4 });
    // The outcome of the suspended request is unknown. On a busy machine another answer may come too late as well.
    const { unknownReceived } = figures;
    context.expect(unknownReceived).toBeGreaterThanOrEqual(10);
    context.expect(figures).toMatchObject({ urls: 130, receivedOnce: 130, unknown: unknownReceived, unknownReceived });
  });

  const trustsTheRecords = async ([, stop]: readonly [string, Omit<Stop, "urls">], context: TestContext) => {
    const scene = await sceneOf(context, { vendor: "alibaba-vod", speed: SPEED });
    const { held, figures, violations } = await goOn(context, scene, { urls: scene.vendor.urls("held", 40), ...stop });
    context.expect(violations).toEqual([]);
    context.expect(held.sending).toBeGreaterThanOrEqual(1);
    context.expect(figures).toMatchObject({ urls: 90, receivedOnce: 90, unknown: 0 });
  };

  // Nothing closes the gap between the client's last look at the clock and the system call that writes. A suspension in
  // that gap sends the request late. The tests of the HTTP client find a client that does not look at the clock.
  it.for<[string, Omit<Stop, "urls">]>([
    // The first connection asks for the quota that is left.
    ["had a new connection", { point: "connected", nth: 2 }],
    ["had just noted that it sends", { point: "noted" }],
  ])("accepts the outcome that the other process found in the vendor's records when it %s", { retry: 2 }, trustsTheRecords);

  it.for<[string, Omit<Stop, "urls">]>([
    ["was about to get the answer to a request", { point: "back" }],
    ["never gets the answer to a request", { point: "back", fate: "is lost" }],
    ["sent a request that got lost", { point: "there", fate: "is lost" }],
  ])("accepts the outcome that the other process found in the vendor's records when it %s", trustsTheRecords);
});

describe.concurrent("a process that is suspended while it writes", { timeout: 240_000 }, () => {
  it("blocks the other processes, which lose at most the outcomes that they could not write", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: SPEED });
    const urls = scene.vendor.urls("locked-out", 200);
    const caller = await scene.session();
    const asleep = Promise.withResolvers<{ release(): void }>();
    (await scene.wire()).interrupt("back", 5, async () => {
      await until("the store to be unlocked", () => {
        const lock = writeLock(scene.store);
        if (lock) asleep.resolve(lock);
        return lock !== undefined;
      });
      return "goes on";
    });
    const calling = caller.call("prefetch_urls", { urls });
    const lock = await event("the store to be locked", asleep.promise);
    const before = scene.vendor.seen().length;
    await until("a process to have waited in vain", () => scene.log.some((line) => line.includes("database is locked")));
    // Requests that were in flight arrive, and no request after them.
    expect(scene.vendor.seen().length).toBeLessThanOrEqual(before + 4);
    lock.release();
    const ids = [idOf(taskOf(await calling))];
    await until("the rest to be sent", () => scene.waiting() === 0);
    const { violations, figures } = judge(scene, urls, await endingOf(scene, caller, ids));
    expect(violations).toEqual([]);
    expect(figures.unknown).toBeLessThanOrEqual(40);
  });
});

describe.concurrent("a process that gets SIGTERM", { timeout: 240_000 }, () => {
  it.for<[SceneOptions["vendor"], Leg]>([
    ["huawei-vod", "there"],
    ["alibaba-vod", "back"],
  ])("gives back its unsent batches at once when a request of %s is on the way %s", async ([vendor, leg], context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor, speed: SPEED });
    // 20 batches. A server sends its first request alone and at most four side by side, so every server finds some.
    const urls = scene.vendor.urls("ended", 200);
    /** Holds the request until the server has ended. */
    const end = async (server: Server, nth: number): Promise<void> => {
      const ended = Promise.withResolvers<void>();
      (await scene.wire()).interrupt(leg, nth, async () => {
        await server.kill("SIGTERM");
        ended.resolve();
        return "goes on";
      });
      await event(`the server to end at its ${nth}. request`, ended.promise);
      // No other process could send a batch that stays claimed for five minutes.
      expect(batchStates(scene.store).get("claimed")).toBeUndefined();
      expect(scene.waiting()).toBeGreaterThan(0);
    };

    const caller = await scene.session();
    // The call ends with its server, or just before.
    caller.call("prefetch_urls", { urls }).catch(() => undefined);
    await end(serverBehind(caller), 1);
    await end(await scene.start(), 2);
    const { violations } = judge(scene, urls, await finish(scene, taskIds(scene.store)));
    expect(violations).toEqual([]);
  });
});

describe.concurrent("a process that is killed", { timeout: 240_000 }, () => {
  it("while it creates the store leaves a usable store", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: SPEED });
    for (let round = 0; round < 3; round += 1) {
      const server = await scene.start();
      for await (const { filename } of watch(dirname(scene.store))) if (filename === basename(scene.store)) break;
      await sleep(scene.random.upTo(8));
      await server.kill("SIGKILL");
      const storage = await openSqlite(scene.store, fastClock(scene.time));
      expect(await storage.tasks({ tenant: undefined, limit: 1 })).toEqual([]);
      await storage.close();
      expect(integrityOf(scene.store)).toBe("ok");
      for (const end of ["", "-journal", "-wal", "-shm"]) await rm(`${scene.store}${end}`, { force: true });
    }
  });

  it("while it writes the store's first page leaves a usable store", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: SPEED });
    // Before the file is in WAL mode, the next process has to roll back a transaction that was cut off.
    const half = `
      const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(scene.store)});
      db.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (text); INSERT INTO half SELECT hex(randomblob(9000)) FROM json_each('[1,2,3]')");
      process.kill(process.pid, "SIGKILL");`;
    expect(spawnSync(process.execPath, ["-e", half]).signal).toBe("SIGKILL");
    expect(statSync(`${scene.store}-journal`).size).toBeGreaterThan(0);
    const session = await scene.session();
    const urls = scene.vendor.urls("first", 10);
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 50 }));
    expect(task.counts).toMatchObject({ total: 10, succeeded: 10 });
  });

  it("in the middle of a call sends nothing twice when the call is repeated", async (context) => {
    const { expect } = context;
    // All lives must fit into the ten minutes for which a URL counts as recent, also on a busy machine.
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 10 });
    const urls = scene.vendor.urls("repeated", 300);
    for (const aim of scene.random.shuffled(["there", "back", "moment"] as const)) {
      const session = await scene.session();
      // The call ends with its server, or just before.
      session.call("prefetch_urls", { urls }).catch(() => undefined);
      await strike(scene, serverBehind(session), { aim, nth: 1 + scene.random.upTo(4), within: 30 });
    }
    const session = await scene.session();
    const task = taskOf(await session.call("prefetch_urls", { urls }));
    expect(taskIds(scene.store)).toEqual([task.task_id]);
    // The caller's server sends meanwhile, so the leases of the dead servers run out by themselves.
    await until("everything to be sent", () => scene.waiting() === 0);
    const { violations } = judge(scene, urls, await endingOf(scene, session, [idOf(task)]));
    expect(violations).toEqual([]);
  });

  it("while another process cancels its task sends nothing more of the task, and neither does its successor", async (context) => {
    const { expect } = context;
    // Slow enough that no turn grows stale on a busy machine: its batch would be cancelled later than the others.
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 10 });
    const urls = scene.vendor.urls("cancelled", 900);
    const [sender, other] = await Promise.all([scene.session(0), scene.session(1)]);
    const underWay = Promise.withResolvers<void>();
    (await scene.wire(0)).interrupt("back", 6, async () => {
      underWay.resolve();
      return "goes on";
    });
    // The call ends with its server, or just before.
    sender.call("prefetch_urls", { urls }).catch(() => undefined);
    await event("the task to be under way", underWay.promise);
    const [id = ""] = taskIds(scene.store);
    const cancelled = taskOf(await other.call("cancel_prefetch", { task_id: id }));
    await serverBehind(sender).kill("SIGKILL");
    const { figures, violations } = judge(scene, urls, await finish(scene, [id]));
    expect(violations).toEqual([]);
    expect(figures.cancelled).toBe(cancelled.counts.cancelled);
    expect(figures.cancelled).toBeGreaterThan(0);
  });
});
