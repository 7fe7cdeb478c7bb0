/** Recognises the CDN that serves a host, by the headers of an answer or by the host's CNAME chain. */

import type { Cdn } from "../../../prefetch/model/edge.ts";
import { type Detection, detectByCname, detectByHeaders } from "../cache/detect.ts";
import type { HeaderLines } from "../cache/headers.ts";
import { type VendorId, vendorOf } from "../cache/vendors.ts";
import type { CnameChain } from "./cname.ts";

export interface Recognised {
  readonly cdn: Cdn;
  readonly vendor: VendorId;
}

/** `undefined` if neither names a CDN. */
export async function recognise(headers: HeaderLines, host: string, chain: CnameChain): Promise<Recognised | undefined> {
  const byHeaders = detectByHeaders(headers);
  if (byHeaders) return recognised(byHeaders, "headers");
  const byCname = detectByCname(await chain(host));
  return byCname && recognised(byCname, "cname");
}

function recognised({ vendor, confidence, provider }: Detection, by: Cdn["by"]): Recognised {
  return { vendor, cdn: { id: vendor, name: vendorOf(vendor)?.name ?? vendor, confidence, by, provider } };
}
