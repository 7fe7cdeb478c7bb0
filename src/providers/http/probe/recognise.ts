/** Which CDN serves a host: by what its answer says, else by the names that lead to it. */

import type { Cdn } from "../../../prefetch/model/edge.ts";
import { type Detection, detectByCname, detectByHeaders } from "../cache/detect.ts";
import type { HeaderLines } from "../cache/headers.ts";
import { type VendorId, vendorOf } from "../cache/vendors.ts";
import type { CnameChain } from "./cname.ts";

export interface Recognised {
  readonly cdn: Cdn;
  readonly vendor: VendorId;
}

/** Headers that only hint at a vendor lose against a name that is surely one's. `undefined` where neither tells anything. */
export async function recognise(headers: HeaderLines, host: string, chain: CnameChain): Promise<Recognised | undefined> {
  const shown = detectByHeaders(headers);
  if (shown && shown.confidence !== "guess") return recognised(shown, "headers");
  const named = detectByCname(await chain(host));
  if (named) return recognised(named, "cname");
  return shown && recognised(shown, "headers");
}

function recognised({ vendor, confidence, provider }: Detection, by: Cdn["by"]): Recognised {
  return { vendor, cdn: { id: vendor, name: vendorOf(vendor)?.name ?? vendor, confidence, by, provider } };
}
