/**
 * Lets pages of listed origins read the answers (CORS). Without a list no answer has CORS headers, and browsers keep them from pages.
 * Pages send the token in the Authorization header, so no answer allows credentials, by which browsers mean cookies.
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
 */

import type { IncomingMessage, ServerResponse } from "node:http";

/** Headers that MCP clients send, and those that this server reads. A page may send no other beside the harmless ones. */
const requestHeaders = [
  "accept",
  "authorization",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "traceparent",
  "x-request-id",
];
/** Headers of answers that pages may read: where to get a token, how long to wait, and the id in the log. */
const responseHeaders = ["www-authenticate", "retry-after", "x-request-id"];
/** Longer: a change of the list above reaches pages later. Shorter: pages ask more often. Browsers allow at most 2 hours. */
const PREFLIGHT_AGE_S = 600;

export interface Cors {
  /** Whether the request comes from a page of a listed origin. */
  isListed(request: IncomingMessage): boolean;
  /** Sets the headers of the answer. Returns true when it has answered the request, which then was a preflight. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createCors(origins: readonly string[]): Cors {
  const listed = new Set(origins);
  const isListed = ({ headers: { origin } }: IncomingMessage): boolean => origin !== undefined && listed.has(origin);

  return {
    isListed,
    answer: (request, response) => {
      if (listed.size === 0) return false;
      // A cache must not give the answer for one origin to a page of another.
      response.setHeader("vary", "origin");
      const { origin } = request.headers;
      if (origin === undefined || !isListed(request)) return false;
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("access-control-expose-headers", responseHeaders.join(", "));
      if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
      response.writeHead(204, {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": requestHeaders.join(", "),
        "access-control-max-age": String(PREFLIGHT_AGE_S),
      });
      response.end();
      return true;
    },
  };
}
