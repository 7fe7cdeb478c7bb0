/** Follows a host's CNAME records. They name the CDN when its headers do not. */

import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import QuickLRU from "quick-lru";
import { abortable } from "../../../base/abortable.ts";

/** The CNAME records of one name. Rejects if it has none, or if the resolver does not answer. */
export type ResolveCname = (host: string) => Promise<string[]>;

/** The names of the chain, nearest first. At its deadline it returns the names that it has found. Never rejects. */
export type CnameChain = (host: string) => Promise<readonly string[]>;

/** More steps follow broken chains for longer; fewer may end before the CDN's own name. */
const MAX_STEPS = 8;
/** A longer deadline delays checks when the resolver does not answer; a shorter one misses slow resolvers. */
const MAX_CHAIN_MS = 3_000;
const HOSTS_KEPT = 500;
/** With a longer time, a host that moved keeps its old CDN's name; with a shorter one, one task repeats look-ups. */
const KEPT_MS = 600_000;

/** Concurrent and repeated calls for a host share one look-up. */
export function createCnameChain(resolve: ResolveCname = systemResolver(), maxChainMs = MAX_CHAIN_MS): CnameChain {
  const chains = new QuickLRU<string, Promise<readonly string[]>>({ maxSize: HOSTS_KEPT, maxAge: KEPT_MS });
  return (host) => {
    if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return Promise.resolve([]);
    const known = chains.get(host);
    if (known) return known;
    const chain = followChain(host, resolve, maxChainMs);
    chains.set(host, chain);
    return chain;
  };
}

async function followChain(host: string, resolve: ResolveCname, maxChainMs: number): Promise<readonly string[]> {
  const chain: string[] = [];
  const deadline = AbortSignal.timeout(maxChainMs);
  const follow = async (): Promise<void> => {
    for (let name = host; chain.length < MAX_STEPS; ) {
      const [next] = await resolve(name);
      if (next === undefined || next === host || chain.includes(next) || deadline.aborted) return;
      chain.push(next);
      name = next;
    }
  };
  // The end of a chain has no CNAME, which resolvers report as an error. After any other failure the names so far are useful.
  await abortable(follow(), deadline).catch(() => undefined);
  return [...chain];
}

/** The system's resolver would retry for longer than a check waits. */
function systemResolver(): ResolveCname {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  return (host) => resolver.resolveCname(host);
}
