/** Follows redirects, each only after its target has passed the same check as the URL. */

import { asPrefetchError, PrefetchError } from "../../../base/errors.ts";
import type { Got } from "../net/get.ts";
import { isRedirect, leadsBack, redirectTarget } from "../net/redirect.ts";
import type { HeaderRule } from "../net/site-headers.ts";
import type { FetchContext, FetchRoute } from "./fetch-context.ts";
import type { SendRequest } from "./send-request.ts";

export interface RedirectOptions {
  readonly method: "GET" | "HEAD";
  /** Redirects to follow before the next one counts as the answer. */
  readonly redirects: number;
  readonly headersOf: HeaderRule;
  /** Throws `PrefetchError` for a URL that is not allowed. */
  readonly checkUrl: (url: string) => URL;
}

/** The last answer of a chain of redirects, and how it was requested. */
export interface FetchedAnswer {
  readonly answer: Got;
  readonly url: URL;
  readonly route: FetchRoute;
  /** The answer redirects to itself or to a URL that led to it. */
  readonly loops: boolean;
}

export async function fetchFollowing(
  text: string,
  { route: firstRoute, context }: { readonly route: FetchRoute; readonly context: FetchContext },
  { method, redirects, headersOf, checkUrl }: RedirectOptions,
  send: SendRequest,
): Promise<FetchedAnswer> {
  const requested = checkUrl(text);
  const asked = [requested];
  for (let url = requested; ; asked.push(url)) {
    const route = routeFor(url, requested, firstRoute, headersOf);
    const answer = await send(url, method, route, context);
    const loops = leadsBack(answer, url, asked);
    const target = asked.length <= redirects && !loops && isRedirect(answer) ? redirectTarget(answer, url) : undefined;
    if (!target) return { answer, url, route, loops };
    url = checkTarget(target, checkUrl);
  }
}

function routeFor(url: URL, requested: URL, route: FetchRoute, headersOf: HeaderRule): FetchRoute {
  const dispatcher = url.hostname === requested.hostname ? route.dispatcher : route.redirectDispatcher;
  return { ...route, dispatcher, headers: headersOf(url, requested, route.headers) };
}

function checkTarget(target: URL, checkUrl: RedirectOptions["checkUrl"]): URL {
  try {
    return checkUrl(target.href);
  } catch (error) {
    const { message } = asPrefetchError(error);
    throw new PrefetchError("unsupported", `The URL redirects to a target that is not allowed: ${message}`, { cause: error });
  }
}
