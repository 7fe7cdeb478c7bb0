/** What else can happen to a process: it is stopped and goes on when others have taken over, told to end, or killed at the worst moments. */

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { rm, watch } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { describe, it, type TestContext } from "vitest";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { type TaskAnswer, taskOf } from "../process/clients-harness.ts";
import { finish, strike, suspend } from "./crash-harness.ts";
import { fastClock } from "./fast-clock.ts";
import { newSeed, seeded } from "./random.ts";
import { type Scene, type SceneOptions, serverBehind, stage, until } from "./scene-harness.ts";
import { batchStates, integrityOf, taskIds, writeLock } from "./store-file-harness.ts";
import { endingOf, judge } from "./verdict-harness.ts";
import type { Fate, Leg, Point } from "./wire-harness.ts";

async function sceneOf({ onTestFailed, onTestFinished }: TestContext, options: Omit<SceneOptions, "random" | "limit">): Promise<Scene> {
  const random = seeded(newSeed());
  onTestFailed(() => void process.stderr.write(`RELIABILITY_SEED=${random.seed} chooses the same moments again.\n`));
  const scene = await stage({ ...options, limit: 1_000, random });
  onTestFinished(() => scene.close());
  return scene;
}

const idOf = ({ task_id: id = "" }: TaskAnswer): string => id;

describe.concurrent("a process that is stopped for longer than its leases", { timeout: 240_000 }, () => {
  interface Stop {
    readonly urls: readonly string[];
    /** `noted`: the store has just been told that a request will leave. */
    readonly point: Point | "noted";
    readonly nth?: number;
    readonly fate?: Fate;
  }

  /** Stopped with a request that has come so far, it goes on when another process has taken over all that it held, and gets more to do. */
  const goOn = async ({ expect }: TestContext, scene: Scene, { urls, point, nth = 1, fate = "goes on" }: Stop) => {
    const stopped = await scene.session(0);
    const pid = stopped.pid ?? Number.NaN;
    const asleep = Promise.withResolvers<void>();
    const stop = async (): Promise<Fate> => {
      await suspend(scene, pid);
      asleep.resolve();
      return fate;
    };
    if (point !== "noted") (await scene.wire(0)).interrupt(point, nth, stop);
    const calling = stopped.call("prefetch_urls", { urls });
    if (point === "noted") {
      while ((batchStates(scene.store).get("sending") ?? 0) < nth) await turnOfTheLoop();
      await stop();
    }
    await asleep.promise;
    const held = Object.fromEntries(batchStates(scene.store));
    const other = await scene.start(1);
    await until("the other process to take over", () => scene.waiting() === 0);

    const before = scene.vendor.seen().length;
    process.kill(pid, "SIGCONT");
    const ids = [idOf(taskOf(await calling))];
    // It has to get through what it held before it gets to these.
    const more = scene.vendor.urls("afterwards", 50);
    ids.push(idOf(taskOf(await stopped.call("prefetch_urls", { urls: more, wait_seconds: 50 }))));
    await until("the rest to be sent", () => scene.waiting() === 0);
    await other.kill("SIGTERM");
    expect(scene.vendor.seen().length).toBeGreaterThan(before);
    return { held, ...judge(scene, [...urls, ...more], await endingOf(scene, stopped, ids)) };
  };

  it("sends nothing that others have sent meanwhile", async (context) => {
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 40 });
    const { held, figures, violations } = await goOn(context, scene, { urls: scene.vendor.urls("held", 80), point: "there" });
    context.expect(violations).toEqual([]);
    // The first request goes out alone; the other lanes stand behind it, with batches of their own.
    context.expect(held).toEqual({ sending: 1, claimed: 3, queued: 4 });
    // Those of the request that was on its way; on a busy machine another one's answer may come too late as well.
    const { unknownReceived } = figures;
    context.expect(unknownReceived).toBeGreaterThanOrEqual(10);
    context.expect(figures).toMatchObject({ urls: 130, receivedOnce: 130, unknown: unknownReceived, unknownReceived });
  });

  const leaves = async ([, stop]: readonly [string, Omit<Stop, "urls">], context: TestContext) => {
    const scene = await sceneOf(context, { vendor: "alibaba-vod", speed: 40 });
    const { held, figures, violations } = await goOn(context, scene, { urls: scene.vendor.urls("held", 40), ...stop });
    context.expect(violations).toEqual([]);
    context.expect(held.sending).toBeGreaterThanOrEqual(1);
    context.expect(figures).toMatchObject({ urls: 90, receivedOnce: 90, unknown: 0 });
  };

  // Nothing closes the instant between a last look at the clock and the system call that writes; a stop that falls into it
  // sends the request late. Whoever does not look at all is caught by the tests of the HTTP client.
  it.for<[string, Omit<Stop, "urls">]>([
    // The first connection is for the question how much quota is left.
    ["had a connection and perhaps not used it yet", { point: "connected", nth: 2 }],
    ["had connections and perhaps not used one of them yet", { point: "connected", nth: 3 }],
    ["had just noted that it sends", { point: "noted" }],
  ])("leaves it at what others found in the vendor's records, if it %s", { retry: 2 }, leaves);

  it.for<[string, Omit<Stop, "urls">]>([
    ["was about to hear that a request was carried out", { point: "back" }],
    ["was never to hear that a request was carried out", { point: "back", fate: "is lost" }],
    ["was never to hear that a request got lost", { point: "there", fate: "is lost" }],
  ])("leaves it at what others found in the vendor's records, if it %s", leaves);
});

