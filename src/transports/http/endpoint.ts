/** The MCP endpoint: who calls, whether there is room, what is asked, and what became of it. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { type AuthInfo, isJsonContentType } from "@modelcontextprotocol/server";
import { principalOf } from "../../mcp/caller.ts";
import { type AmbientContext, withAmbientContext } from "../../telemetry/ambient-context.ts";
import type { Authenticator } from "../auth/authenticate.ts";
import type { App } from "../served-app.ts";
import { answer, answerRpcError, relay } from "./answer.ts";
import { type Body, ClientGoneError, LARGEST_BODY, readBody } from "./body.ts";
import type { Limits, Place } from "./limits.ts";
import type { Exchange, Gate } from "./message-gate.ts";
import type { Metrics } from "./metrics.ts";

const BUSY_RETRY_S = 1;
/** Said of a request whose client did not wait for the answer. */
const CLIENT_GONE = 499;
const LONGEST_NAME = 100;
/** What timers can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface EndpointDeps {
  readonly app: Pick<App, "report" | "note">;
  readonly metrics: Pick<Metrics, "requestAnswered">;
  readonly auth: Authenticator | undefined;
  readonly limits: Limits;
  readonly requestsPerMinute: number;
  readonly gate: Gate;
  /** Whoever is not answered by then is cut off. */
  readonly answerMs: number;
  /** Aborted when nothing new is taken any more, and when what is still being sent is not waited for any longer. */
  readonly stopping: AbortSignal;
  readonly impatient: AbortSignal;
}

export interface Endpoint {
  serve(request: IncomingMessage, response: ServerResponse, facts: AmbientContext): Promise<void>;
  /** Ends all streams of notifications: whoever may still listen can ask for one again. */
  endStreams(): void;
}

export function createEndpoint({
  app,
  metrics,
  auth,
  limits,
  requestsPerMinute,
  gate,
  answerMs,
  stopping,
  impatient,
}: EndpointDeps): Endpoint {
  /** The caller, or `undefined` when it has been answered already. */
  const admit = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly known: AuthInfo | undefined } | undefined> => {
    const query = new URL(request.url ?? "/", "http://unnamed").searchParams;
    if (auth && request.headers.authorization !== undefined && query.has("access_token")) {
      answer(response, 400, { error: "invalid_request", error_description: "A token belongs into the Authorization header only" });
      return undefined;
    }
    const known = await auth?.authenticate(request.headers.authorization);
    if (known instanceof Response) {
      await relay(response, known);
      return undefined;
    }
    const wait = known ? await limits.waitOf(principalOf(known).tenant) : 0;
    if (wait > 0) {
      const message = `More than ${requestsPerMinute} requests in a minute. Call again in ${wait} s; prefer wait_seconds to repeated calls.`;
      answer(response, 429, { error: "rate_limited", message }, { "retry-after": String(wait) });
      return undefined;
    }
    if (request.method !== "POST") {
      answerRpcError(response, 405, -32_000, "Method not allowed", { allow: "POST" });
      return undefined;
    }
    if (!isJsonContentType(request.headers["content-type"] ?? null)) {
      answerRpcError(response, 415, -32_000, "The content type must be application/json");
      return undefined;
    }
    return { known };
  };

  const answerMessage = async (
    request: IncomingMessage,
    response: ServerResponse,
    known: AuthInfo | undefined,
    place: Place,
    exchange: Exchange,
  ) => {
    const body = await readBody(request, place, impatient);
    if (!body.ok) return refuse(response, body);
    // A batch would be one request to every limit, however many calls it holds.
    if (Array.isArray(body.message)) return answerRpcError(response, 400, -32_600, "Send one message a request");
    const fetch = async (web: Request): Promise<Response> => {
      const found = await gate(web, body.message, known, exchange);
      // Whether the connection stays is between this server and its client, who may have asked for its end.
      found.headers.delete("connection");
      return found;
    };
    // The message goes to the handler as it was parsed; writing it down again for the request would only cost time.
    const standIn = {};
    await toNodeHandler({ fetch }, { onerror: (error) => app.report(error, "an MCP request") })(request, response, standIn);
  };

  const streams = new Set<ServerResponse>();
  /** A stream lasts no longer than the token that it was opened with. */
  const keepStream = (response: ServerResponse, known: AuthInfo | undefined, end: () => void): void => {
    streams.add(response);
    const left = (known?.expiresAt ?? Number.POSITIVE_INFINITY) * 1_000 - Date.now();
    const expiry = left <= LONGEST_TIMER_MS ? setTimeout(() => response.destroy(), Math.max(0, left)).unref() : undefined;
    const close = (): void => {
      clearTimeout(expiry);
      streams.delete(response);
      end();
    };
    if (response.closed) close();
    else response.once("close", close);
  };

  const serveRequest: Endpoint["serve"] = async (request, response, facts) => {
    const begun = performance.now();
    const asked: { method?: string; name?: string | undefined; principal?: string | undefined } = {};
    response.once("close", () => {
      const status = response.writableFinished ? response.statusCode : CLIENT_GONE;
      metrics.requestAnswered(`${Math.floor(status / 100)}xx`);
      const ms = Math.round(performance.now() - begun);
      // Written when everything of the request is over, which is outside of its own context.
      withAmbientContext(facts, () => app.note({ ...asked, status, ms }, "request"));
    });
    const caller = await admit(request, response);
    if (!caller) return;
    const { known } = caller;
    asked.principal = known?.clientId;
    const place = stopping.aborted ? undefined : limits.enter(known && principalOf(known).tenant);
    if (!place) return refuse(response, { ok: false, why: "no_room" });
    const deadline = setTimeout(() => response.destroy(), answerMs).unref();
    const leave = (): void => {
      clearTimeout(deadline);
      place.leave();
    };
    response.once("close", leave);
    const exchange: Exchange = {
      asks: (method, name) => {
        asked.method = method.slice(0, LONGEST_NAME);
        asked.name = name?.slice(0, LONGEST_NAME);
      },
      listens: (end) => {
        leave();
        keepStream(response, known, end);
      },
    };
    try {
      await withAmbientContext({ ...facts, principal: known?.clientId }, () => answerMessage(request, response, known, place, exchange));
    } catch (error) {
      if (!(error instanceof ClientGoneError)) throw error;
    } finally {
      // An answer may wait behind another one on its connection, but its work is done.
      leave();
    }
  };

  return {
    serve: serveRequest,
    endStreams: () => {
      for (const response of streams) response.destroy();
    },
  };
}

function refuse(response: ServerResponse, { why }: Extract<Body, { ok: false }>): void {
  if (why === "too_large") answerRpcError(response, 413, -32_000, `A body must not exceed ${LARGEST_BODY} bytes`);
  else if (why === "broken") answerRpcError(response, 400, -32_700, "Parse error: not JSON");
  else answer(response, 503, { error: "busy", message: "Call again in a moment." }, { "retry-after": String(BUSY_RETRY_S) });
}
