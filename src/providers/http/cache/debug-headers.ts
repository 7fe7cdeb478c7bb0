/** Request headers that make a CDN reveal more about its cache. */

import { type VendorId, vendorOf } from "./vendors.ts";

/** Empty for most vendors, which describe their cache without a debug header. */
export function debugHeadersFor(vendor: VendorId | undefined): Readonly<Record<string, string>> {
  return vendorOf(vendor)?.debugHeaders ?? {};
}
