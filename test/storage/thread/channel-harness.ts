/** The storage thread's code in the thread of the test: messages are copied as between threads, but nothing has to start. */

import { MessageChannel } from "node:worker_threads";
import { serve } from "../../../src/storage/thread/serve.ts";
import type { WorkerLike } from "../../../src/storage/thread/thread.ts";

export function startBeside(location: string): WorkerLike {
  const { port1, port2 } = new MessageChannel();
  serve(port2, location);
  return {
    postMessage: (message: unknown) => port1.postMessage(message),
    ref: () => port1.ref(),
    unref: () => port1.unref(),
    terminate: async () => {
      port2.close();
      return 1;
    },
    on: (event, listener) => void port1.on(event === "exit" ? "close" : event, listener),
  };
}
