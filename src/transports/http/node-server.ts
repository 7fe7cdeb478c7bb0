/** Node's HTTP server with bounds on its connections and on the requests of each one. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import type { App } from "../served-app.ts";
import { PacedConnection } from "./paced-connection.ts";
import { sendJson } from "./respond.ts";
import type { Route } from "./router.ts";

export interface Timeouts {
  /** All headers must arrive within this time. A longer one lets slow clients hold connections; a shorter one fails slow networks. */
  readonly headersMs: number;
  /** The whole request must arrive within this time; the same trade-off. */
  readonly requestMs: number;
  /** Interval between Node's checks of the two timeouts above. */
  readonly checkMs: number;
  /** A response that takes longer is stuck. It must exceed 50 s, the longest `wait_seconds`. */
  readonly answerMs: number;
  /** A connection on which no byte moves for this long ends, such as that of a client that does not read. It must exceed `answerMs`. */
  readonly stallMs: number;
}

export const defaultTimeouts: Timeouts = { headersMs: 10_000, requestMs: 60_000, checkMs: 2_000, answerMs: 120_000, stallMs: 150_000 };
/** Longer than the usual 60 s of proxies: a proxy must close idle connections first, or it reuses one that just closed. */
const KEEP_ALIVE_MS = 65_000;
/** Protects the process's file descriptors. */
const MOST_CONNECTIONS = 16_384;
/** A connection whose client sends ahead holds up to this much. With a lower figure, connections alone could take more than the heap. */
const MEMORY_PER_CONNECTION = 131_072;

export function mostConnections(): number {
  return Math.min(MOST_CONNECTIONS, Math.floor(getHeapStatistics().heap_size_limit / MEMORY_PER_CONNECTION));
}

export function createNodeServer(route: Route, timeouts: Timeouts, report: App["report"]): Server {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    route(request, response).catch((error: unknown) => {
      report(error, "an HTTP request");
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: "internal" });
    });
  };
  const enqueue = (request: IncomingMessage, response: ServerResponse): void => {
    const connection: unknown = request.socket;
    if (connection instanceof PacedConnection) connection.enqueue(request, response, () => serve(request, response));
    else serve(request, response);
  };
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    enqueue,
  );
  // Without this listener, Node asks for a body before the endpoint has checked the headers.
  server.on("checkContinue", enqueue);
  server.timeout = timeouts.stallMs;
  server.maxConnections = mostConnections();
  paceConnections(server);
  return server;
}

/** Puts a paced connection between each socket and Node's listener, which takes any duplex stream. */
function paceConnections(server: Server): void {
  const listeners = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const connection = new PacedConnection(socket);
    for (const listen of listeners) listen.call(server, connection);
  });
}
