/**
 * Reads documents in threads of their own, one reading per thread: a document that takes too long or too much memory costs its own
 * reading, and every other call goes on. Fetching stays in the main thread.
 */

import { PrefetchError } from "../../base/errors.ts";
import { onAbort } from "../../base/on-abort.ts";
import { startThread, type Thread, type ThreadEnd, type ThreadOptions } from "../../base/thread.ts";
import type { DocumentSource } from "../../prefetch/model/edge.ts";
import { errorOf, type FromThread, fromThread, plainErrorOf, type ToThread } from "./protocol.ts";

export interface ReaderThreads<Request> {
  /** Resolves with the thread's result, unchecked. `onPart` gets each part of it that the thread hands over before. */
  read(url: string, request: Request, source: DocumentSource, onPart?: (part: unknown) => void): Promise<unknown>;
  /** Ends the thread that waits for the next reading. */
  close(): void;
}

interface ReaderOptions extends ThreadOptions {
  /** What the caller can do when a document takes too long or too much memory. */
  readonly hint: string;
}

interface Reading<Request> {
  readonly url: string;
  readonly request: Request;
  readonly source: DocumentSource;
  readonly hint: string;
  readonly onPart: (part: unknown) => void;
}

export function createReaderThreads<Request>(options: ReaderOptions): ReaderThreads<Request> {
  /** A thread that has ended its reading. It spares the next one the start. */
  let idle: Thread | undefined;
  let isClosed = false;

  const keep = (thread: Thread): void => {
    const forget = (): void => {
      if (idle === thread) idle = undefined;
    };
    if (idle !== undefined || isClosed) thread.stop();
    else {
      idle = thread;
      thread.listen({ onMessage: () => {}, onEnd: forget });
    }
  };

  return {
    read: async (url, request, source, onPart = () => {}) => {
      source.signal.throwIfAborted();
      const thread = idle ?? startThread(options);
      if (idle === thread) idle = undefined;
      const result = await readInThread(thread, { url, request, source, hint: options.hint, onPart });
      keep(thread);
      return result;
    },
    close: () => {
      isClosed = true;
      idle?.stop();
      idle = undefined;
    },
  };
}

/** Ends the thread unless the reading succeeds. */
async function readInThread<Request>(thread: Thread, { url, request, source, hint, onPart }: Reading<Request>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const send = (message: ToThread<Request>, transfer: readonly ArrayBuffer[] = []): void => thread.post(message, transfer);
  const fetchBody = async ({ id, url: wanted, mostBytes }: Extract<FromThread, { kind: "fetch" }>): Promise<void> => {
    try {
      const body = await source.fetchBody(wanted, mostBytes);
      send({ kind: "body", id, body }, [body.bytes.buffer]);
    } catch (error) {
      if (error instanceof PrefetchError && error.code !== "cancelled") send({ kind: "unread", id, error: plainErrorOf(error) });
      else reject(error);
    }
  };
  const goOn = ({ id, part }: Extract<FromThread, { kind: "pause" }>): void => {
    try {
      if (part !== undefined) onPart(part);
      send({ kind: "go", id });
    } catch (error) {
      reject(error);
    }
  };
  const answer = (value: unknown): void => {
    const parsed = fromThread.safeParse(value);
    if (!parsed.success) reject(parsed.error);
    else if (parsed.data.kind === "fetch") void fetchBody(parsed.data);
    else if (parsed.data.kind === "pause") goOn(parsed.data);
    else if (parsed.data.kind === "done") resolve(parsed.data.result);
    else reject(errorOf(parsed.data.error));
  };
  const stopListening = onAbort(source.signal, () => reject(source.signal.reason));
  thread.listen({ onMessage: answer, onEnd: (reason, error) => reject(endOf(reason, error, hint)) });
  send({ kind: "read", url, request });
  try {
    return await promise;
  } catch (error) {
    thread.stop();
    throw error;
  } finally {
    stopListening();
  }
}

const problems: Readonly<Record<Exclude<ThreadEnd, "failed">, string>> = {
  hung: "Reading it takes longer than a document may take",
  memory: "Reading it takes more memory than a document may take",
};

function endOf(reason: ThreadEnd, error: unknown, hint: string): unknown {
  return reason === "failed" ? error : new PrefetchError("limit_reached", problems[reason], { hint });
}
