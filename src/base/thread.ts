/**
 * A worker thread for work that must not hold the main thread: bounded in memory, and stopped when it hangs. Each message
 * to the thread begins a turn. The thread reports the end of each turn (`thread-side.ts`); a turn without an end is a hang.
 */

import { Worker } from "node:worker_threads";
import { z } from "zod";

export interface ThreadOptions {
  /** The module that the thread runs. */
  readonly entry: URL;
  /** Heap of the thread. Beyond it, the thread ends with an error; the process goes on. */
  readonly memoryMb: number;
  /** Milliseconds of one turn. */
  readonly turnMs: number;
}

export interface ThreadListener {
  onMessage(message: unknown): void;
  /** The thread has ended, so no message follows. */
  onEnd(reason: ThreadEnd, error: unknown): void;
}

/** `hung`: a turn took too long. `memory`: the heap is full. `failed`: an error that the thread does not handle. */
export type ThreadEnd = "hung" | "memory" | "failed";

export interface Thread {
  /** Decides where messages go from now on. */
  listen(listener: ThreadListener | undefined): void;
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Ends the thread at once, whatever it does. Its listener hears nothing more. */
  stop(): void;
}

/** A busy machine loads the modules of a thread slowly. A smaller value fails such a start; a larger one delays its error. */
const START_MS = 10_000;
/** Parts of the heap that V8 needs beside the values of the thread: young objects, and code. */
const YOUNG_MB = 16;

const report = z.object({ turn: z.number(), messages: z.array(z.unknown()) });

/** Starts a thread that does not keep the process alive. */
export function startThread({ entry, memoryMb, turnMs }: ThreadOptions): Thread {
  const worker = new Worker(entry, {
    // The thread reads foreign text, so it gets no credentials and no flags of the process.
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB },
  });
  worker.unref();
  let listener: ThreadListener | undefined;
  let isEnded = false;
  let begun = 0;
  /** The turn that ended last. Turn 0 loads the modules. */
  let ended = -1;
  let reports = 0;
  let timer: NodeJS.Timeout | undefined;

  const end = (reason: ThreadEnd, error: unknown): void => {
    if (isEnded) return;
    const last = listener;
    stop();
    last?.onEnd(reason, error);
  };
  const watch = (): void => {
    clearTimeout(timer);
    if (isEnded || ended === begun) return;
    const heard = reports;
    const hasHung = (): void => {
      if (reports === heard) end("hung", undefined);
    };
    // Timers run before messages. When the main thread itself was held, the thread's report waits in the queue.
    timer = setTimeout(() => setImmediate(hasHung), ended < 0 ? START_MS : turnMs).unref();
  };
  const stop = (): void => {
    isEnded = true;
    listener = undefined;
    clearTimeout(timer);
    void worker.terminate();
  };

  worker.on("message", (value: unknown) => {
    const parsed = report.safeParse(value);
    if (!parsed.success) return end("failed", parsed.error);
    ended = parsed.data.turn;
    reports += 1;
    watch();
    for (const message of parsed.data.messages) listener?.onMessage(message);
  });
  worker.on("error", (error: unknown) => end(isOutOfMemory(error) ? "memory" : "failed", error));
  worker.on("exit", () => end("failed", new Error("The thread has ended")));
  watch();

  return {
    listen: (next) => {
      listener = next;
    },
    post: (message, transfer = []) => {
      if (isEnded) return;
      const wasIdle = ended === begun;
      begun += 1;
      worker.postMessage({ turn: begun, message }, [...transfer]);
      if (wasIdle) watch();
    },
    stop,
  };
}

/** A module beside the caller's: `.ts` in `src/`, `.js` in `dist/`. */
export function threadEntry(name: string, caller: string): URL {
  return new URL(`./${name}${caller.slice(caller.lastIndexOf("."))}`, caller);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}
