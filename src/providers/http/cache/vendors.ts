/**
 * The vendors whose caches can be read, as data: how to recognise each, where its state stands, and where its PoP does.
 * The order counts only where a response carries the marks of several vendors and nothing else tells which is outermost.
 */

import type { Vendor, VendorId } from "./vendor.ts";
import { chineseVendors } from "./vendors-chinese.ts";
import { westernVendors } from "./vendors-western.ts";

export const vendors: readonly Vendor[] = [...westernVendors, ...chineseVendors];

const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]));

export function vendorOf(id: VendorId | undefined): Vendor | undefined {
  return id === undefined ? undefined : byId.get(id);
}
