/** Proves credentials by a look-up of an id that nothing has: the call reads only, and costs nothing. */

import { PrefetchError } from "../../base/errors.ts";
import type { Vendor } from "./vendor-failure.ts";

/**
 * Resolves when the vendor itself answers the look-up, also by its code for "there is none". A 404 without such a code may come
 * from any web server, so it proves nothing.
 */
export async function provesLogin({ provider, name }: Vendor, lookUp: Promise<unknown>): Promise<void> {
  try {
    await lookUp;
  } catch (error) {
    if (!(error instanceof PrefetchError) || error.code !== "not_found") throw error;
    if (error.vendorCode !== undefined) return;
    throw new PrefetchError("vendor_unavailable", `The answer to the check of the credentials has no code of ${name}`, {
      provider,
      delivery: "refused",
      hint: "Another server may have answered. Check the endpoint and any proxy on the way to the vendor.",
      cause: error,
    });
  }
}
