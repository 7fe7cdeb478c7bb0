/** Cuts a list into vendor requests. Pure. */

import type { Candidate } from "./parse-urls.ts";

/**
 * Cuts a list into vendor requests. URLs of one host travel together, so that a host which the vendor refuses
 * takes no other host's URLs down with it; an asset always travels alone. Hosts take turns, because a vendor may want
 * the requests of one host apart.
 */
export function split(candidates: readonly Candidate[]): Candidate[][] {
  const groups = Map.groupBy(candidates, ({ kind, provider, target }) =>
    kind === "asset" ? `${provider.id} (assets)` : `${provider.id} ${new URL(target).host}`,
  );
  const cut = [...groups.values()].map((group) => (group[0]?.kind === "asset" ? group.map((asset) => [asset]) : chunks(group)));
  const rounds = Math.max(0, ...cut.map((batches) => batches.length));
  return Array.from({ length: rounds }, (_, round) => cut.flatMap((batches) => batches.slice(round, round + 1))).flat();
}

function chunks(group: readonly Candidate[]): Candidate[][] {
  const batches: Candidate[][] = [];
  let current: Candidate[] = [];
  let bytes = 0;
  for (const candidate of group) {
    const { urlsPerRequest, bytesPerRequest, bytesOf } = candidate.provider.limits;
    const size = bytesOf(candidate.target);
    if (current.length > 0 && (current.length >= urlsPerRequest || bytes + size > bytesPerRequest)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(candidate);
    bytes += size;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
