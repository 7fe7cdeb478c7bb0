/** `Provider.hosts` from a vendor's list of domains: pages of names in, patterns out. */

import { PrefetchError } from "../../base/errors.ts";
import type { ServedHost } from "../../prefetch/model/provider.ts";
import type { Vendor } from "./vendor-failure.ts";

/** A domain in the vendor's spelling: `cdn.example.com`, `.example.com` or `*.example.com`. */
export interface Domain {
  readonly name: string;
  readonly active?: boolean | undefined;
  readonly zone?: string | undefined;
}

export interface DomainPage {
  readonly domains: readonly Domain[];
  /** The vendor's count over all pages, where it tells. */
  readonly total: number | undefined;
}

/** Larger: a list that never ends costs more requests. Smaller: an account of 10,000 domains in pages of 50 has no list. */
const MOST_PAGES = 250;

/**
 * Reads pages from number 1 on. A page of `pageRows` domains without a total means that there are more. Throws when the list does
 * not end, because a host that is missing in a part of a list may be in the rest.
 */
export async function readServedHosts(
  vendor: Pick<Vendor, "provider" | "name">,
  pageRows: number,
  readPage: (number: number) => Promise<DomainPage>,
): Promise<ServedHost[]> {
  const hosts = new Map<string, ServedHost>();
  let rows = 0;
  for (let number = 1; number <= MOST_PAGES; number += 1) {
    const { domains, total } = await readPage(number);
    const before = hosts.size;
    for (const domain of domains) addTo(hosts, domain);
    rows += domains.length;
    if (domains.length === 0 || (total === undefined ? domains.length < pageRows : rows >= total)) return [...hosts.values()];
    // A vendor that repeats its first page for ever.
    if (hosts.size === before) break;
  }
  throw new PrefetchError("vendor_unavailable", `${vendor.name} gives a list of domains that does not end`, {
    provider: vendor.provider,
    delivery: "refused",
    hint: `Name the provider of each host in PREFETCH_ROUTES, such as cdn.example.com=${vendor.provider}.`,
  });
}

/** A name that no URL can have is left out. A domain that is listed twice is active when one of the rows is. */
function addTo(hosts: Map<string, ServedHost>, { name, active, zone }: Domain): void {
  const pattern = patternOf(name);
  if (pattern === undefined || (hosts.has(pattern) && active === false)) return;
  hosts.set(pattern, { pattern, ...(active !== undefined && { active }), ...(zone !== undefined && { zone }) });
}

/** `.Example.com` becomes `*.example.com`, `bücher.example` becomes `xn--bcher-kva.example`. */
export function patternOf(name: string): string | undefined {
  const [, wildcard, host] = /^(\*?\.)?([^\s/?#@:\\*]+)$/.exec(name.trim()) ?? [];
  const hostname = host === undefined ? undefined : URL.parse(`https://${host}`)?.hostname;
  return hostname && `${wildcard === undefined ? "" : "*."}${hostname}`;
}
