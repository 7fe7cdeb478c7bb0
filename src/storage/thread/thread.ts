/** One storage thread, as its parent sees it: requests that wait for their replies, until the thread ends. */

import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Breathe } from "../../base/breathe.ts";
import type { AccountFacts, NewTask } from "../../prefetch/model/storage.ts";
import type { StoreKind } from "../schema.ts";
import { type Reply, type Request, reply } from "./messages.ts";
import { errorFromSent } from "./sent-error.ts";

/** Resolves with the task that the facts lead to, or with `undefined` to roll back. */
export type Decide = (facts: readonly AccountFacts[]) => Promise<{ readonly task: NewTask | undefined } | undefined>;

/** Items in one message. A message of more long URLs takes more than a slice of 10 ms to copy; one of fewer costs more messages. */
const ITEMS_PER_MESSAGE = 1_000;

export interface Thread {
  /** Sends a request and resolves with the value of its result. `decide` answers the facts of an admission. */
  ask(requestOf: (id: number) => Request, decide?: Decide): Promise<unknown>;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
}

interface Waiting {
  readonly decide: Decide | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The parts of a `Worker` that are used here. */
export type WorkerLike = Pick<Worker, "postMessage" | "ref" | "unref" | "terminate"> & {
  on(event: "message" | "messageerror" | "error" | "exit", listener: (value: unknown) => void): void;
};

/**
 * Waiting calls of a thread that dies fail with the error that `onEnd` returns. `cause` is the error that ended the thread, if one
 * did; `isIdle` says that no call learns of it.
 */
export function watchThread(worker: WorkerLike, breathe: Breathe, onEnd: (cause: unknown, isIdle: boolean) => Error): Thread {
  const waiting = new Map<number, Waiting>();
  const ended = Promise.withResolvers<void>();
  let lastId = 0;
  let cause: unknown;
  let isEnding = false;

  const send = (message: Request): void => worker.postMessage(message);

  /** The process must not end while a call waits, and must not live on for an idle thread. */
  const settle = (id: number): Waiting | undefined => {
    const found = waiting.get(id);
    waiting.delete(id);
    // The caller of a close waits for the end of the thread as well.
    if (waiting.size === 0 && !isEnding) worker.unref();
    return found;
  };

  const decide = async (id: number, facts: readonly AccountFacts[]): Promise<void> => {
    const decided = await waiting.get(id)?.decide?.(facts);
    if (!decided) return send({ kind: "refuse", id });
    const { task } = decided;
    for (let from = 0; task && from < task.items.length; from += ITEMS_PER_MESSAGE) {
      await breathe();
      send({ kind: "items", id, items: task.items.slice(from, from + ITEMS_PER_MESSAGE) });
    }
    send({ kind: "plan", id, task: task && { ...task, items: [] } });
  };

  const heed = (message: Reply): void => {
    if (message.kind === "facts") decide(message.id, message.facts).catch(giveUp);
    else if (message.kind === "result") settle(message.id)?.resolve(message.value);
    else settle(message.id)?.reject(errorFromSent(message.error));
  };

  /** A thread that cannot be understood is of no use, and its calls must not wait for ever. */
  const giveUp = (reason: unknown): void => {
    cause ??= reason;
    void worker.terminate();
  };

  worker.on("message", (data) => {
    const { success, data: message, error } = reply.safeParse(data);
    if (success) heed(message);
    else giveUp(error);
  });
  worker.on("messageerror", giveUp);
  worker.on("error", giveUp);
  worker.on("exit", () => {
    const error = onEnd(cause, waiting.size === 0);
    for (const id of [...waiting.keys()]) settle(id)?.reject(error);
    ended.resolve();
  });

  return {
    ask: (requestOf, decideBy) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        const message = requestOf(lastId);
        isEnding ||= message.kind === "close";
        waiting.set(lastId, { decide: decideBy, resolve, reject });
        worker.ref();
        try {
          send(message);
        } catch (error) {
          settle(lastId)?.reject(error);
        }
      }),
    ended: ended.promise,
  };
}

export function startWorker(location: string, kind: StoreKind = "real"): WorkerLike {
  // The build puts the thread's file beside its chunks, with their extension. In `src/`, it is beside this file.
  const file = `./storage-thread${extname(fileURLToPath(import.meta.url))}`;
  return new Worker(new URL(file, import.meta.url), { name: "storage", workerData: { location, kind } });
}
