/** Kills, ends or suspends servers, at a random moment or when one of their requests reaches a certain point. */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { dueBatches, writeLock } from "../harness/store-file-harness.ts";
import { type Scene, type Server, until } from "./scene-harness.ts";
import { type Ending, endingOf } from "./verdict-harness.ts";
import type { Point } from "./wire-harness.ts";

/** A blow lands when a request reaches this point, or at a random moment. */
export type Aim = Point | "moment";

export interface Blow {
  readonly aim: Aim;
  /** The blow lands at the server's `nth` request. */
  readonly nth?: number;
  readonly signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP";
  /** The number of the server's wire. */
  readonly number?: number;
  /** A random moment is at most this many milliseconds away. */
  readonly within?: number;
}

export interface Hit {
  readonly aim: Aim;
  /** Spending requests that were in flight to the vendor, and answers that were in flight to the server. */
  readonly there: number;
  readonly back: number;
  /** Batches that were not settled with the vendor. */
  readonly waiting: number;
}

/** Within this time, most servers get to their first requests. */
const LIFE_MS = 650;
/** A server counts as idle when no batch was due for this long. */
const IDLE_MS = 1_500;
const PATIENCE_MS = 30_000;

/** Also lands when the server has nothing to send, so that a blow never waits for a request that does not come. */
export async function strike(scene: Scene, server: Server, blow: Blow): Promise<Hit> {
  const { aim, nth = 1, signal = "SIGKILL", number, within = LIFE_MS } = blow;
  const wire = await scene.wire(number);
  const land = async (): Promise<Hit> => {
    const { there, back } = wire.onTheWay;
    if (signal === "SIGSTOP") await suspend(scene, server.pid);
    else await server.kill(signal);
    return { aim, there, back, waiting: scene.waiting() };
  };
  if (aim === "moment") {
    await sleep(scene.random.upTo(within));
    return land();
  }
  const struck = Promise.withResolvers<Hit>();
  const callOff = wire.interrupt(aim, nth, async () => {
    struck.resolve(land());
    await struck.promise;
    return "goes on";
  });
  let hit: Hit | undefined;
  struck.promise.then((result) => {
    hit = result;
  });
  let busyAt = Date.now();
  await until(
    "a server to send something, or to have nothing to send",
    () => {
      if (dueBatches(scene.store, scene.now()) > 0) busyAt = Date.now();
      return hit !== undefined || Date.now() - busyAt > IDLE_MS;
    },
    PATIENCE_MS,
  );
  callOff();
  return hit ?? land();
}

/** Starts and kills one server after the other: while it starts, while it waits, or with requests in flight. */
export async function killAll(scene: Scene, aims: readonly Aim[]): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (const aim of aims) {
    // Without this, the next server would wait for the leases of its dead predecessors.
    if (scene.waiting() > 0 && dueBatches(scene.store, scene.now()) === 0) await scene.endLeases();
    const server = await scene.start();
    // A server's first request goes out alone, later ones side by side. Early kills leave batches for the later ones.
    const share = scene.waiting() / (aims.length - hits.length);
    const late = share > 2 && scene.random.chance(0.3);
    hits.push(await strike(scene, server, { aim, nth: late ? 4 + scene.random.upTo(3) : 1 }));
  }
  return hits;
}

/**
 * Stops a process, but not in the middle of a transaction: it would keep the store's only write lock, and no other
 * process could do anything until it goes on.
 */
export async function suspend({ store }: Scene, pid: number): Promise<void> {
  for (;;) {
    process.kill(pid, "SIGSTOP");
    while (!isStopped(pid)) await sleep(1);
    const lock = writeLock(store);
    lock?.release();
    if (lock) return;
    process.kill(pid, "SIGCONT");
    await sleep(1);
  }
}

/** The signal returns before every thread has stopped, and the storage thread could still take the lock. */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}

/** The last server sends the rest by itself and then tells how the tasks ended. Call it when no other server is sending. */
export async function finish(scene: Scene, taskIds: readonly string[]): Promise<Ending> {
  await scene.endLeases();
  const session = await scene.session();
  await until("everything to be sent", () => scene.waiting() === 0);
  return endingOf(scene, session, taskIds);
}
