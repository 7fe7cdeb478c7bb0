/** Between HTTP and the SDK's handler: looks into each message for what concerns more than one call. */

import type { AuthInfo, McpHttpHandler } from "@modelcontextprotocol/server";
import { z } from "zod";
import { authExtra, principalOf } from "../../mcp/caller.ts";
import type { Subscribe, Subscription } from "../../mcp/subscriptions.ts";

/** One HTTP request, as far as its message has been understood. */
export interface Exchange {
  /** What it asks for, for the log. */
  asks(method: string, name: string | undefined): void;
  /** It has become a stream of notifications, which lasts as long as the client listens; `end` is called after that. */
  listens(end: () => void): void;
}

export interface GateOptions {
  readonly handler: Pick<McpHttpHandler, "fetch">;
  readonly subscribe: Subscribe;
}

/** Streams that one tenant may have open. */
const MOST_STREAMS = 100;
const RETRY_AFTER_S = 30;

const message = z.looseObject({ method: z.string(), params: z.looseObject({ name: z.unknown().optional() }).optional() });
const listenParams = z.looseObject({ notifications: z.looseObject({ resourceSubscriptions: z.array(z.string()) }) });

/** `body` is the request's message, parsed. */
export type Gate = (request: Request, body: unknown, auth: AuthInfo | undefined, exchange: Exchange) => Promise<Response>;

export function createGate({ handler, subscribe }: GateOptions): Gate {
  const streams = new Map<string, number>();

  /** Grants what the principal may know of, and looks after it while the stream is open. */
  const listen = async (request: Request, body: z.infer<typeof message>, auth: AuthInfo | undefined, exchange: Exchange) => {
    const principal = principalOf(auth);
    const open = streams.get(principal.tenant) ?? 0;
    if (open >= MOST_STREAMS) return tooMany();
    // Counted before anything is waited for: of many that come at once, not all find room.
    streams.set(principal.tenant, open + 1);
    let granted: Subscription | undefined;
    const end = (): void => {
      granted?.end();
      const left = (streams.get(principal.tenant) ?? 1) - 1;
      if (left > 0) streams.set(principal.tenant, left);
      else streams.delete(principal.tenant);
    };
    try {
      const wanted = listenParams.safeParse(body.params);
      granted = await subscribe(wanted.success ? wanted.data.notifications.resourceSubscriptions : [], principal);
      const params = wanted.success
        ? { ...wanted.data, notifications: { ...wanted.data.notifications, resourceSubscriptions: granted.uris } }
        : body.params;
      const response = await handler.fetch(request, { ...(auth && { authInfo: auth }), parsedBody: { ...body, params } });
      if (response.ok && response.headers.get("content-type")?.startsWith("text/event-stream")) exchange.listens(end);
      else end();
      return response;
    } catch (error) {
      end();
      throw error;
    }
  };

  return async (request, body, auth, exchange) => {
    const read = message.safeParse(body);
    if (!read.success) return handler.fetch(request, { ...(auth && { authInfo: auth }), parsedBody: body });
    const { method, params } = read.data;
    exchange.asks(method, typeof params?.name === "string" ? params.name : undefined);
    if (method === "subscriptions/listen") return listen(request, read.data, auth, exchange);
    const authInfo = auth && { ...auth, extra: authExtra(principalOf(auth).tenant, method) };
    return handler.fetch(request, { ...(authInfo && { authInfo }), parsedBody: body });
  };
}

function tooMany(): Response {
  const body = { error: "too_many_streams", message: `A tenant may have ${MOST_STREAMS} notification streams open; close one first.` };
  return Response.json(body, { status: 429, headers: { "retry-after": String(RETRY_AFTER_S) } });
}
