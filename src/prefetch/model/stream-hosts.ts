/** The hosts that one stream may lead to. A manifest is foreign text, and must not point this server at hosts of its choice. */

import { hostAllowed } from "./url.ts";

export interface HostRules {
  /** Host names or `*.` patterns; `undefined` allows every host, up to `most` of them. */
  readonly allowed: readonly string[] | undefined;
  readonly most: number;
}

/** Returns the reason why a stream must not lead to a host; `undefined` when it may. The stream's own host is the first. */
export type RefuseHost = (hostname: string) => string | undefined;

export function createRefuseHost({ allowed, most }: HostRules): RefuseHost {
  const known = new Set<string>();
  return (hostname) => {
    if (allowed) {
      return hostAllowed(hostname, allowed) ? undefined : `It is on ${hostname}, which is not among the hosts that may be warmed`;
    }
    if (known.size < most) known.add(hostname);
    if (known.has(hostname)) return undefined;
    return `A stream may lead to ${most} hosts, and ${hostname} is one more: pass the URL itself to warm it`;
  };
}
