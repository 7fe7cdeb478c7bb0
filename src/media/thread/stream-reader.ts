/**
 * Reads streams in threads of their own, one stream per thread: a manifest that takes too long or too much memory costs its
 * own stream, and every other call goes on. Fetching stays in the main thread.
 */

import { PrefetchError } from "../../base/errors.ts";
import { onAbort } from "../../base/on-abort.ts";
import { startThread, type Thread, type ThreadEnd, threadEntry } from "../../base/thread.ts";
import type { Stream, StreamReader, StreamRules } from "../../prefetch/model/stream.ts";
import { errorOf, type FromThread, fromThread, plainErrorOf, type ToThread } from "./protocol.ts";

export interface StreamThreads {
  readonly read: StreamReader;
  /** Ends the thread that waits for the next stream. */
  close(): void;
}

export interface ThreadLimits {
  /** Heap of the thread. */
  readonly memoryMb: number;
  /** Milliseconds for one manifest. */
  readonly turnMs: number;
  /** The module that the thread runs. */
  readonly entry: URL;
}

const threadLimits: ThreadLimits = {
  // A larger value lets hostile manifests fill the memory of the process; a smaller one refuses 100,000 long URLs.
  memoryMb: 48,
  // A larger value keeps the call of a hostile manifest waiting; a smaller one refuses 8 MiB of manifest on a slow machine.
  turnMs: 900,
  entry: threadEntry("stream-thread", import.meta.url),
};

export function createStreamReader(limits: Partial<ThreadLimits> = {}): StreamThreads {
  const options = { ...threadLimits, ...limits };
  /** A thread that has read its stream. It spares the next stream the start. */
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
    read: async (url, rules) => {
      rules.signal.throwIfAborted();
      const thread = idle ?? startThread(options);
      if (idle === thread) idle = undefined;
      const stream = await readInThread(thread, url, rules);
      keep(thread);
      return stream;
    },
    close: () => {
      isClosed = true;
      idle?.stop();
      idle = undefined;
    },
  };
}

/** Ends the thread unless the stream is read. */
async function readInThread(thread: Thread, url: string, rules: StreamRules): Promise<Stream | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Stream | undefined>();
  const send = (message: ToThread, transfer: readonly ArrayBuffer[] = []): void => thread.post(message, transfer);
  const fetchBody = async ({ id, url: wanted, mostBytes }: Extract<FromThread, { kind: "fetch" }>): Promise<void> => {
    try {
      const body = await rules.fetchBody(wanted, mostBytes);
      send({ kind: "body", id, body }, [body.bytes.buffer]);
    } catch (error) {
      if (error instanceof PrefetchError && error.code !== "cancelled") send({ kind: "unread", id, error: plainErrorOf(error) });
      else reject(error);
    }
  };
  const answer = (value: unknown): void => {
    const parsed = fromThread.safeParse(value);
    if (!parsed.success) reject(parsed.error);
    else if (parsed.data.kind === "fetch") void fetchBody(parsed.data);
    else if (parsed.data.kind === "done") resolve(parsed.data.stream);
    else reject(errorOf(parsed.data.error));
  };
  const stopListening = onAbort(rules.signal, () => reject(rules.signal.reason));
  thread.listen({ onMessage: answer, onEnd: (reason, error) => reject(endOf(reason, error)) });
  const { scope, mostUrls, now, hosts, guessedBytes } = rules;
  send({ kind: "read", url, request: { scope, mostUrls, now, hosts, guessedBytes } });
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
  hung: "Reading it takes longer than a manifest may take",
  memory: "Reading it takes more memory than a manifest may take",
};

function endOf(reason: ThreadEnd, error: unknown): unknown {
  if (reason === "failed") return error;
  return new PrefetchError("limit_reached", problems[reason], {
    hint: "Pass the playlists of its renditions one by one, or its URLs as a list.",
  });
}
