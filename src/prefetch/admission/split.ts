/** Splits a list into vendor requests. Pure. */

import type { Provider } from "../model/provider.ts";
import { lowerBound } from "../model/quota.ts";
import { hostOf } from "../model/url.ts";
import type { Candidate } from "./parse-urls.ts";

/** URLs of one request that a vendor has told for an account, where that is less than it documents. */
export type MostUrls = (provider: Provider) => number | undefined;

/**
 * One element per vendor request, within the provider's `urlsPerRequest` and `bytesPerRequest`. Each request holds URLs of
 * one host, so that a host which the vendor refuses takes no URLs of other hosts down with it. An asset travels alone.
 * Hosts take turns, because a vendor may want the requests of one host apart.
 */
export function split(candidates: readonly Candidate[], mostUrls: MostUrls = () => undefined): Candidate[][] {
  const groups = Map.groupBy(candidates, ({ kind, provider, target }) =>
    kind === "asset" ? `${provider.id} (assets)` : `${provider.id} ${hostOf(target)}`,
  );
  const requests = [...groups.values()].map((group) =>
    group[0]?.kind === "asset" ? group.map((asset) => [asset]) : chunks(group, mostUrls),
  );
  return roundRobin(requests);
}

/** The first element of each list, then the second of each, and so on. */
function roundRobin<Element>(lists: readonly (readonly Element[])[]): Element[] {
  const rounds = Math.max(0, ...lists.map((list) => list.length));
  const merged: Element[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const list of lists) merged.push(...list.slice(round, round + 1));
  }
  return merged;
}

function chunks(group: readonly Candidate[], mostUrls: MostUrls): Candidate[][] {
  const requests: Candidate[][] = [];
  let current: Candidate[] = [];
  let bytes = 0;
  for (const candidate of group) {
    const { urlsPerRequest, bytesPerRequest, bytesOf } = candidate.provider.limits;
    const most = lowerBound(urlsPerRequest, mostUrls(candidate.provider)) ?? urlsPerRequest;
    const size = bytesOf(candidate.target);
    if (current.length > 0 && (current.length >= most || bytes + size > bytesPerRequest)) {
      requests.push(current);
      current = [];
      bytes = 0;
    }
    current.push(candidate);
    bytes += size;
  }
  if (current.length > 0) requests.push(current);
  return requests;
}
