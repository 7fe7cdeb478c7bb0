/**
 * Request headers that the operator sets for single sites, such as a cookie. They go to the site that they are set for and to no
 * other one: each hop of a redirect gets the headers of its own URL.
 */

import { hostMatches } from "../../../prefetch/model/url.ts";
import { headersFor } from "./redirect.ts";

type Headers = Readonly<Record<string, string>>;

export interface SiteHeaders {
  readonly site: Site;
  /** Names in lower case. */
  readonly headers: Headers;
}

interface Site {
  readonly protocol: "https:" | "http:";
  /** A host name or a `*.` pattern. */
  readonly host: string;
  /** Empty for the scheme's default. */
  readonly port: string;
}

/**
 * Examples: `cdn.example.com` (https), `*.example.com:8443`, `http://origin.example.com`. Plain HTTP must be named, because
 * anyone on the way can read what it carries. `undefined` for any other form.
 */
export function parseSite(text: string): Site | undefined {
  const [, scheme = "https://", wildcard = "", authority] = /^(https?:\/\/)?(\*\.)?([^\s/?#@*\\]{1,260})$/i.exec(text) ?? [];
  const url = authority === undefined ? null : URL.parse(`${scheme}${authority}`);
  if (!url || url.hostname === "" || url.pathname !== "/") return undefined;
  return { protocol: url.protocol === "http:" ? "http:" : "https:", host: `${wildcard}${url.hostname}`, port: url.port };
}

/** The headers of the first entry for the URL's scheme, host and port. */
function headersOfSite({ protocol, hostname, port }: URL, entries: readonly SiteHeaders[]): Headers {
  const found = entries.find(({ site }) => site.protocol === protocol && site.port === port && hostMatches(hostname, site.host));
  return found?.headers ?? {};
}

/** The headers of a request for `url`, reached by redirects from `requested`. `headers` are those for every site. */
export type HeaderRule = (url: URL, requested: URL, headers: Headers) => Headers;

export function headerRule(entries: readonly SiteHeaders[] = []): HeaderRule {
  return (url, requested, headers) => ({ ...headersFor(url, requested, headers), ...headersOfSite(url, entries) });
}
