/** The accelerated domains of the emulated account and their states. */

import { AcsError, type Reply } from "./answer.ts";
import { type Params, wholeNumber } from "./params.ts";

/** A state other than "in service". */
export type DomainState = "offline" | "configuring" | "failed" | "illegal";

const refusals: Readonly<Record<DomainState, readonly [status: number, code: string, message: string]>> = {
  illegal: [403, "IllegalOperation", "Illegal domain operate is not permitted."],
  offline: [404, "InvalidDomain.Offline", "The domain provided is offline."],
  configuring: [403, "ServiceBusy", "The domain is being configured, please try again later."],
  failed: [500, "InvalidDomain.Configure_failed", "Failed to configure the provided domain."],
};

/** The vendor's words for the states in its list. An illegal domain has failed the vendor's review. */
const words: Readonly<Record<DomainState, string>> = {
  illegal: "check_failed",
  offline: "offline",
  configuring: "configuring",
  failed: "configure_failed",
};

/**
 * The call that lists the domains, such as `DescribeUserDomains`.
 * Source: https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describeuserdomains
 */
export function createDomainList(
  domains: readonly string[],
  states: Readonly<Record<string, DomainState>>,
  largestPage: number,
): (params: Params) => Reply {
  return (params) => {
    const size = wholeNumber(params, "PageSize", 20, largestPage);
    const number = wholeNumber(params, "PageNumber", 1, 100_000);
    const rows = domains.slice((number - 1) * size, number * size).map((domain) => {
      const state = Object.hasOwn(states, domain) ? states[domain] : undefined;
      return { DomainName: domain, Cname: `${domain}.w.example.com`, DomainStatus: state ? words[state] : "online" };
    });
    return { body: { PageNumber: number, PageSize: size, TotalCount: domains.length, Domains: { PageData: rows } } };
  };
}

/** Returns a check that throws an `AcsError` for a domain that cannot be prefetched. */
export function createDomainCheck(domains: readonly string[], states: Readonly<Record<string, DomainState>>): (domain: string) => void {
  const unknown = Object.keys(states).find((domain) => !domains.includes(domain));
  if (unknown !== undefined) throw new RangeError(`domainStates names ${unknown}, which is missing from domains. Add it there.`);
  return (domain) => {
    if (domain.includes("*")) throw new AcsError(400, "InvalidExtensiveDomain.ValueNotSupported", "Extensive domain not supported.");
    // The vendor writes a wildcard domain as `.example.com`.
    if (!domains.some((own) => own === domain || (own.startsWith(".") && domain.endsWith(own))))
      throw new AcsError(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.");
    const state = Object.hasOwn(states, domain) ? states[domain] : undefined;
    if (state) throw new AcsError(...refusals[state]);
  };
}
