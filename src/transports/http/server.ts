/** MCP over Streamable HTTP: one stateless endpoint for both protocol eras, with the guards that a listening server needs. */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hostHeaderValidation, originValidation } from "@modelcontextprotocol/node";
import { bearerAuthChallengeResponse, createMcpHandler, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { PrefetchError } from "../../base/errors.ts";
import { principalOf } from "../../mcp/caller.ts";
import { type AmbientContext, validTraceparent, withAmbientContext } from "../../telemetry/ambient-context.ts";
import type { Authenticator } from "../auth/authenticate.ts";
import type { App } from "../served-app.ts";
import { answer, relay } from "./answer.ts";
import { createEndpoint } from "./endpoint.ts";
import { createLimits } from "./limits.ts";
import { createGate } from "./message-gate.ts";
import type { Metrics } from "./metrics.ts";
import type { HttpOptions } from "./options.ts";

/**
 * Headers, and the whole of a request, must arrive in so long: a client that drips bytes holds a connection no longer. Calls wait
 * 50 seconds at most; an answer that takes much longer is stuck.
 */
const USUAL: Patience = { headersMs: 10_000, requestMs: 60_000, checkMs: 2_000, answerMs: 120_000 };
const KEEP_ALIVE_MS = 65_000;
const MOST_CONNECTIONS = 16_384;
/** What is in work when the server stops gets so long; calls that wait are woken at once. */
const DRAIN_MS = 8_000;
const REST_OF_BODY_MS = 1_000;
const STOP_GRACE_MS = 5_000;
const DRAIN_LOOK_MS = 20;
/** Probes come from anywhere and ask without a token, so they share an answer for so long. */
const READY_MS = 1_000;

/** How long a client may take to send, how often that is looked at, and how long an answer may take. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkMs: number;
  readonly answerMs: number;
}

export interface HttpDeps {
  readonly app: Pick<App, "factory" | "report" | "note" | "subscriptions" | "ready" | "gauges" | "drain" | "close">;
  readonly metrics: Metrics;
  /** Without one, whoever reaches the server is its owner. */
  readonly auth: Authenticator | undefined;
  readonly options: HttpOptions;
  readonly patience?: Patience;
}

export interface HttpService {
  /** Scheme, host, port and path of the endpoint. */
  readonly url: string;
  /** Ends all streams of notifications, which may have been opened with tokens that are no longer good. */
  endStreams(): void;
  /** Lets what is in work finish, hands back what waits, and ends. */
  close(): Promise<void>;
}

/** Throws `invalid_argument` when it cannot listen. */
export async function startHttp({ app, metrics, auth, options, patience = USUAL }: HttpDeps): Promise<HttpService> {
  const onerror = (error: Error): void => app.note({ reason: error.message.slice(0, 200) }, "a request was turned down");
  // The gate bounds each tenant's streams; the SDK's own bound for all of them would be used up by a few.
  const handler = createMcpHandler(app.factory, { onerror, maxSubscriptions: MOST_CONNECTIONS });
  const gate = createGate({ handler, subscribe: app.subscriptions(handler.notify) });
  const hostAllowed = hostHeaderValidation([...options.allowedHosts]);
  const originAllowed = originValidation([...options.allowedOrigins]);
  const { requestsPerMinute } = options;
  const limits = createLimits(requestsPerMinute);
  const stopping = new AbortController();
  const impatient = new AbortController();
  const endpoint = createEndpoint({
    app,
    metrics,
    auth,
    limits,
    requestsPerMinute,
    gate,
    answerMs: patience.answerMs,
    stopping: stopping.signal,
    impatient: impatient.signal,
  });

  const serveMetrics = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const known = await auth?.authenticate(request.headers.authorization);
    if (known instanceof Response) return relay(response, known);
    if (!principalOf(known).seesAll) {
      const missing = new OAuthError(OAuthErrorCode.InsufficientScope, "Insufficient scope");
      return relay(response, bearerAuthChallengeResponse(missing, { requiredScopes: ["prefetch:admin"] }));
    }
    response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
    response.end(await metrics.render(await app.gauges()));
  };

  const look = async (): Promise<boolean> => {
    try {
      return await app.ready();
    } catch (error) {
      app.report(error, "being asked whether it is ready");
      return false;
    }
  };
  let lookedAt = Number.NEGATIVE_INFINITY;
  let ready = Promise.resolve(false);
  const isReady = async (): Promise<boolean> => {
    if (stopping.signal.aborted) return false;
    if (performance.now() - lookedAt >= READY_MS) {
      lookedAt = performance.now();
      ready = look();
    }
    return ready;
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const facts: AmbientContext = { request: requestIdOf(request), traceparent: validTraceparent(request.headers.traceparent) };
    response.setHeader("x-request-id", facts.request ?? "");
    const path = pathOf(request);
    // The SDK puts the host before it, so it must not be in the absolute form that HTTP allows. Source: RFC 9112, section 3.2.2.
    if (!request.url?.startsWith("/")) request.url = path ?? "/";
    if (path === "/healthz" || path === "/readyz") {
      const good = path === "/healthz" || (await isReady());
      return answer(response, good ? 200 : 503, { status: good ? "ok" : "not ready" });
    }
    // Probes and scrapers come by address; with tokens a page that was led here by DNS has none.
    if (path === "/metrics" && auth) return serveMetrics(request, response);
    if (!hasPlainHost(request)) return answer(response, 400, { error: "bad_request", message: "The Host header must be one name" });
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    if (path === "/metrics") return serveMetrics(request, response);
    const { metadata } = auth ?? {};
    if (metadata && path === metadata.path) return answer(response, 200, metadata.document, { "access-control-allow-origin": "*" });
    if (path !== options.path) return answer(response, 404, { error: "not_found", message: `The MCP endpoint is ${options.path}` });
    await withAmbientContext(facts, () => endpoint.serve(request, response, facts));
  };

  const server = createServer(
    {
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      connectionsCheckingInterval: patience.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      route(request, response).catch((error: unknown) => {
        app.report(error, "an HTTP request");
        if (response.headersSent) response.destroy();
        else answer(response, 500, { error: "internal" });
      });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  const port = await listen(server, options);

  return {
    url: `http://${urlHost(options.host)}:${port}${options.path}`,
    endStreams: endpoint.endStreams,
    close: async () => {
      stopping.abort();
      setTimeout(() => impatient.abort(), REST_OF_BODY_MS).unref();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      app.drain();
      const latest = performance.now() + DRAIN_MS;
      while (limits.working() > 0 && performance.now() < latest) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
      await handler.close();
      server.closeIdleConnections();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS))]);
      server.closeAllConnections();
      await closed;
      await app.close(STOP_GRACE_MS);
    },
  };
}

/** The endpoint as clients address it, as far as that is known before listening. */
export function resourceOf({ host, port, path, publicUrl }: HttpOptions): string {
  return publicUrl ?? `http://${urlHost(host)}:${port}${path}`;
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The port that it listens on. */
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

/** A name and perhaps a port, or nothing: what else a URL may hold before its path would be cut off by those who compare it. */
function hasPlainHost({ headersDistinct: { host = [] } }: IncomingMessage): boolean {
  return host.length <= 1 && /^[^\s@/\\?#]{0,300}$/.test(host[0] ?? "");
}

/** As it was sent: what a proxy has let through under one path must not turn into another. */
function pathOf({ url = "/" }: IncomingMessage): string | undefined {
  return url.startsWith("/") ? url.split("?", 1)[0] : URL.parse(url)?.pathname;
}

function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}
