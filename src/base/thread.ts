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
  /** Milliseconds of one turn: of the clock, and of computing, since a busy machine lets a thread compute only now and then. */
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

/**
 * A turn that computes nothing for this long waits for something that never comes. A busy machine also starts a thread this
 * slowly. A smaller value fails such a start; a larger one delays its error.
 */
const LONGEST_TURN_MS = 10_000;
/** A thread that still has time is looked at again after this time. More wake-ups cost time; fewer end a hang later. */
const LEAST_CHECK_MS = 50;
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
  let effort: Effort | undefined;

  const end = (reason: ThreadEnd, error: unknown): void => {
    if (isEnded) return;
    const last = listener;
    stop();
    last?.onEnd(reason, error);
  };
  const watch = (): void => {
    rest();
    if (isEnded || ended === begun) return;
    effort = beginEffort();
    check(ended < 0 ? LONGEST_TURN_MS : turnMs);
  };
  const rest = (): void => {
    clearTimeout(timer);
    effort?.end();
    effort = undefined;
  };
  const check = (afterMs: number): void => {
    const heard = reports;
    const look = (): void => {
      if (reports !== heard || !effort) return;
      const leftMs = turnMs - effort.computedMs();
      if (leftMs <= 0 || effort.elapsedMs() >= LONGEST_TURN_MS) end("hung", undefined);
      else check(Math.max(LEAST_CHECK_MS, leftMs));
    };
    // Timers run before messages. When the main thread itself was held, the thread's report waits in the queue.
    timer = setTimeout(() => setImmediate(look), afterMs).unref();
  };
  const stop = (): void => {
    isEnded = true;
    listener = undefined;
    rest();
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

interface Effort {
  elapsedMs(): number;
  computedMs(): number;
  end(): void;
}

/** Threads with a turn. */
let busy = 0;

/** Node tells the computing time of the whole process only, so each busy thread counts as one of equals. */
function beginEffort(): Effort {
  const begun = performance.now();
  const usage = process.cpuUsage();
  let most = ++busy;
  return {
    elapsedMs: () => performance.now() - begun,
    computedMs: () => {
      most = Math.max(most, busy);
      const { user, system } = process.cpuUsage(usage);
      return (user + system) / 1_000 / most;
    },
    end: () => {
      busy -= 1;
    },
  };
}

/** A module beside the caller's: `.ts` in `src/`, `.js` in `dist/`. */
export function threadEntry(name: string, caller: string): URL {
  return new URL(`./${name}${caller.slice(caller.lastIndexOf("."))}`, caller);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}
