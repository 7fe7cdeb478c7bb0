/** Finds the handler of each path and guards the paths against requests that DNS rebinding leads here. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { hostHeaderValidation, originValidation } from "@modelcontextprotocol/node";
import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { principalOf } from "../../mcp/caller.ts";
import { type AmbientContext, validTraceparent, withAmbientContext } from "../../telemetry/ambient-context.ts";
import type { Authenticator } from "../auth/authenticate.ts";
import type { App } from "../served-app.ts";
import { type Cors, createCors } from "./cors.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Metrics } from "./metrics.ts";
import type { HttpOptions } from "./options.ts";
import type { ReadReadiness } from "./readiness.ts";
import { sendJson, sendWebResponse } from "./respond.ts";
import { createTurnGate } from "./turn-gate.ts";

/**
 * Requests that start in one turn of the event loop, across all connections and before authentication. More of them delay the probes
 * under a flood; fewer slow down a busy server.
 */
const REQUESTS_PER_TURN = 32;

export interface RouterDeps {
  readonly app: Pick<App, "gauges">;
  readonly metrics: Metrics;
  readonly auth: Authenticator | undefined;
  readonly options: HttpOptions;
  readonly readReadiness: ReadReadiness;
  readonly endpoint: Endpoint;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
type Handler = (request: IncomingMessage, response: ServerResponse, facts: AmbientContext) => Promise<void> | void;

export function createRouter({ app, metrics, auth, options, readReadiness, endpoint }: RouterDeps): Route {
  const serveHealth: Handler = (_, response) => sendJson(response, 200, { status: "ok" });
  const serveReadiness: Handler = async (_, response) => {
    const { isReady, clockAheadMs } = await readReadiness();
    sendJson(response, isReady ? 200 : 503, { status: isReady ? "ok" : "not ready", clock_ahead_ms: clockAheadMs });
  };
  const serveMetrics: Handler = async (request, response) => {
    const refusal = await metricsRefusal(request, auth);
    if (refusal) return sendWebResponse(response, refusal);
    response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
    response.end(await metrics.render(await app.gauges()));
  };
  const serveMcp: Handler = (request, response, facts) => withAmbientContext(facts, () => endpoint.serve(request, response, facts));

  /** Probes and scrapers use an address that the server cannot predict. They get no secrets: metrics need a token here. */
  const probes = new Map<string, Handler>([
    ["/healthz", serveHealth],
    ["/readyz", serveReadiness],
  ]);
  const openToEveryHost = new Map<string, Handler>(auth ? [["/metrics", serveMetrics]] : []);
  const guarded = new Map<string, Handler>([
    [options.path, serveMcp],
    ["/metrics", serveMetrics],
  ]);
  if (auth?.metadata) {
    const { path, document } = auth.metadata;
    guarded.set(path, (_, response) => sendJson(response, 200, document, { "access-control-allow-origin": "*" }));
  }
  const cors = createCors(options.corsOrigins);
  const isAddressAllowed = createAddressCheck(options, cors);

  const enterTurn = createTurnGate(REQUESTS_PER_TURN);

  /** Serves a path that only requests with an allowed `Host` and `Origin` reach. */
  const serveGuarded = (path: string, request: IncomingMessage, response: ServerResponse, facts: AmbientContext): Promise<void> | void => {
    if (!isAddressAllowed(request, response)) return;
    const handler = guarded.get(path);
    if (!handler) return sendJson(response, 404, { error: "not_found", message: `The MCP endpoint is ${options.path}` });
    // Browsers send preflights without the token, also before they read the OAuth metadata.
    if (path !== "/metrics" && cors.answer(request, response)) return;
    return handler(request, response, facts);
  };

  return async (request, response) => {
    const id = requestIdOf(request);
    response.setHeader("x-request-id", id);
    const facts: AmbientContext = { request: id, traceparent: validTraceparent(request.headers.traceparent) };
    const path = pathOf(request);
    // HTTP allows the absolute form, but the SDK puts the host before the URL. Source: RFC 9112, section 3.2.2.
    if (!request.url?.startsWith("/")) request.url = path;
    const probe = probes.get(path);
    if (probe) return probe(request, response, facts);
    await enterTurn();
    const open = openToEveryHost.get(path);
    return open ? open(request, response, facts) : serveGuarded(path, request, response, facts);
  };
}

/** `undefined` for callers that may see the metrics, which cover every tenant. */
async function metricsRefusal({ headers }: IncomingMessage, auth: Authenticator | undefined): Promise<Response | undefined> {
  const authInfo = await auth?.authenticate(headers.authorization);
  if (authInfo instanceof Response) return authInfo;
  if (principalOf(authInfo).seesAll) return undefined;
  const missing = new OAuthError(OAuthErrorCode.InsufficientScope, "Insufficient scope");
  return bearerAuthChallengeResponse(missing, { requiredScopes: ["prefetch:admin"] });
}

/** Answers requests whose `Host` or `Origin` is not allowed. */
function createAddressCheck({ allowedHosts, allowedOrigins }: HttpOptions, { isListed }: Cors) {
  const hostAllowed = hostHeaderValidation([...allowedHosts]);
  const originAllowed = originValidation([...allowedOrigins]);
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (hasPlainHost(request)) return hostAllowed(request, response) && (isListed(request) || originAllowed(request, response));
    sendJson(response, 400, { error: "bad_request", message: "The Host header must be one host name, with or without a port" });
    return false;
  };
}

/** At most one name with an optional port. A URL parser would cut off or reinterpret any other character, such as @ or #. */
function hasPlainHost({ headersDistinct: { host = [] } }: IncomingMessage): boolean {
  return host.length <= 1 && /^[^\s@/\\?#]{0,300}$/.test(host[0] ?? "");
}

/** Keeps the path as the client sent it: a proxy that allowed one spelling must not reach another path. */
function pathOf({ url = "/" }: IncomingMessage): string {
  const path = url.startsWith("/") ? url.split("?", 1)[0] : URL.parse(url)?.pathname;
  return path ?? "/";
}

/** The caller's own id if it is safe to log. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}
