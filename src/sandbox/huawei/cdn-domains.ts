/** The acceleration domains of the emulated Huawei Cloud CDN. Source: https://support.huaweicloud.com/intl/en-us/api-cdn/ListDomains.html */

import { jsonAnswer } from "../server/json.ts";
import type { VendorAnswer } from "./answered.ts";
import { cdnError } from "./errors.ts";

export interface CdnDomains {
  /** The refusal of a request with these URLs. */
  refusalOf(urls: readonly string[]): VendorAnswer | undefined;
  list(url: URL): VendorAnswer;
}

const MOST_ROWS = 10_000;

/** For a URL of another account, and for an unknown task, too. Most refusals of this product have the status 200. */
export const foreign = () => cdnError(200, "CDN.0108", "The domain name is not the acceleration domain name of the current tenant.");

/** `domains`: hosts, and `*.example.com` for wildcard domains. `states`: those in another state than online. */
export function createCdnDomains(domains: readonly string[], states: Readonly<Record<string, string>>): CdnDomains {
  const stateOf = (domain: string): string => (Object.hasOwn(states, domain) ? states[domain] : undefined) ?? "online";
  const isOwn = (host: string): boolean => domains.some((own) => own === host || (own.startsWith("*.") && host.endsWith(own.slice(1))));

  return {
    refusalOf: (urls) => {
      const hosts = [...new Set(urls.map((url) => new URL(url).hostname))];
      if (!hosts.every(isOwn)) return foreign();
      if (hosts.every((host) => ["online", "configuring"].includes(stateOf(host)))) return undefined;
      return cdnError(200, "CDN.0145", "Only enabled domain names are supported.");
    },
    list: ({ searchParams }) => {
      const [size, number] = [Number(searchParams.get("page_size") ?? 30), Number(searchParams.get("page_number") ?? 1)];
      if (!(size >= 1 && size <= MOST_ROWS)) return cdnError(400, "CDN.0001", "The parameter page_size is missing or incorrect.");
      const rows = domains.slice((number - 1) * size, number * size).map((domain) => {
        return { domain_name: domain, business_type: "download", domain_status: stateOf(domain), disabled: 0, locked: 0 };
      });
      return jsonAnswer(200, { total: domains.length, domains: rows });
    },
  };
}
