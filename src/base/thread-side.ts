/** The thread's side of `thread.ts`. */

import { type MessagePort, parentPort } from "node:worker_threads";

export interface ThreadSide {
  send(message: unknown): void;
}

/** Serves the messages of the main thread. An error that `handle` throws ends the thread. */
export function serveThread(handle: (message: unknown, side: ThreadSide) => void): void {
  const port = parentPort;
  if (!port) throw new Error("This module runs in a worker thread");
  let turn = 0;
  const side: ThreadSide = { send: (message) => report(port, turn, [message]) };
  port.on("message", (value: { readonly turn: number; readonly message: unknown }) => {
    handle(value.message, side);
    // Everything that the message set in motion, awaited results too, runs before the check phase of the event loop.
    setImmediate(() => {
      turn = Math.max(turn, value.turn);
      report(port, turn, []);
    });
  });
  report(port, turn, []);
}

function report(port: MessagePort, turn: number, messages: readonly unknown[]): void {
  port.postMessage({ turn, messages });
}
