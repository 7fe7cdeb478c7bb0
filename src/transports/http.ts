/** MCP over Streamable HTTP: one stateless endpoint for both protocol eras, with the guards that a listening server needs. */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostHeaderValidation, originValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { type AuthInfo, createMcpHandler } from "@modelcontextprotocol/server";
import type { App } from "../app.ts";
import { type CallFacts, validTraceparent, withFacts } from "../context.ts";
import { PrefetchError } from "../errors.ts";
import { principalOf } from "../mcp/caller.ts";
import type { Authenticator } from "./auth.ts";
import { createGate, type Exchange } from "./gate.ts";
import type { HttpOptions } from "./http-options.ts";
import { createLimits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";

/** 10,000 URLs of ordinary length take about two; ten times as much is left to stdio. */
const LARGEST_BODY = 16 * 1_048_576;
/** Headers, and the whole of a request, must arrive in so long: a client that drips bytes holds a connection no longer. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const CHECK_MS = 2_000;
const MOST_CONNECTIONS = 16_384;
/** Calls wait 50 seconds at most; what takes much longer is stuck. */
const ANSWER_MS = 120_000;
/** What is in work when the server stops gets so long; calls that wait are woken at once. */
const DRAIN_MS = 8_000;
const STOP_GRACE_MS = 5_000;
const DRAIN_LOOK_MS = 20;
const BUSY_RETRY_S = 1;

export interface HttpDeps {
  readonly app: Pick<App, "factory" | "report" | "note" | "subscriptions" | "ready" | "gauges" | "drain" | "close">;
  readonly metrics: Metrics;
  /** Without one, whoever reaches the server is its owner. */
  readonly auth: Authenticator | undefined;
  readonly options: HttpOptions;
}

export interface HttpService {
  /** Scheme, host, port and path of the endpoint. */
  readonly url: string;
  /** Lets what is in work finish, hands back what waits, and ends. */
  close(): Promise<void>;
}

/** Throws `invalid_argument` when it cannot listen. */
export async function startHttp({ app, metrics, auth, options }: HttpDeps): Promise<HttpService> {
  const onerror = (error: Error): void => app.note({ reason: error.message.slice(0, 200) }, "a request was turned down");
  const handler = createMcpHandler(app.factory, { onerror, maxRequestBodySize: LARGEST_BODY });
  const gate = createGate({ handler, subscribe: app.subscriptions(handler.notify) });
  const hostAllowed = hostHeaderValidation([...options.allowedHosts]);
  const originAllowed = originValidation([...options.allowedOrigins]);
  const limits = createLimits(options.requestsPerMinute);
  let closing = false;

  const serveMcp = async (request: IncomingMessage, response: ServerResponse, facts: CallFacts): Promise<void> => {
    const begun = performance.now();
    const asked: { method?: string; tool?: string | undefined } = {};
    response.once("close", () => {
      metrics.requestAnswered(`${Math.floor(response.statusCode / 100)}xx`);
      const ms = Math.round(performance.now() - begun);
      // Written when everything of the request is over, which is outside of its own context.
      withFacts(facts, () => app.note({ ...asked, principal, status: response.statusCode, ms }, "request"));
    });
    let principal: string | undefined;

    const query = new URL(request.url ?? "/", "http://unnamed").searchParams;
    if (auth && request.headers.authorization !== undefined && query.has("access_token")) {
      return answer(response, 400, { error: "invalid_request", error_description: "A token belongs into the Authorization header only" });
    }
    const known = await auth?.authenticate(request.headers.authorization);
    if (known instanceof Response) return relay(response, known);
    principal = known?.clientId;
    if (known) {
      const wait = await limits.waitOf(principalOf(known).tenant);
      if (wait > 0) {
        const message = `More than ${options.requestsPerMinute} requests in a minute. Call again in ${wait} s; prefer wait_seconds to repeated calls.`;
        return answer(response, 429, { error: "rate_limited", message }, { "retry-after": String(wait) });
      }
    }
    const admission = closing ? undefined : limits.admit(bytesOf(request));
    if (!admission)
      return answer(response, 503, { error: "busy", message: "Call again in a moment." }, { "retry-after": String(BUSY_RETRY_S) });
    const deadline = setTimeout(() => response.destroy(), ANSWER_MS).unref();
    const release = (): void => {
      clearTimeout(deadline);
      admission.release();
    };
    response.once("close", release);
    const exchange: Exchange = {
      asks: (method, tool) => {
        asked.method = method.slice(0, 100);
        asked.tool = tool?.slice(0, 100);
      },
      listens: (end) => {
        release();
        if (response.closed) end();
        else response.once("close", end);
      },
    };
    const serve = toNodeHandler({ fetch: (web) => gate(web, known, exchange) }, { onerror, maxRequestBodySize: LARGEST_BODY });
    await withFacts({ ...facts, principal }, () => serve(request, response));
  };

  const serveMetrics = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const known: AuthInfo | Response | undefined = await auth?.authenticate(request.headers.authorization);
    if (known instanceof Response) return relay(response, known);
    if (!principalOf(known).seesAll) return answer(response, 403, { error: "insufficient_scope", scope: "prefetch:admin" });
    response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
    response.end(await metrics.render(await app.gauges()));
  };

  const isReady = async (): Promise<boolean> => {
    if (closing) return false;
    try {
      return await app.ready();
    } catch (error) {
      app.report(error, "being asked whether it is ready");
      return false;
    }
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const facts: CallFacts = { request: requestIdOf(request), traceparent: validTraceparent(request.headers.traceparent) };
    response.setHeader("x-request-id", facts.request ?? "");
    const path = URL.parse(request.url ?? "/", "http://unnamed")?.pathname;
    if (path === "/healthz" || path === "/readyz") {
      const good = path === "/healthz" || (await isReady());
      return answer(response, good ? 200 : 503, { status: good ? "ok" : "not ready" });
    }
    // Probes and scrapers come by address; with tokens a page that was led here by DNS has none.
    if (path === "/metrics" && auth) return serveMetrics(request, response);
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    if (path === "/metrics") return serveMetrics(request, response);
    const { metadata } = auth ?? {};
    if (metadata && path === metadata.path) return answer(response, 200, metadata.document, { "access-control-allow-origin": "*" });
    if (path !== options.path) return answer(response, 404, { error: "not_found", message: `The MCP endpoint is ${options.path}` });
    await withFacts(facts, () => serveMcp(request, response, facts));
  };

  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: CHECK_MS },
    (request, response) => {
      route(request, response).catch((error: unknown) => {
        app.report(error, "an HTTP request");
        if (response.headersSent) response.destroy();
        else answer(response, 500, { error: "internal" });
      });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${urlHost(options.host)}:${port}${options.path}`,
    close: async () => {
      closing = true;
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

function listen(server: Server, { host, port }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new PrefetchError("invalid_argument", `Cannot listen on ${urlHost(host)}:${port} (${error.code})`, {
          hint: "Choose another --host or --port.",
          cause: error,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

/** Bytes that the request may turn out to have; without a length, as many as it may. */
function bytesOf({ method, headers }: IncomingMessage): number {
  if (method !== "POST") return 0;
  const length = Number(headers["content-length"] ?? LARGEST_BODY);
  return Math.min(length, LARGEST_BODY);
}

function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(body));
}

async function relay(response: ServerResponse, from: Response): Promise<void> {
  response.writeHead(from.status, Object.fromEntries(from.headers));
  response.end(await from.text());
}
