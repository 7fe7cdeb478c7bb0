/** Decides to which hosts, ports and addresses this server may connect. */

import { isIP } from "node:net";
import type { buildConnector } from "undici";
import { hostAllowed } from "../../../prefetch/model/url.ts";
import { noAnswer } from "./connect-failure.ts";
import { type AddressKind, kindOf } from "./public-address.ts";
import { LISTED_ONLY, PUBLIC_ONLY, refuse } from "./refusal.ts";

/** An edge that is dialled instead of the host's own addresses, as with `curl --connect-to`. URL, `Host` and SNI stay. */
export interface Pop {
  readonly name: string;
  readonly address: string;
  /** Replaces the URL's port. */
  readonly port?: number | undefined;
}

export interface TargetRuleOptions {
  /** Host names or `*.` patterns, as in `parseUrl`; `undefined` allows every host with public addresses. */
  readonly allowedDomains?: readonly string[] | undefined;
  /** Open ports besides 80 and 443. */
  readonly ports?: readonly number[] | undefined;
  /** Opens this machine's loopback addresses on every port, for the sandbox and tests. */
  readonly allowLoopback?: boolean | undefined;
}

/** Both methods throw a `PrefetchError`. */
export interface TargetRules {
  /** Checks everything that needs no lookup. */
  checkTarget(target: Target): void;
  /** Checks the addresses that are about to be dialled. One private address rejects all: an honest name has none. */
  checkAddresses(addresses: readonly string[], target: Target, pop?: Pop): void;
}

/** The host name has no brackets. The port is empty if it is the scheme's default. */
export type Target = Pick<buildConnector.Options, "protocol" | "hostname" | "port">;

export function createTargetRules({ allowedDomains, ports = [], allowLoopback = false }: TargetRuleOptions): TargetRules {
  const openPorts = new Set([80, 443, ...ports]);
  const barred = (address: string): boolean => !isDialable(kindOf(address), allowLoopback);

  const checkAddresses = (addresses: readonly string[], target: Target, pop?: Pop): void => {
    if (addresses.length === 0) throw noAnswer(target.hostname, "the name has no address");
    const offender = addresses.find(barred);
    if (offender !== undefined) throw refuse(`${subjectOf(offender, target, pop)} is not a public address`, PUBLIC_ONLY);
    if (addresses.every((address) => kindOf(address) === "loopback")) return;
    requireOpenPort(target, openPorts);
    requireOpenPopPort(pop, openPorts);
  };

  const checkTarget = (target: Target): void => {
    requireHttp(target);
    requireListedHost(target, allowedDomains);
    if (!allowLoopback) {
      refuseLocalhost(target);
      requireOpenPort(target, openPorts);
    }
    if (isIP(target.hostname) !== 0) checkAddresses([target.hostname], target);
  };

  return { checkAddresses, checkTarget };
}

function isDialable(kind: AddressKind, allowLoopback: boolean): boolean {
  return kind === "public" || (kind === "loopback" && allowLoopback);
}

function subjectOf(address: string, { hostname }: Target, pop: Pop | undefined): string {
  if (pop) return `PoP ${pop.name} is pinned to ${address}, which`;
  return address === hostname ? address : `${hostname} resolves to ${address}, which`;
}

function requireHttp({ protocol, hostname }: Target): void {
  if (protocol === "http:" || protocol === "https:") return;
  throw refuse(`The URL of ${hostname} has the scheme "${protocol}"`, "Use http or https.");
}

function requireListedHost({ hostname }: Target, allowedDomains: readonly string[] | undefined): void {
  if (!allowedDomains || hostAllowed(isIP(hostname) === 6 ? `[${hostname}]` : hostname, allowedDomains)) return;
  throw refuse(`PREFETCH_ALLOWED_DOMAINS does not list ${hostname}`, LISTED_ONLY);
}

/** RFC 6761, section 6.3: these names mean this machine, whatever a resolver answers. */
function refuseLocalhost({ hostname }: Target): void {
  if (/(^|\.)localhost\.?$/i.test(hostname)) throw refuse(`${hostname} is this machine, not a public address`, PUBLIC_ONLY);
}

function requireOpenPort({ protocol, hostname, port }: Target, openPorts: ReadonlySet<number>): void {
  const number = port === "" ? defaultPortOf(protocol) : Number(port);
  if (!openPorts.has(number)) throw refuse(`Port ${port} of ${hostname} is not an open port`, portHint(openPorts));
}

function requireOpenPopPort(pop: Pop | undefined, openPorts: ReadonlySet<number>): void {
  if (pop?.port === undefined || openPorts.has(pop.port)) return;
  throw refuse(`PoP ${pop.name} is pinned to port ${pop.port}, which is not an open port`, portHint(openPorts));
}

function defaultPortOf(protocol: string): number {
  return protocol === "https:" ? 443 : 80;
}

function portHint(openPorts: ReadonlySet<number>): string {
  return `Open ports are ${[...openPorts].join(", ")}; PREFETCH_HTTP_OPEN_PORTS opens more.`;
}
