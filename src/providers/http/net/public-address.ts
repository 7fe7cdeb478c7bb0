/**
 * Classifies IP addresses. `ipaddr.js` implements IANA's special-purpose registries (RFC 6890,
 * https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry); this file adds two gaps.
 */

import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

export type AddressKind = "public" | "loopback" | "not_public";

/**
 * IANA assigns IPv6 unicast from this block only (https://www.iana.org/assignments/ipv6-address-space). `ipaddr.js` also calls
 * unnamed blocks unicast, e.g. `::127.0.0.1`, the deprecated IPv4-compatible form.
 */
const ASSIGNED_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/**
 * Azure's host agent answers every guest at this address, which looks public
 * (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
 */
const AZURE_HOST = "168.63.129.16";

/** Reads strict spellings only: `0177.0.0.1`, `127.1` and addresses with a zone, e.g. `fe80::1%eth0`, are not public. */
export function kindOf(address: string): AddressKind {
  if (isIP(address) === 0 || address.includes("%")) return "not_public";
  // process() turns ::ffff:127.0.0.1 into 127.0.0.1, as the system does when it dials; parse() would not.
  const read = ipaddr.process(address);
  const range = read.range();
  if (range === "loopback") return "loopback";
  if (range !== "unicast" || read.toString() === AZURE_HOST) return "not_public";
  return read.kind() === "ipv4" || read.match(ASSIGNED_UNICAST) ? "public" : "not_public";
}

/** True if both texts are spellings of one address. A text that is not an address equals nothing. */
export function isSame(a: string, b: string): boolean {
  return isIP(a) !== 0 && isIP(b) !== 0 && ipaddr.process(a).toString() === ipaddr.process(b).toString();
}
