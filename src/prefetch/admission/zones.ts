/** Zones: which zone of a vendor serves a URL, and so whose quota it takes. */

import { explain } from "../../base/errors.ts";
import { type Provider, spendersOf } from "../model/provider.ts";
import { hostnameOf } from "../model/url.ts";
import { type HostLists, RENEW_MS, servedAs } from "./host-lists.ts";
import type { Candidate, ParsedUrls, RejectedInput } from "./parse-urls.ts";

type Placed = { readonly provider: Provider } | Pick<RejectedInput, "code" | "reason">;

/** Replaces each provider with zones by the zone that serves the URL. A URL of a host without a zone is rejected. */
export async function inZones(parsed: ParsedUrls, hostLists: HostLists, signal: AbortSignal): Promise<ParsedUrls> {
  const places = new Map<string, Placed>();
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  for (const candidate of parsed.candidates) {
    const { provider, kind, target, position } = candidate;
    const hostname = hostnameOf(target);
    const place = `${provider.id} ${hostname}`;
    const placed = places.get(place) ?? (provider.zone ? await placeOf(provider, hostname, hostLists, signal) : candidate);
    places.set(place, placed);
    if ("provider" in placed) candidates.push({ ...candidate, provider: placed.provider });
    else rejected.push({ kind, target, position, ...placed });
  }
  return { ...parsed, candidates, rejected: [...parsed.rejected, ...rejected] };
}

/** The provider, or for one with zones each of them, with their refreshes. */
export async function allSpendersOf(provider: Provider, hostLists: HostLists, signal: AbortSignal): Promise<Provider[]> {
  const { zone } = provider;
  if (!zone) return spendersOf(provider);
  const list = await hostLists.of(provider, signal);
  const ids = new Set([...(list?.hosts.values() ?? [])].flatMap((host) => host.zone ?? []));
  return [...ids].flatMap((id) => spendersOf(zone(id)));
}

/** A host that the list lacks may be new, so the list is read again before the host is refused. */
async function placeOf(provider: Provider, hostname: string, hostLists: HostLists, signal: AbortSignal): Promise<Placed> {
  for (const maxAgeMs of [undefined, RENEW_MS]) {
    const list = await hostLists.of(provider, signal, maxAgeMs);
    const zone = list && servedAs(list, hostname)?.zone;
    if (zone !== undefined && provider.zone) return { provider: provider.zone(zone) };
    if (list?.problem) {
      const reason = `The zone of ${hostname} could not be looked up. ${explain(list.problem)}`;
      return { code: list.problem.code, reason };
    }
  }
  const reason = `The URL is on ${hostname}, which is in no known zone of ${provider.id}. Add it to ${hostsSetting(provider.id)}.`;
  return { code: "forbidden_domain", reason };
}

/** The setting that lists the hosts of a provider with zones. Each such provider has it. */
export function hostsSetting(id: string): string {
  return `PREFETCH_${id.toUpperCase().replaceAll("-", "_")}_HOSTS`;
}
