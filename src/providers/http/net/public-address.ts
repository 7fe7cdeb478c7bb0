/**
 * What an address is. `ipaddr.js` knows the special-purpose registries of IANA (RFC 6890 and its successors:
 * https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry); what it leaves out is added here.
 */

import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

export type AddressKind = "public" | "loopback" | "not_public";

/**
 * The only IPv6 block that unicast is assigned from (https://www.iana.org/assignments/ipv6-address-space). Everything else,
 * such as `::127.0.0.1`, the deprecated IPv4-compatible form, is unicast merely because nobody has named it.
 */
const ASSIGNED_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/**
 * Azure's host reaches every guest from this public-looking address
 * (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
 */
const AZURE_HOST = "168.63.129.16";

/** Takes strict spellings only: `0177.0.0.1` and `127.1` are not addresses, and one with a zone is of a single link. */
export function kindOf(address: string): AddressKind {
  if (isIP(address) === 0 || address.includes("%")) return "not_public";
  // As opposed to parse(), process() reads ::ffff:127.0.0.1 as the IPv4 address that the system would dial.
  const read = ipaddr.process(address);
  const range = read.range();
  if (range === "loopback") return "loopback";
  if (range !== "unicast" || read.toString() === AZURE_HOST) return "not_public";
  return read.kind() === "ipv4" || read.match(ASSIGNED_UNICAST) ? "public" : "not_public";
}

/** Whether both are spellings of one address; whatever is none equals nothing. */
export function isSame(a: string, b: string): boolean {
  return isIP(a) !== 0 && isIP(b) !== 0 && ipaddr.process(a).toString() === ipaddr.process(b).toString();
}
