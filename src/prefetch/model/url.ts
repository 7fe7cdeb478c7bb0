/** One spelling per URL, for sending, storing, comparing and showing. Pure. */

/** Longer input is refused unparsed: parsing takes time, and no vendor accepts more than about 10 KiB. */
const LONGEST_PARSED = 65_536;

/** A longer suggestion fills the answer; a shorter one hides what differs. */
const LONGEST_SUGGESTION = 200;

export type ParsedUrl =
  | {
      readonly ok: true;
      readonly url: string;
      readonly hostname: string;
      /** The given spelling, if it differs from `url`. */
      readonly given: string | undefined;
    }
  | { readonly ok: false; readonly reason: string; readonly forbidden: boolean };

export interface UrlRules {
  /** Characters of the percent-encoded URL. */
  readonly maxLength: number;
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains?: readonly string[] | undefined;
}

/**
 * Parses one URL as WHATWG does: scheme and host in lower case, no default port, no fragment, dot segments resolved, path
 * case kept, blanks and non-ASCII percent-encoded once. Every percent sign stays as it is: `/a%2fb` and `/a%2Fb` are two
 * URLs, and so are `/100%` and `/100%25`, because caches may tell them apart and players ask for them as they are written.
 */
export function parseUrl(input: unknown, rules: UrlRules): ParsedUrl {
  if (typeof input !== "string") return refuse(`is ${article(input)}, not a string`);
  const text = input.trim();
  if (text === "") return refuse("is empty");
  if (text.length > LONGEST_PARSED) return refuse(tooLong(text.length, rules.maxLength));
  // WHATWG drops line breaks and tabs silently, which would join two pasted URLs into one.
  if (/[\n\r\t]/.test(text)) return refuse("contains a line break or tab; put each URL into its own list entry");

  const parsed = URL.parse(text);
  if (parsed === null) return refuse("is not an absolute URL such as https://media.example.com/a.mp4");
  const mistake = mistakeIn(text, parsed);
  if (mistake !== undefined) return refuse(mistake);
  parsed.hash = "";
  const url = parsed.href;
  if (url.length > rules.maxLength) return refuse(tooLong(url.length, rules.maxLength));
  if (rules.allowedDomains && !hostAllowed(parsed.hostname, rules.allowedDomains)) {
    return { ...refuse(`is on ${parsed.hostname}, which PREFETCH_ALLOWED_DOMAINS does not list`), forbidden: true };
  }
  return { ok: true, url, hostname: parsed.hostname, given: text === url ? undefined : text };
}

function mistakeIn(text: string, parsed: URL): string | undefined {
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    return `has the scheme "${parsed.protocol.slice(0, 40)}"; only http and https can be prefetched`;
  }
  // WHATWG takes the first word of `https:///a/b` for the host, which another host would then get.
  if (!/^[^a-z]*https?:\/\/[^/\\]/i.test(text)) {
    return `has no host after "${parsed.protocol}//"; if you mean ${withoutUser(parsed)}, write it so`;
  }
  const hasUser = parsed.username !== "" || parsed.password !== "";
  return hasUser ? "carries a user name or password before the host; remove it" : undefined;
}

/** Host and port of a URL in normal spelling. Parsing 10,000 long URLs again takes a tenth of a second. */
export function hostOf(url: string): string {
  const begin = url.indexOf("://") + 3;
  return url.slice(begin, url.indexOf("/", begin));
}

/** The host name of a URL in normal spelling, without its port. */
export function hostnameOf(url: string): string {
  return new URL(url).hostname;
}

export function hostAllowed(hostname: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => hostMatches(hostname, pattern));
}

/** `*.example.com` covers every host below example.com, `*` every host; a plain name covers itself only. */
export function hostMatches(hostname: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  if (wanted === "*") return true;
  return wanted.startsWith("*.") ? hostname.endsWith(wanted.slice(1)) : hostname === wanted;
}

function refuse(reason: string): Extract<ParsedUrl, { ok: false }> {
  return { ok: false, reason, forbidden: false };
}

function withoutUser({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${pathname}${search}`.slice(0, LONGEST_SUGGESTION);
}

/** The reason to refuse a URL of `length` characters. */
export function tooLong(length: number, limit: number): string {
  return `has ${length.toLocaleString("en")} characters when encoded; the limit is ${limit.toLocaleString("en")}`;
}

function article(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
