/** The module of the thread: it reads one stream at a time, and asks the main thread for the bodies of its manifests. */

import { PrefetchError } from "../../base/errors.ts";
import { serveThread, type ThreadSide } from "../../base/thread-side.ts";
import type { EdgeBody } from "../../prefetch/model/edge.ts";
import { readStream } from "../stream.ts";
import { errorOf, type FromThread, plainErrorOf, type ToThread } from "./protocol.ts";

/** The bodies that the thread waits for, by the number of their request. */
const waiting = new Map<number, PromiseWithResolvers<EdgeBody>>();
let requests = 0;

async function read({ url, request }: Extract<ToThread, { kind: "read" }>, send: (message: FromThread) => void): Promise<void> {
  const fetchBody = (wanted: string, mostBytes: number): Promise<EdgeBody> => {
    const id = ++requests;
    const answer = Promise.withResolvers<EdgeBody>();
    waiting.set(id, answer);
    send({ kind: "fetch", id, url: wanted, mostBytes });
    return answer.promise;
  };
  try {
    const stream = await readStream(url, { ...request, fetchBody });
    send({
      kind: "done",
      ...(stream && { stream: { ...stream, urls: [...stream.urls], refused: [...stream.refused], skipped: [...stream.skipped] } }),
    });
  } catch (error) {
    if (!(error instanceof PrefetchError)) throw error;
    send({ kind: "failed", error: plainErrorOf(error) });
  }
}

serveThread((value, side: ThreadSide) => {
  // The main thread sends only values of this type.
  const message = value as ToThread;
  if (message.kind === "read") return void read(message, side.send);
  const answer = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.kind === "body") answer?.resolve(message.body);
  else answer?.reject(errorOf(message.error));
});
