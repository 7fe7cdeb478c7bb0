/** MCP over Streamable HTTP: one stateless endpoint for both protocol eras, probes, metrics, and an orderly stop. */

import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { PrefetchError } from "../../base/errors.ts";
import type { Authenticator } from "../auth/authenticate.ts";
import { messageMemory } from "../message-cost.ts";
import type { App } from "../served-app.ts";
import { createEndpoint } from "./endpoint.ts";
import { createMessageDispatcher } from "./message-dispatcher.ts";
import type { Metrics } from "./metrics.ts";
import { createNodeServer, defaultTimeouts, mostConnections, type Timeouts } from "./node-server.ts";
import type { HttpOptions } from "./options.ts";
import { createReadiness } from "./readiness.ts";
import { createRequestLimits, type RequestLimits } from "./request-limits.ts";
import { createRouter } from "./router.ts";

/** Time that requests in flight get at a stop. Waiting calls answer at once, so only sending needs it. */
const DRAIN_MS = 8_000;
const DRAIN_CHECK_MS = 20;
/** Time that the rest of a request body gets at a stop. */
const BODY_GRACE_MS = 1_000;
/** Time that batches in flight get at a stop. */
const WORKER_GRACE_MS = 5_000;
const LONGEST_REASON = 200;

export interface HttpDeps {
  readonly app: Pick<
    App,
    "factory" | "missingScope" | "report" | "note" | "noteRefusal" | "subscriptions" | "ready" | "gauges" | "drain" | "close" | "breathe"
  >;
  readonly metrics: Metrics;
  /** Without it every client that reaches the server has full access. */
  readonly auth: Authenticator | undefined;
  readonly options: HttpOptions;
  readonly timeouts?: Timeouts;
}

export interface HttpService {
  /** Scheme, host, port and path of the endpoint. */
  readonly url: string;
  /** Closes all notification streams, for example because the tokens that opened them may be revoked. */
  endStreams(): void;
  /** Finishes requests in flight, refuses new ones, and closes the app. */
  close(): Promise<void>;
}

/** Throws `invalid_argument` when the address is unusable. */
export async function startHttp({ app, metrics, auth, options, timeouts = defaultTimeouts }: HttpDeps): Promise<HttpService> {
  const stopping = new AbortController();
  const bodyDeadline = new AbortController();
  const { requestsPerMinute } = options;
  const limits = createRequestLimits({ requestsPerMinute, memory: messageMemory() });
  const handler = createMcpHandler(app.factory, {
    onerror: (error) => app.noteRefusal(error.message.slice(0, LONGEST_REASON)),
    // The dispatcher limits streams per tenant; a lower total here would let a few tenants use it up.
    maxSubscriptions: mostConnections(),
  });
  const endpoint = createEndpoint({
    app,
    metrics,
    auth,
    limits,
    breathe: app.breathe,
    requestsPerMinute,
    dispatch: createMessageDispatcher({ handler, subscribe: app.subscriptions(handler.notify) }),
    answerMs: timeouts.answerMs,
    stopping: stopping.signal,
    bodyDeadline: bodyDeadline.signal,
  });
  const readReadiness = createReadiness(app, stopping.signal);
  const route = createRouter({ app, metrics, auth, options, readReadiness, endpoint });
  const server = createNodeServer(route, timeouts, app.report);
  const port = await listen(server, options);

  return {
    url: `http://${urlHost(options.host)}:${port}${options.path}`,
    endStreams: endpoint.endStreams,
    close: async () => {
      stopping.abort();
      setTimeout(() => bodyDeadline.abort(), BODY_GRACE_MS).unref();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      app.drain();
      await drained(limits);
      await handler.close();
      server.closeIdleConnections();
      await Promise.race([closed, sleep(DRAIN_CHECK_MS)]);
      server.closeAllConnections();
      await closed;
      await app.close(WORKER_GRACE_MS);
    },
  };
}

/** Resolves with the port that the server listens on. */
function listen(server: Server, { host, port }: HttpOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new PrefetchError("invalid_argument", `Cannot listen on ${urlHost(host)}:${port} (${error.code})`, {
          hint: "Choose another --host or --port.",
          cause: error,
        }),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** Resolves when no request is in flight, at the latest after `DRAIN_MS`. */
async function drained(limits: Pick<RequestLimits, "inFlight">): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  while (limits.inFlight() > 0 && performance.now() < deadline) await sleep(DRAIN_CHECK_MS);
}

/** The endpoint's URL for clients, as far as it is known before the server listens. */
export function resourceOf({ host, port, path, publicUrl }: HttpOptions): string {
  return publicUrl ?? `http://${urlHost(host)}:${port}${path}`;
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