describe.concurrent("a process that is stopped while it writes", { timeout: 240_000 }, () => {
  it("keeps others from sending, and costs them no more than answers that they could not note", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 40 });
    const urls = scene.vendor.urls("locked-out", 200);
    const caller = await scene.session();
    const asleep = Promise.withResolvers<{ release(): void }>();
    (await scene.wire()).interrupt("back", 5, async () => {
      await until("nobody to write", () => {
        const lock = writeLock(scene.store);
        if (lock) asleep.resolve(lock);
        return lock !== undefined;
      });
      return "goes on";
    });
    const calling = caller.call("prefetch_urls", { urls });
    const lock = await asleep.promise;
    const before = scene.vendor.seen().length;
    await until("somebody to have waited in vain", () => scene.log.some((line) => line.includes("database is locked")));
    // Those that were on the wire arrive, and none after them.
    expect(scene.vendor.seen().length).toBeLessThanOrEqual(before + 4);
    lock.release();
    const ids = [idOf(taskOf(await calling))];
    await until("the rest to be sent", () => scene.waiting() === 0);
    const { violations, figures } = judge(scene, urls, await endingOf(scene, caller, ids));
    expect(violations).toEqual([]);
    expect(figures.unknown).toBeLessThanOrEqual(40);
  });
});

describe.concurrent("a process that is told to end", { timeout: 240_000 }, () => {
  it.for<[SceneOptions["vendor"], Leg]>([
    ["huawei-vod", "there"],
    ["alibaba-vod", "back"],
  ])("gives back at once what it has not sent: %s, requests on their way %s", async ([vendor, leg], context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor, speed: 40 });
    const urls = scene.vendor.urls("ended", 200);
    const caller = await scene.session();
    const id = idOf(taskOf(await caller.call("prefetch_urls", { urls })));
    await serverBehind(caller).kill("SIGTERM");

    for (let round = 0; round < 3; round += 1) {
      const server = await scene.start();
      const ended = Promise.withResolvers<number>();
      (await scene.wire()).interrupt(leg, 2, async () => {
        const told = Date.now();
        await server.kill("SIGTERM");
        ended.resolve(Date.now() - told);
        return "goes on";
      });
      // At most a second of its own; starting and ending processes on a busy machine takes the rest.
      expect(await ended.promise).toBeLessThan(10_000);
      // What would still be claimed nobody else could send for five minutes.
      expect(batchStates(scene.store).get("claimed")).toBeUndefined();
    }
    const { violations } = judge(scene, urls, await finish(scene, [id]));
    expect(violations).toEqual([]);
  });
});

describe.concurrent("a process that is killed", { timeout: 240_000 }, () => {
  it("while it makes the store leaves one that others can use", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 40 });
    for (let round = 0; round < 4; round += 1) {
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

  it("while it writes the store's first page leaves one that others can use", async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 40 });
    // Before the file gets its mode of writing ahead, a transaction that is cut off has to be rolled back by the next who comes.
    const half = `
      const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(scene.store)});
      db.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (text); INSERT INTO half SELECT hex(randomblob(9000)) FROM json_each('[1,2,3]')");
      process.kill(process.pid, "SIGKILL");`;
    expect(spawnSync(process.execPath, ["-e", half]).signal).toBe("SIGKILL");
    expect(statSync(`${scene.store}-journal`).size).toBeGreaterThan(0);
    const session = await scene.session();
    const urls = scene.vendor.urls("first", 10);
    const told = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 50 }));
    expect(told.counts).toMatchObject({ total: 10, succeeded: 10 });
  });

  it("in the middle of a call that is then repeated has sent nothing twice", async (context) => {
    const { expect } = context;
    // All five lives must fit into the ten minutes for which a URL counts as recent, also on a busy machine.
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 10 });
    const urls = scene.vendor.urls("repeated", 300);
    for (const aim of scene.random.shuffled(["there", "there", "back", "back", "moment"] as const)) {
      const session = await scene.session();
      // It ends with its server, or just before.
      session.call("prefetch_urls", { urls }).catch(() => undefined);
      await strike(scene, serverBehind(session), { aim, nth: 1 + scene.random.upTo(4), within: 30 });
    }
    const session = await scene.session();
    const told = taskOf(await session.call("prefetch_urls", { urls }));
    expect(taskIds(scene.store)).toEqual([told.task_id]);
    const { violations } = judge(scene, urls, await finish(scene, [idOf(told)]));
    expect(violations).toEqual([]);
  });

  it("while another one cancels its task sends nothing more of it, and neither does the next", async (context) => {
    const { expect } = context;
    // Slow enough that no turn grows stale on a busy machine: its batch would be cancelled later than the others.
    const scene = await sceneOf(context, { vendor: "huawei-vod", speed: 10 });
    const urls = scene.vendor.urls("cancelled", 300);
    const [sender, other] = await Promise.all([scene.session(0), scene.session(1)]);
    const underWay = Promise.withResolvers<void>();
    (await scene.wire(0)).interrupt("back", 6, async () => {
      underWay.resolve();
      return "goes on";
    });
    const calling = sender.call("prefetch_urls", { urls });
    // It ends with its server, or just before.
    calling.catch(() => undefined);
    await underWay.promise;
    const [id = ""] = taskIds(scene.store);
    const told = taskOf(await other.call("cancel_prefetch", { task_id: id }));
    await serverBehind(sender).kill("SIGKILL");
    const { figures, violations } = judge(scene, urls, await finish(scene, [id]));
    expect(violations).toEqual([]);
    expect(figures.cancelled).toBe(told.counts.cancelled);
    expect(figures.cancelled).toBeGreaterThan(100);
  });
});
