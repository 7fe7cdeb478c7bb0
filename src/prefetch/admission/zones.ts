/** Zones: which zone of a vendor serves a URL, and so whose quota it takes. */

import { asPrefetchError, explain } from "../../base/errors.ts";
import { type Provider, type ServedHost, spendersOf } from "../model/provider.ts";
import { hostMatches, hostnameOf } from "../model/url.ts";
import type { Candidate, ParsedUrls, RejectedInput } from "./parse-urls.ts";

/** Reads which hosts a provider serves, and in which zones. */
export type HostsOf = (provider: Provider, signal: AbortSignal) => Promise<readonly ServedHost[]>;

type Placed = { readonly provider: Provider } | Pick<RejectedInput, "code" | "reason">;
type Place = (host: string) => Placed;

/** Replaces each provider with zones by the zone that serves the URL. A URL of a host without a zone is rejected. */
export async function inZones(parsed: ParsedUrls, hostsOf: HostsOf, signal: AbortSignal): Promise<ParsedUrls> {
  const zoned = new Set(parsed.candidates.flatMap(({ provider }) => (provider.zone ? [provider] : [])));
  if (zoned.size === 0) return parsed;
  const places = new Map<Provider, Place>();
  for (const provider of zoned) places.set(provider, await placesOf(provider, hostsOf, signal));
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  for (const candidate of parsed.candidates) {
    const placed = places.get(candidate.provider)?.(hostnameOf(candidate.target)) ?? candidate;
    if ("provider" in placed) candidates.push({ ...candidate, provider: placed.provider });
    else rejected.push({ kind: candidate.kind, target: candidate.target, position: candidate.position, ...placed });
  }
  return { ...parsed, candidates, rejected: [...parsed.rejected, ...rejected] };
}

/** The provider, or for one with zones each of them, with their refreshes. */
export async function allSpendersOf(provider: Provider, hostsOf: HostsOf, signal: AbortSignal): Promise<Provider[]> {
  const { zone } = provider;
  if (!zone) return spendersOf(provider);
  const ids = new Set((await hostsOf(provider, signal)).flatMap((host) => host.zone ?? []));
  return [...ids].flatMap((id) => spendersOf(zone(id)));
}

/** One vendor that cannot be asked refuses its own URLs only. */
async function placesOf(provider: Provider, hostsOf: HostsOf, signal: AbortSignal): Promise<Place> {
  try {
    const hosts = await hostsOf(provider, signal);
    return (host) => placeIn(provider, hosts, host);
  } catch (error) {
    signal.throwIfAborted();
    const problem = asPrefetchError(error);
    const reason = `The zone of this host could not be looked up, so nothing was sent. ${explain(problem)}`;
    return () => ({ code: problem.code, reason });
  }
}

function placeIn(provider: Provider, hosts: readonly ServedHost[], host: string): Placed {
  const served = hosts.find(({ pattern, zone }) => zone !== undefined && hostMatches(host, pattern));
  if (served?.zone !== undefined && provider.zone) return { provider: provider.zone(served.zone) };
  const setting = `PREFETCH_${provider.id.toUpperCase().replaceAll("-", "_")}_HOSTS`;
  return { code: "forbidden_domain", reason: `The URL is on ${host}, which is in no known zone of ${provider.id}. Add it to ${setting}.` };
}
