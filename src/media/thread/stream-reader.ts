/** Reads streams in threads of their own. */

import { z } from "zod";
import { type ThreadOptions, threadEntry } from "../../base/thread.ts";
import { createReaderThreads } from "../../documents/thread/reader-threads.ts";
import type { StreamReader, StreamRequest } from "../../prefetch/model/stream.ts";

export interface StreamThreads {
  readonly read: StreamReader;
  /** Ends the thread that waits for the next stream. */
  close(): void;
}

const threadLimits: ThreadOptions = {
  // A larger value lets hostile manifests fill the memory of the process; a smaller one refuses 100,000 long URLs.
  memoryMb: 48,
  // A larger value keeps the call of a hostile manifest waiting; a smaller one refuses 8 MiB of manifest on a slow machine.
  turnMs: 900,
  entry: threadEntry("stream-thread", import.meta.url),
};

const hint = "Pass the playlists of its renditions one by one, or its URLs as a list.";

/** From the thread, which reads foreign text. */
const streamOrNone = z
  .object({
    format: z.enum(["hls", "dash"]),
    live: z.boolean(),
    urls: z.array(z.string()),
    omitted: z.number(),
    refused: z.array(z.object({ url: z.string(), code: z.string(), reason: z.string() })),
    skipped: z.array(z.object({ uri: z.string(), reason: z.string() })),
    skippedCount: z.number(),
  })
  .optional();

export function createStreamReader(limits: Partial<ThreadOptions> = {}): StreamThreads {
  const threads = createReaderThreads<StreamRequest>({ ...threadLimits, ...limits, hint });
  return {
    read: async (url, rules) => {
      const { scope, mostUrls, now, hosts, guessedBytes } = rules;
      return streamOrNone.parse(await threads.read(url, { scope, mostUrls, now, hosts, guessedBytes }, rules));
    },
    close: threads.close,
  };
}
