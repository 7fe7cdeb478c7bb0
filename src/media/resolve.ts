/** Resolves a URI reference of a manifest to the URL that a player requests. */

/** Every vendor refuses longer URLs. A larger value only spends memory; a smaller one refuses URLs with long tokens. */
const LONGEST_URI_CHARACTERS = 65_536;
const LONGEST_SHOWN_SCHEME_CHARACTERS = 40;

export type Resolved = { readonly ok: true; readonly url: string; readonly host: string } | { readonly ok: false; readonly reason: string };

/**
 * `base` is the manifest's URL after redirects (RFC 3986, section 5.1.3); `null` accepts absolute URLs only.
 *
 * With `inheritQuery`, a reference without a query gets the manifest's query, but only on the manifest's own origin:
 * the query may be an access token.
 */
export function resolveUri(uri: string, base: URL | null, inheritQuery = false): Resolved {
  if (uri.length > LONGEST_URI_CHARACTERS) return { ok: false, reason: `has ${uri.length.toLocaleString("en")} characters` };
  const parsed = base === null ? URL.parse(uri) : URL.parse(uri, base.href);
  if (parsed === null) return { ok: false, reason: "cannot be resolved to a URL" };
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    const scheme = parsed.protocol.slice(0, LONGEST_SHOWN_SCHEME_CHARACTERS);
    return { ok: false, reason: `has the scheme "${scheme}"; only http and https can be prefetched` };
  }
  if (parsed.username !== "" || parsed.password !== "") return { ok: false, reason: "carries a user name or password before the host" };
  parsed.hash = "";
  if (inheritQuery && base !== null && parsed.search === "" && parsed.origin === base.origin) parsed.search = base.search;
  return { ok: true, url: parsed.href, host: parsed.hostname };
}
