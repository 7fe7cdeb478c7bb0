/** The MCP endpoint. A request passes the checks, takes a permit, is read, and goes to the SDK. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import type { AuthInfo } from "@modelcontextprotocol/server";
import type { Breathe } from "../../base/breathe.ts";
import { principalOf } from "../../mcp/caller.ts";
import { type AmbientContext, withAmbientContext } from "../../telemetry/ambient-context.ts";
import { scopeChallenge } from "../auth/authenticate.ts";
import { limitTexts } from "../message-cost.ts";
import { readRpcMessage } from "../rpc-message.ts";
import type { App } from "../served-app.ts";
import { isEventStream, JSON_TYPE, jsonOf, STREAM_TYPE } from "./accept.ts";
import { type BodyProblem, ClientGoneError, LARGEST_BODY, LARGEST_BODY_OF_READERS, readBody } from "./body.ts";
import type { DispatchMessage, RequestHooks } from "./message-dispatcher.ts";
import { createOpenStreams } from "./open-streams.ts";
import { type CheckOptions, createRequestChecks } from "./request-checks.ts";
import type { RequestLimits, RequestPermit } from "./request-limits.ts";
import { createRequestLog, type LogOptions } from "./request-log.ts";
import { sendJson, sendRpcError, sendRpcRefusal, sendWebResponse } from "./respond.ts";

const BUSY_RETRY_S = 1;

export interface EndpointDeps extends CheckOptions, LogOptions {
  readonly app: Pick<App, "report" | "note" | "noteRefusal" | "missingScope">;
  readonly limits: RequestLimits;
  readonly breathe: Breathe;
  readonly dispatch: DispatchMessage;
  /** The endpoint closes the connection of a request without a response after this time. */
  readonly answerMs: number;
  /** Aborted when the server stops: the endpoint then refuses new requests. */
  readonly stopping: AbortSignal;
  /** Aborted when a stopping server no longer waits for request bodies. */
  readonly bodyDeadline: AbortSignal;
}

export interface Endpoint {
  serve(request: IncomingMessage, response: ServerResponse, facts: AmbientContext): Promise<void>;
  /** Closes all notification streams. Clients with a valid token can open new ones. */
  endStreams(): void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly authInfo: AuthInfo | undefined;
  readonly types: "both" | "json";
}

export function createEndpoint(deps: EndpointDeps): Endpoint {
  const { app, limits, breathe, dispatch, answerMs, stopping, bodyDeadline } = deps;
  const checkRequest = createRequestChecks(deps);
  const logRequest = createRequestLog(deps);
  const streams = createOpenStreams();

  const acquirePermit = (authInfo: AuthInfo | undefined): RequestPermit | undefined =>
    stopping.aborted ? undefined : limits.acquire(authInfo && principalOf(authInfo).tenant);

  const serve: Endpoint["serve"] = async (request, response, facts) => {
    const logEntry = logRequest(response, facts);
    const accepted = await checkRequest(request, response);
    if (!accepted) return;
    const { authInfo, types } = accepted;
    logEntry.setPrincipal(authInfo?.clientId);
    const permit = acquirePermit(authInfo);
    if (!permit) return refusals.no_capacity(response, authInfo);

    const release = releaseOnClose(response, permit, answerMs);
    const hooks: RequestHooks = {
      onMessage: logEntry.setMessage,
      onStream: (end) => {
        // A stream lasts, but it holds no capacity of requests and has no deadline.
        release();
        streams.add(response, authInfo, end);
      },
    };
    try {
      const context = { ...facts, principal: authInfo?.clientId };
      await withAmbientContext(context, () => answerMessage({ request, response, authInfo, types }, permit, hooks));
    } catch (error) {
      if (!(error instanceof ClientGoneError)) throw error;
    } finally {
      // A client that reads slowly must not hold capacity: the work is done.
      release();
    }
  };

  const answerMessage = async (
    { request, response, authInfo, types }: Exchange,
    permit: RequestPermit,
    hooks: RequestHooks,
  ): Promise<void> => {
    const maySpend = principalOf(authInfo).may("spend");
    const askForBody = (): void => response.writeContinue();
    const body = await readBody(request, { permit, maySpend, deadline: bodyDeadline, askForBody, breathe });
    if (!body.ok) return refusals[body.problem](response, authInfo);
    const reading = readRpcMessage(body.message);
    if (reading.kind !== "message") {
      const refusal =
        reading.kind === "refused" ? reading.refusal : { id: null, code: -32_600, message: `Invalid request: ${reading.reason}` };
      app.noteRefusal(refusal.message);
      return sendRpcRefusal(response, 400, refusal);
    }
    const fetch = async (web: Request): Promise<Response> => {
      // The SDK wants both types named, also by a client that takes every type.
      web.headers.set("accept", `${JSON_TYPE}, ${STREAM_TYPE}`);
      const given = await dispatch(web, reading.message, authInfo, hooks);
      const answer = types === "json" && isEventStream(given) ? await jsonOf(given) : given;
      // Node decides whether the connection stays open, because the client may have asked for its end.
      answer.headers.delete("connection");
      return answer;
    };
    // The dispatcher has the parsed message, so the web request gets an empty body instead of a second serialisation.
    const standIn = {};
    await toNodeHandler({ fetch }, { onerror: (error) => app.report(error, "an MCP request") })(request, response, standIn);
  };

  return { serve, endStreams: streams.closeAll };
}

/** Releases the permit when the connection closes, which happens at the latest after `answerMs`. */
function releaseOnClose(response: ServerResponse, permit: RequestPermit, answerMs: number): () => void {
  const deadline = setTimeout(() => response.destroy(), answerMs).unref();
  const release = (): void => {
    clearTimeout(deadline);
    permit.release();
  };
  response.once("close", release);
  return release;
}

type Refuse = (response: ServerResponse, authInfo: AuthInfo | undefined) => void | Promise<void>;

const refusals: Readonly<Record<BodyProblem, Refuse>> = {
  too_large: (response) =>
    sendRpcError(response, 413, -32_000, `The body has more than ${LARGEST_BODY} bytes. Split the list into several calls.`),
  too_many_values: (response) => sendRpcError(response, 413, -32_000, `The body has ${limitTexts.too_many_values}`),
  text_too_long: (response) => sendRpcError(response, 413, -32_000, `The body has ${limitTexts.text_too_long}`),
  too_much_filling: (response) => sendRpcError(response, 413, -32_000, `The body has ${limitTexts.too_much_filling}`),
  too_deep: (response) => sendRpcError(response, 400, -32_600, `The body has ${limitTexts.too_deep}`),
  batch: (response) => sendRpcError(response, 400, -32_600, "Batches are not supported. Send one message per request."),
  no_scope: (response, authInfo) => {
    const reason = `Only a token that may spend may send more than ${LARGEST_BODY_OF_READERS} bytes`;
    return sendWebResponse(response, scopeChallenge(authInfo, "prefetch:write", reason));
  },
  malformed: (response) => sendRpcError(response, 400, -32_700, "Parse error: not JSON"),
  no_capacity: (response) => {
    const message = "The server is at its limits or stopping. Call again in a moment.";
    sendJson(response, 503, { error: "busy", message }, { "retry-after": String(BUSY_RETRY_S) });
  },
};
