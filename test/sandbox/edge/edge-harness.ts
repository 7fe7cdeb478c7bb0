/** Sends requests to the sandbox's edge like the server: any host name, one address. */

import { Agent } from "undici";
import { afterEach, beforeEach } from "vitest";
import { type CacheReading, readCache } from "../../../src/providers/http/cache/cache-status.ts";
import { firstOf, type HeaderLines } from "../../../src/providers/http/cache/headers.ts";
import { type SandboxEdge, type SandboxEdgeOptions, startEdge } from "../../../src/sandbox/edge/edge.ts";
import { type HandClock, handClock } from "../../providers/clock-harness.ts";
import { lines } from "../../providers/http/cache/lines-harness.ts";

export interface EdgeReply {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly body: Buffer;
  /** The first value of a header. */
  header(name: string): string | undefined;
  readonly cache: CacheReading;
}

export interface Asking {
  readonly method?: "GET" | "HEAD" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface EdgeInTest {
  readonly edge: SandboxEdge;
  readonly clock: HandClock;
  /** Connects every host name to the edge. */
  readonly dispatcher: Agent;
  /** The URL of a path on the host with this dialect. */
  url(path: string, dialect?: string): string;
  ask(url: string, asking?: Asking): Promise<EdgeReply>;
}

/** An edge for each test of the file, on a clock that stands still. Slow origins advance the clock instead of waiting. */
export function edgeForEachTest(options: SandboxEdgeOptions = {}): EdgeInTest {
  let edge: SandboxEdge;
  let clock: HandClock;
  let agent: Agent;

  beforeEach(async () => {
    clock = handClock();
    edge = await startEdge({ now: clock.now, sleep: clock.sleep, ...options });
    agent = new Agent({ connect: { lookup: (_name, _options, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) } });
  });
  afterEach(async () => {
    await agent.destroy();
    await edge.close();
  });

  return {
    get edge() {
      return edge;
    },
    get clock() {
      return clock;
    },
    get dispatcher() {
      return agent;
    },
    url: (path, dialect = "media") => `http://${dialect}.example.org:${new URL(edge.endpoint).port}${path}`,
    ask: async (url, { method = "GET", headers } = {}) => {
      const { origin, pathname, search } = new URL(url);
      // A test fails instead of hanging if the edge never answers.
      const signal = AbortSignal.timeout(5_000);
      const reply = await agent.request({ origin, path: pathname + search, method, signal, ...(headers && { headers }) });
      const body = Buffer.from(await reply.body.arrayBuffer());
      const replyLines = lines(reply.headers);
      const { statusCode: status } = reply;
      return {
        status,
        headers: replyLines,
        body,
        header: (name) => firstOf(replyLines, name),
        cache: readCache({ status, headers: replyLines }),
      };
    },
  };
}
