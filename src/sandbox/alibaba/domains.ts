/** The accelerated domains of the emulated account and their states. */

import { AcsError } from "./answer.ts";

/** A state other than "in service". */
export type DomainState = "offline" | "configuring" | "failed" | "illegal";

const refusals: Readonly<Record<DomainState, readonly [status: number, code: string, message: string]>> = {
  illegal: [403, "IllegalOperation", "Illegal domain operate is not permitted."],
  offline: [404, "InvalidDomain.Offline", "The domain provided is offline."],
  configuring: [403, "ServiceBusy", "The domain is being configured, please try again later."],
  failed: [500, "InvalidDomain.Configure_failed", "Failed to configure the provided domain."],
};

/** Returns a check that throws an `AcsError` for a domain that cannot be prefetched. */
export function createDomainCheck(domains: readonly string[], states: Readonly<Record<string, DomainState>>): (domain: string) => void {
  const unknown = Object.keys(states).find((domain) => !domains.includes(domain));
  if (unknown !== undefined) throw new RangeError(`domainStates names ${unknown}, which is missing from domains. Add it there.`);
  return (domain) => {
    if (domain.includes("*")) throw new AcsError(400, "InvalidExtensiveDomain.ValueNotSupported", "Extensive domain not supported.");
    if (!domains.includes(domain)) throw new AcsError(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.");
    const state = Object.hasOwn(states, domain) ? states[domain] : undefined;
    if (state) throw new AcsError(...refusals[state]);
  };
}
