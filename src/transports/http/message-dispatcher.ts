/** Passes each message to the SDK's handler, and its `subscriptions/listen` requests through the subscriptions. */

import type { AuthInfo, McpHttpHandler } from "@modelcontextprotocol/server";
import { z } from "zod";
import { authExtra, principalOf } from "../../mcp/caller.ts";
import type { Subscribe, Subscription } from "../../mcp/subscriptions.ts";
import { isEventStream } from "./accept.ts";
import { createStreamSlots } from "./stream-slots.ts";

/** Callbacks that tell the endpoint about the message of a request. */
export interface RequestHooks {
  readonly onMessage: (method: string, name: string | undefined) => void;
  /** The response is a stream of notifications, which stays open. The endpoint must call `end` when it closes. */
  readonly onStream: (end: () => void) => void;
}

export interface DispatcherOptions {
  readonly handler: Pick<McpHttpHandler, "fetch">;
  readonly subscribe: Subscribe;
}

/** `body` is the parsed message of the request. */
export type DispatchMessage = (request: Request, body: unknown, authInfo: AuthInfo | undefined, hooks: RequestHooks) => Promise<Response>;

/** Notification streams per tenant. More of them hold memory and connections; fewer limit the agents that a tenant can run. */
const MOST_STREAMS = 100;
const RETRY_AFTER_S = 30;

const messageSchema = z.looseObject({ method: z.string(), params: z.looseObject({ name: z.unknown().optional() }).optional() });
const listenParams = z.looseObject({ notifications: z.looseObject({ resourceSubscriptions: z.array(z.string()) }) });
type Message = z.infer<typeof messageSchema>;

export function createMessageDispatcher({ handler, subscribe }: DispatcherOptions): DispatchMessage {
  const slots = createStreamSlots(MOST_STREAMS);

  const forward = (request: Request, parsedBody: unknown, authInfo: AuthInfo | undefined): Promise<Response> =>
    handler.fetch(request, { ...(authInfo && { authInfo }), parsedBody });

  /** Subscribes before it forwards, so that the SDK confirms only resources that exist for the principal. */
  const listen = async (request: Request, message: Message, authInfo: AuthInfo | undefined, hooks: RequestHooks): Promise<Response> => {
    const principal = principalOf(authInfo);
    // The slot is taken before the first await, so concurrent requests cannot exceed the limit.
    const releaseSlot = slots.acquire(principal.tenant);
    if (!releaseSlot) return tooManyStreams();
    let subscription: Subscription | undefined;
    const end = (): void => {
      subscription?.end();
      releaseSlot();
    };
    try {
      const requested = listenParams.safeParse(message.params);
      subscription = await subscribe(requested.success ? requested.data.notifications.resourceSubscriptions : [], principal);
      const params = requested.success ? withResources(requested.data, subscription.uris) : message.params;
      const response = await forward(request, { ...message, params }, authInfo);
      if (isEventStream(response)) hooks.onStream(end);
      else end();
      return response;
    } catch (error) {
      end();
      throw error;
    }
  };

  return async (request, body, authInfo, hooks) => {
    const parsed = messageSchema.safeParse(body);
    // The SDK answers malformed messages.
    if (!parsed.success) return forward(request, body, authInfo);
    const { method, params } = parsed.data;
    hooks.onMessage(method, typeof params?.name === "string" ? params.name : undefined);
    if (method === "subscriptions/listen") return listen(request, parsed.data, authInfo, hooks);
    return forward(request, body, authInfo && { ...authInfo, extra: authExtra(principalOf(authInfo).tenant, method) });
  };
}

function withResources(params: z.infer<typeof listenParams>, resourceSubscriptions: readonly string[]) {
  return { ...params, notifications: { ...params.notifications, resourceSubscriptions } };
}

function tooManyStreams(): Response {
  const body = { error: "too_many_streams", message: `A tenant may have ${MOST_STREAMS} notification streams open; close one first.` };
  return Response.json(body, { status: 429, headers: { "retry-after": String(RETRY_AFTER_S) } });
}
