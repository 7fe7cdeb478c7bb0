/** The names that a host's CNAME records lead through: by them a CDN is recognised that says nothing of itself. */

import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import QuickLRU from "quick-lru";
import { abortable } from "../../../base/abortable.ts";

/** The names that one name points to by CNAME. Rejects where it has none, or nobody answers. */
export type ResolveCname = (host: string) => Promise<string[]>;

/** As far as the chain could be followed, nearest first; empty where there is none. Never rejects. */
export type CnameChain = (host: string) => Promise<readonly string[]>;

const MOST_STEPS = 8;
const LONGEST_MS = 3_000;
const HOSTS_KEPT = 500;
/** Hosts are moved from one CDN to another seldom, but are. */
const KEPT_MS = 600_000;

/** Asks about a host once, however many want to know. */
export function createCnameChain(resolve: ResolveCname = systemResolver(), longestMs = LONGEST_MS): CnameChain {
  const known = new QuickLRU<string, Promise<readonly string[]>>({ maxSize: HOSTS_KEPT, maxAge: KEPT_MS });
  return (host) => {
    if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return Promise.resolve([]);
    const asked = known.get(host) ?? follow(host, resolve, longestMs);
    if (!known.has(host)) known.set(host, asked);
    return asked;
  };
}

async function follow(host: string, resolve: ResolveCname, longestMs: number): Promise<readonly string[]> {
  const chain: string[] = [];
  const deadline = AbortSignal.timeout(longestMs);
  const walk = async (): Promise<void> => {
    for (let name = host; chain.length < MOST_STEPS; ) {
      const [next] = await resolve(name);
      if (next === undefined || next === host || chain.includes(next) || deadline.aborted) return;
      chain.push(next);
      name = next;
    }
  };
  // The last name of every chain has no CNAME, which is an error to the resolver; and without an answer there is nothing to tell.
  await abortable(walk(), deadline).catch(() => undefined);
  return [...chain];
}

/** With limits of its own: the system's would go on asking long after nobody waits any more. */
function systemResolver(): ResolveCname {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  return (host) => resolver.resolveCname(host);
}
