/** How servers come to harm: killed, told to end or stopped, at a moment or when a request of theirs has come so far. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Scene, type Server, until } from "./scene-harness.ts";
import { dueBatches, writeLock } from "./store-file-harness.ts";
import { type Ending, endingOf } from "./verdict-harness.ts";
import type { Point } from "./wire-harness.ts";

/** What a blow waits for: a request that has come so far, or just some moment. */
export type Aim = Point | "moment";

export interface Blow {
  readonly aim: Aim;
  /** Which of the requests it waits for. */
  readonly nth?: number;
  readonly signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP";
  /** Of the wire that the server has. */
  readonly number?: number;
  /** Milliseconds within which some moment comes. */
  readonly within?: number;
}

export interface Hit {
  readonly aim: Aim;
  /** Spending requests that were on the wire. */
  readonly there: number;
  readonly back: number;
  /** Batches that were left to be sent, or to be found out about. */
  readonly waiting: number;
}

/** In which a server gets to its first requests, mostly. */
const LIFE_MS = 650;
/** A server has nothing to send when for so long there was nothing that it could take up. */
const IDLE_MS = 1_500;
const PATIENCE_MS = 30_000;

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

/** Starts one server after the other, and kills each: in its start, while it waits, or with requests on the wire. */
export async function killAll(scene: Scene, aims: readonly Aim[]): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (const aim of aims) {
    const server = await scene.start();
    // A server's first request goes out alone, later ones side by side; something has to be left for the kills to come.
    const share = scene.waiting() / (aims.length - hits.length);
    const late = share > 2 && scene.random.chance(0.3);
    hits.push(await strike(scene, server, { aim, nth: late ? 4 + scene.random.upTo(3) : 1 }));
  }
  return hits;
}

/**
 * Stops a process, but not in the middle of a transaction: it would keep the store's only lock for writing, and nobody
 * else could do anything until it goes on.
 */
export async function suspend({ store }: Scene, pid: number): Promise<void> {
  for (;;) {
    process.kill(pid, "SIGSTOP");
    const lock = writeLock(store);
    lock?.release();
    if (lock) return;
    process.kill(pid, "SIGCONT");
    await sleep(1);
  }
}

/** The last server: it sends what is left without being told, and then says what became of the tasks. */
export async function finish(scene: Scene, taskIds: readonly string[]): Promise<Ending> {
  const session = await scene.session();
  await until("everything to be sent", () => scene.waiting() === 0);
  return endingOf(scene, session, taskIds);
}
