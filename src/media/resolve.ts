/** From a URI reference to the URL that a player will ask for. */

/** No vendor takes longer ones, and no player makes them. */
const LONGEST_URI = 65_536;

export type Resolved = { readonly ok: true; readonly url: string; readonly host: string } | { readonly ok: false; readonly reason: string };

/**
 * Resolves against the URL that the manifest came from in the end (RFC 3986, section 5.1.3: after redirects). With
 * `inheritQuery`, a reference without a query takes the manifest's, on the manifest's own host only: a query may be a token.
 */
export function resolveUri(uri: string, base: URL | null, inheritQuery = false): Resolved {
  if (uri.length > LONGEST_URI) return { ok: false, reason: `has ${uri.length.toLocaleString("en")} characters` };
  const parsed = base === null ? URL.parse(uri) : URL.parse(uri, base.href);
  if (parsed === null) return { ok: false, reason: "cannot be resolved to a URL" };
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    return { ok: false, reason: `has the scheme "${parsed.protocol.slice(0, 40)}"; only http and https can be prefetched` };
  }
  if (parsed.username !== "" || parsed.password !== "") return { ok: false, reason: "carries a user name or password before the host" };
  parsed.hash = "";
  if (inheritQuery && base !== null && parsed.search === "" && parsed.origin === base.origin) parsed.search = base.search;
  return { ok: true, url: parsed.href, host: parsed.hostname };
}
