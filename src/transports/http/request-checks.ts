/** Checks that a request must pass before the endpoint reads its body. A failed check answers the request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { type AuthInfo, isJsonContentType } from "@modelcontextprotocol/server";
import { principalOf } from "../../mcp/caller.ts";
import { type Authenticator, scopeChallenge } from "../auth/authenticate.ts";
import type { App } from "../served-app.ts";
import { acceptedTypes, JSON_TYPE, STREAM_TYPE } from "./accept.ts";
import type { RequestLimits } from "./request-limits.ts";
import { sendJson, sendRpcError, sendWebResponse } from "./respond.ts";

export interface CheckOptions {
  readonly app: Pick<App, "missingScope">;
  readonly auth: Authenticator | undefined;
  readonly limits: Pick<RequestLimits, "countRequest">;
  readonly requestsPerMinute: number;
}

export interface AcceptedRequest {
  /** `undefined` on a server without authentication. */
  readonly authInfo: AuthInfo | undefined;
  /** The types that the client takes for an answer. */
  readonly types: "both" | "json";
}

/** `undefined` when a check failed. */
export type CheckRequest = (request: IncomingMessage, response: ServerResponse) => Promise<AcceptedRequest | undefined>;

/** Authentication comes first, so that a caller without a token learns nothing else. */
export function createRequestChecks({ app, auth, limits, requestsPerMinute }: CheckOptions): CheckRequest {
  const isWithinRate = async (authInfo: AuthInfo | undefined, response: ServerResponse): Promise<boolean> => {
    const waitS = authInfo ? await limits.countRequest(principalOf(authInfo).tenant) : 0;
    if (waitS === 0) return true;
    const message = `More than ${requestsPerMinute} requests in a minute. Call again in ${waitS} s; prefer wait_seconds to repeated calls.`;
    sendJson(response, 429, { error: "rate_limited", message }, { "retry-after": String(waitS) });
    return false;
  };

  /**
   * The headers of 2026-07-28 name method and tool, so a request without the scope is refused before its body costs anything. The SDK refuses the
   * rest of such calls, after it has read them.
   */
  const isInScope = async ({ headers }: IncomingMessage, authInfo: AuthInfo | undefined, response: ServerResponse): Promise<boolean> => {
    const { "mcp-method": method, "mcp-name": name } = headers;
    const missing = typeof method === "string" && typeof name === "string" ? app.missingScope({ method, name }, authInfo) : undefined;
    if (missing === undefined) return true;
    await sendWebResponse(response, scopeChallenge(authInfo, missing));
    return false;
  };

  const authenticate = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Pick<AcceptedRequest, "authInfo"> | undefined> => {
    if (auth && hasTwoTokens(request)) {
      const description = "The header and the query both have a token. Send it in the Authorization header only.";
      sendJson(response, 400, { error: "invalid_request", error_description: description });
      return undefined;
    }
    const authInfo = await auth?.authenticate(request.headers.authorization);
    if (authInfo instanceof Response) {
      await sendWebResponse(response, authInfo);
      return undefined;
    }
    return { authInfo };
  };

  return async (request, response) => {
    const caller = await authenticate(request, response);
    if (!caller) return undefined;
    const { authInfo } = caller;
    if (!(await isWithinRate(authInfo, response)) || !isJsonPost(request, response)) return undefined;
    const types = answerTypes(request, response);
    return types && (await isInScope(request, authInfo, response)) ? { authInfo, types } : undefined;
  };
}

function hasTwoTokens({ url = "/", headers }: IncomingMessage): boolean {
  return headers.authorization !== undefined && new URL(url, "http://unnamed").searchParams.has("access_token");
}

function isJsonPost({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
  if (method !== "POST") {
    sendRpcError(response, 405, -32_000, "Method not allowed. Send a POST request.", { allow: "POST" });
    return false;
  }
  if (!isJsonContentType(headers["content-type"] ?? null)) {
    sendRpcError(response, 415, -32_000, "The content type must be application/json");
    return false;
  }
  return true;
}

/** A stream of notifications has no JSON form. Every other answer has. */
function answerTypes({ headers }: IncomingMessage, response: ServerResponse): "both" | "json" | undefined {
  const types = acceptedTypes(headers.accept);
  const wantsStream = headers["mcp-method"] === "subscriptions/listen";
  if (types === "both" || (types === "json" && !wantsStream)) return types;
  const needed = wantsStream ? `${JSON_TYPE} and ${STREAM_TYPE}` : JSON_TYPE;
  sendRpcError(response, 406, -32_000, `Not acceptable: the Accept header must allow ${needed}.`);
  return undefined;
}
