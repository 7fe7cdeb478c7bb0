/** Which hosts, ports and addresses may be connected to. */

import { isIP } from "node:net";
import type { buildConnector } from "undici";
import { hostAllowed } from "../../../prefetch/model/url.ts";
import { kindOf } from "./public-address.ts";
import { LISTED_ONLY, noAnswer, PUBLIC_ONLY, refuse } from "./refusal.ts";

/** An edge to dial instead of those that DNS names, as with `curl --connect-to`: URL, Host, SNI and certificate check stay. */
export interface Pop {
  readonly name: string;
  readonly address: string;
  /** Dialled instead of the URL's. */
  readonly port?: number | undefined;
}

export interface TargetRules {
  /** As of `parseUrl`: names or `*.` patterns; `undefined` allows every host with public addresses. */
  readonly allowedDomains?: readonly string[] | undefined;
  /** Besides 80 and 443. */
  readonly ports?: readonly number[] | undefined;
  /** Opens this machine's loopback, on every port, and nothing else. For the sandbox and tests; never guessed from the environment. */
  readonly allowLoopback?: boolean | undefined;
}

/** Both throw `PrefetchError`. */
export interface TargetChecks {
  /** All that can be told before a name is looked up. */
  checkTarget(target: Target): void;
  /** The addresses that are about to be dialled for it. One that is not public spoils them all: an honest name has none. */
  checkAddresses(addresses: readonly string[], target: Target, pop?: Pop): void;
}

/** Host names without brackets; a port is empty where it is that of the scheme. */
type Target = Pick<buildConnector.Options, "protocol" | "hostname" | "port">;

export function rulesOf({ allowedDomains, ports = [], allowLoopback = false }: TargetRules): TargetChecks {
  const open = new Set([80, 443, ...ports]);
  const isOpen = ({ protocol, port }: Target) => open.has(port === "" ? (protocol === "https:" ? 443 : 80) : Number(port));
  const openPorts = `Open ports are ${[...open].join(", ")}.`;
  const closed = ({ hostname, port }: Target) => refuse(`${hostname} is asked for at port ${port}, which is not open`, openPorts);

  const checkAddresses = (addresses: readonly string[], target: Target, pop?: Pop): void => {
    const { hostname } = target;
    if (addresses.length === 0) throw noAnswer(hostname, "the name has no address");
    for (const address of addresses) {
      const kind = kindOf(address);
      if (kind === "public" || (kind === "loopback" && allowLoopback)) continue;
      const what = pop
        ? `PoP ${pop.name} is pinned to ${address}, which`
        : address === hostname
          ? address
          : `${hostname} resolves to ${address}, which`;
      throw refuse(`${what} is not a public address`, PUBLIC_ONLY);
    }
    if (addresses.every((address) => kindOf(address) === "loopback")) return;
    if (!isOpen(target)) throw closed(target);
    if (pop?.port !== undefined && !open.has(pop.port))
      throw refuse(`PoP ${pop.name} is pinned to port ${pop.port}, which is not open`, openPorts);
  };

  const checkTarget = (target: Target): void => {
    const { protocol, hostname } = target;
    if (protocol !== "http:" && protocol !== "https:") throw refuse(`${hostname} is asked for by ${protocol}`, "Use http or https.");
    if (allowedDomains && !hostAllowed(isIP(hostname) === 6 ? `[${hostname}]` : hostname, allowedDomains)) {
      throw refuse(`${hostname} is a host that PREFETCH_ALLOWED_DOMAINS does not list`, LISTED_ONLY);
    }
    // Always this machine (RFC 6761, 6.3), whatever a resolver makes of it.
    if (!allowLoopback && /(^|\.)localhost\.?$/i.test(hostname))
      throw refuse(`${hostname} is this machine, not a public address`, PUBLIC_ONLY);
    if (!allowLoopback && !isOpen(target)) throw closed(target);
    if (isIP(hostname) !== 0) checkAddresses([hostname], target);
  };

  return { checkAddresses, checkTarget };
}
