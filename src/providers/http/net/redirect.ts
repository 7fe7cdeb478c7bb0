/** Reads redirects, and decides which request headers their targets may see. One rule for every request of this provider. */

import { firstOf } from "../cache/headers.ts";
import type { Got } from "./get.ts";

type Headers = Readonly<Record<string, string>>;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** The headers that another origin may see. Any other configured header may hold a credential, such as an API key. */
const publicHeaders: ReadonlySet<string> = new Set(["user-agent", "accept", "accept-encoding", "accept-language"]);

export function isRedirect({ status }: Pick<Got, "status">): boolean {
  return redirectStatuses.has(status);
}

/** The URL that the `Location` header of a redirect names. */
export function redirectTarget({ headers }: Pick<Got, "headers">, base: URL): URL | undefined {
  const location = firstOf(headers, "location");
  return location === undefined ? undefined : (URL.parse(escapeBytes(location), base.href) ?? undefined);
}

/**
 * undici gives a header's bytes as characters up to U+00FF. Each byte above ASCII is escaped as it is, as browsers do: the target
 * gets the server's own bytes back, whether they are UTF-8 or not.
 */
function escapeBytes(location: string): string {
  return location.replace(/[\x80-\xff]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** True if the redirect leads back to one of these URLs, such as to itself. */
export function leadsBack(answer: Pick<Got, "status" | "headers">, base: URL, asked: readonly URL[]): boolean {
  const target = isRedirect(answer) ? redirectTarget(answer, base) : undefined;
  return target !== undefined && asked.some((url) => withoutFragment(url) === withoutFragment(target));
}

function withoutFragment({ href, hash }: URL): string {
  return hash === "" ? href : href.slice(0, -hash.length);
}

/**
 * The headers for `url`, reached by redirects from `requested`. Another scheme, host or port is another origin. Names are in
 * lower case.
 */
export function headersFor(url: URL, requested: URL, headers: Headers): Headers {
  if (url.origin === requested.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => publicHeaders.has(name)));
}
