/** The thread's side of `reader-threads.ts`. */

import { PrefetchError } from "../../base/errors.ts";
import { serveThread, type ThreadSide } from "../../base/thread-side.ts";
import type { EdgeBody } from "../../prefetch/model/edge.ts";
import { errorOf, type FromThread, plainErrorOf, type ToThread } from "./protocol.ts";

/** How a reader reaches the main thread. */
export interface MainThread {
  fetchBody(url: string, mostBytes: number): Promise<EdgeBody>;
  /**
   * Ends this turn of the thread, so that the watch of the main thread times the rest as another one, and hands over a part of the
   * result.
   */
  pause(part?: unknown): Promise<void>;
}

/** `request` is plain data, as the main thread sent it. */
export type ReadInThread<Request> = (url: string, request: Request, main: MainThread) => Promise<unknown>;

export function serveReader<Request>(read: ReadInThread<Request>): void {
  /** What the thread waits for, by the number of its question. */
  const bodies = new Map<number, PromiseWithResolvers<EdgeBody>>();
  const pauses = new Map<number, () => void>();
  let questions = 0;

  const run = async (
    { url, request }: Extract<ToThread<Request>, { kind: "read" }>,
    send: (message: FromThread) => void,
  ): Promise<void> => {
    const fetchBody = (wanted: string, mostBytes: number): Promise<EdgeBody> => {
      const id = ++questions;
      const answer = Promise.withResolvers<EdgeBody>();
      bodies.set(id, answer);
      send({ kind: "fetch", id, url: wanted, mostBytes });
      return answer.promise;
    };
    const pause = (part?: unknown): Promise<void> => {
      const id = ++questions;
      return new Promise((resolve) => {
        pauses.set(id, resolve);
        send({ kind: "pause", id, part });
      });
    };
    try {
      send({ kind: "done", result: await read(url, request, { fetchBody, pause }) });
    } catch (error) {
      if (!(error instanceof PrefetchError)) throw error;
      send({ kind: "failed", error: plainErrorOf(error) });
    }
  };

  const settle = (message: Exclude<ToThread<Request>, { kind: "read" }>): void => {
    const { id } = message;
    if (message.kind === "go") pauses.get(id)?.();
    else if (message.kind === "body") bodies.get(id)?.resolve(message.body);
    else bodies.get(id)?.reject(errorOf(message.error));
    pauses.delete(id);
    bodies.delete(id);
  };

  serveThread((value, side: ThreadSide) => {
    // The main thread sends only values of this type.
    const message = value as ToThread<Request>;
    if (message.kind === "read") void run(message, side.send);
    else settle(message);
  });
}
