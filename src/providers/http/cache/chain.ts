/**
 * Several CDNs in a row. A cache stores an object together with the headers of the caches behind it, so on a hit of the outermost
 * cache the words of the inner caches are history: they describe the request that once filled it.
 */

import type { HeaderDetection } from "./detect.ts";
import type { HeaderLines } from "./headers.ts";
import type { Vendor } from "./vendor.ts";
import { readLookup } from "./vendors/tencent.ts";
import { type VendorId, vendorOf } from "./vendors.ts";
import { combineTiers, type Finding, isFetched, isServed, verdictOf } from "./verdict.ts";

/** The outermost word. `age` is the response's age, if it is above zero. */
export function readChain(
  headers: HeaderLines,
  vendor: Vendor,
  detected: Pick<HeaderDetection, "networks" | "rivals"> | undefined,
  age: { readonly from: string } | undefined,
): Finding | undefined {
  if (detected && detected.rivals.length > 0) return readRivals(headers, detected.rivals);
  const own = vendor.read?.(headers);
  if (vendor.resells === undefined) return own;
  // The texts of Tencent's lookup header are its own, also where a seller removes Tencent's other headers.
  const network = (detected && firstFinding(headers, detected.networks)) ?? readLookup(headers);
  if (network) return withSeller(network, own);
  // A network without a word of its own stands in front: only a cache sends `Age`, so the seller's miss is history.
  const isHistory = own && isFetched(own.verdict) && age;
  return isHistory ? { verdict: verdictOf("hit"), from: [age.from, ...own.from] } : own;
}

/** The network's caches are the edge, and the seller's caches stand behind them. */
function withSeller(network: Finding, seller: Finding | undefined): Finding {
  const from = [...network.from, ...(seller?.from ?? [])];
  if (isFetched(network.verdict) && seller && isServed(seller.verdict)) return { verdict: verdictOf("hit", "parent"), from };
  return { ...network, from };
}

/** No header tells which CDN is the outermost. If their words differ, a hit proves only that one of them had the object. */
function readRivals(headers: HeaderLines, rivals: readonly VendorId[]): Finding | undefined {
  const findings = rivals.flatMap((id) => vendorOf(id)?.read?.(headers) ?? []);
  const verdict = combineTiers(findings.map((finding) => finding.verdict));
  if (!verdict) return undefined;
  const [only] = findings;
  return findings.length === 1 && only ? only : { verdict, from: findings.flatMap(({ from }) => from) };
}

function firstFinding(headers: HeaderLines, ids: readonly VendorId[]): Finding | undefined {
  for (const id of ids) {
    const finding = vendorOf(id)?.read?.(headers);
    if (finding) return finding;
  }
  return undefined;
}
