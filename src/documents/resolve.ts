/** Resolves a URI reference of a document to the URL that its readers request. */

/**
 * CDNs and vendors refuse longer URLs (nginx reads 8 KiB of a request line). A larger value only spends memory and time; a
 * smaller one refuses URLs with long tokens.
 */
export const LONGEST_URL = 8_192;
const LONGEST_SHOWN_SCHEME_CHARACTERS = 40;

export type Resolved = { readonly ok: true; readonly url: string; readonly host: string } | { readonly ok: false; readonly reason: string };

/** `base` is the document's URL after redirects (RFC 3986, section 5.1.3); `null` accepts absolute URLs only. */
export function resolveUri(uri: string, base: URL | null): Resolved {
  if (uri.length > LONGEST_URL) return refuse(tooLong(uri.length));
  // Bytes that are not in the encoding of the text. A client would request another URL than the origin serves.
  if (uri.includes("\uFFFD")) return refuse("has characters that are not in the encoding of the document");
  const parsed = base === null ? URL.parse(uri) : URL.parse(uri, base.href);
  return parsed === null ? refuse("cannot be resolved to a URL") : checked(parsed);
}

function checked(parsed: URL): Resolved {
  if (parsed.protocol === "data:") return refuse("holds its data in itself (data:), so there is nothing to warm");
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    const scheme = parsed.protocol.slice(0, LONGEST_SHOWN_SCHEME_CHARACTERS);
    return refuse(`has the scheme "${scheme}"; only http and https can be prefetched`);
  }
  if (parsed.username !== "" || parsed.password !== "") return refuse("carries a user name or password before the host");
  if (parsed.href.includes("#")) parsed.hash = "";
  const url = parsed.href;
  return url.length > LONGEST_URL ? refuse(tooLong(url.length)) : { ok: true, url, host: parsed.hostname };
}

function refuse(reason: string): Resolved {
  return { ok: false, reason };
}

export function tooLong(length: number): string {
  return `has ${length.toLocaleString("en")} characters; the limit is ${LONGEST_URL.toLocaleString("en")}`;
}

/** The length of the texts together. To join them first could need more memory than a thread has, which ends the process. */
export function charactersOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}
