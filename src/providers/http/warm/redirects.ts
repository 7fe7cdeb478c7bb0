/** Follows redirects, each only after its target has passed the same check as the URL. */

import { asPrefetchError, PrefetchError } from "../../../base/errors.ts";
import type { Got } from "../net/get.ts";
import type { FetchContext, FetchRoute } from "./fetch-context.ts";
import type { SendRequest } from "./send-request.ts";

export interface RedirectOptions {
  readonly method: "GET" | "HEAD";
  /** Redirects to follow before the next one counts as the answer. */
  readonly redirects: number;
  /** Throws `PrefetchError` for a URL that is not allowed. */
  readonly checkUrl: (url: string) => URL;
}

/** The last answer of a chain of redirects, and how it was requested. */
export interface FetchedAnswer {
  readonly answer: Got;
  readonly url: URL;
  readonly route: FetchRoute;
}

export async function fetchFollowing(
  text: string,
  { route: firstRoute, context }: { readonly route: FetchRoute; readonly context: FetchContext },
  { method, redirects, checkUrl }: RedirectOptions,
  send: SendRequest,
): Promise<FetchedAnswer> {
  let url = checkUrl(text);
  const { hostname } = url;
  for (let followed = 0; ; followed += 1) {
    const route = url.hostname === hostname ? firstRoute : { ...firstRoute, dispatcher: firstRoute.redirectDispatcher };
    const answer = await send(url, method, route, context);
    const target = followed < redirects ? redirectTarget(answer, url) : undefined;
    if (!target) return { answer, url, route };
    url = checkTarget(target, checkUrl);
  }
}

function redirectTarget({ status, headers }: Got, base: URL): URL | undefined {
  const location = headers.get("location")?.[0];
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return URL.parse(location, base.href) ?? undefined;
}

function checkTarget(target: URL, checkUrl: RedirectOptions["checkUrl"]): URL {
  try {
    return checkUrl(target.href);
  } catch (error) {
    const { message } = asPrefetchError(error);
    throw new PrefetchError("unsupported", `The URL redirects to a target that is not allowed: ${message}`, { cause: error });
  }
}
