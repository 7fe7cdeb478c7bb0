/** `auto` in PREFETCH_ROUTES: the provider whose vendor serves a host, by the vendors' lists, for one call. */

import { explain } from "../../base/errors.ts";
import type { Provider, ServedHost } from "../model/provider.ts";
import { type HostList, type HostLists, RENEW_MS, servedAs } from "./host-lists.ts";

/** A provider's entry for a host. */
export interface Listed {
  readonly provider: Provider;
  readonly host: ServedHost;
}

export interface ListedHost {
  /** The providers that serve the host, by their most specific entry; several when their entries are equal. */
  readonly serving: readonly Listed[];
  /** Providers whose vendor has the host, but not in service. */
  readonly stopped: readonly Provider[];
  /** Sentences about vendors that could not be asked. */
  readonly problems: readonly string[];
}

export type LookUpHost = (hostname: string) => Promise<ListedHost>;

interface ProviderList {
  readonly provider: Provider;
  readonly list: HostList;
}

/** Each list is read once for a call, and once more when a host is in none. */
export function createHostLookUp(providers: readonly Provider[], hostLists: HostLists, signal: AbortSignal): LookUpHost {
  const read = (maxAgeMs?: number) => listsOf(providers, (provider) => hostLists.of(provider, signal, maxAgeMs));
  let first: Promise<ProviderList[]> | undefined;
  let renewed: Promise<ProviderList[]> | undefined;

  return async (hostname) => {
    first ??= read();
    const found = listedIn(await first, hostname);
    if (found.serving.length > 0) return found;
    renewed ??= read(RENEW_MS);
    return listedIn(await renewed, hostname);
  };
}

/** The provider that serves a host, by the lists that are at hand: no vendor is asked. `undefined` where they do not decide. */
export async function listingAtHand(
  providers: readonly Provider[],
  hostLists: Pick<HostLists, "atHand">,
): Promise<(hostname: string) => string | undefined> {
  const lists = await listsOf(providers, hostLists.atHand);
  return (hostname) => {
    const [only, ...others] = listedIn(lists, hostname).serving;
    return others.length === 0 ? only?.provider.id : undefined;
  };
}

async function listsOf(
  providers: readonly Provider[],
  listOf: (provider: Provider) => Promise<HostList | undefined>,
): Promise<ProviderList[]> {
  const lists = await Promise.all(providers.map(async (provider) => ({ provider, list: await listOf(provider) })));
  return lists.flatMap(({ provider, list }) => (list ? [{ provider, list }] : []));
}

function listedIn(lists: readonly ProviderList[], hostname: string): ListedHost {
  const listed = lists.flatMap(({ provider, list }): Listed[] => {
    const host = servedAs(list, hostname);
    return host ? [{ provider, host }] : [];
  });
  const active = listed.filter(({ host }) => host.active !== false);
  // Of the patterns of one host, a longer one is more specific, and the host itself is no pattern.
  const rank = ({ host: { pattern } }: Listed): number => (pattern === hostname ? Number.POSITIVE_INFINITY : pattern.length);
  const best = Math.max(...active.map(rank));
  return {
    serving: active.filter((each) => rank(each) === best),
    stopped: listed.filter(({ host }) => host.active === false).map(({ provider }) => provider),
    problems: lists.flatMap(({ provider, list }) => (list.problem ? [notAsked(provider, list)] : [])),
  };
}

function notAsked({ id }: Provider, { problem, hosts }: HostList): string {
  const why = problem === undefined ? "" : `: ${explain(problem)}`;
  const which = hosts.size > 0 ? "anew for its list of domains" : "for its list of domains";
  return `${id} could not be asked ${which}${why}`;
}
