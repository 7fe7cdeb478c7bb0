/**
 * The hosts that vendors say they serve, one list per provider: cached, single-flight, bounded in time. A host that no list has is
 * looked up anew, because domains are added while the server runs.
 */

import type { Cache } from "../../base/cache.ts";
import type { Clock } from "../../base/clock.ts";
import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import type { Provider, ServedHost } from "../model/provider.ts";

/** Longer: URLs of a domain that left a product are sent to that product for longer. Shorter: more vendor calls. */
export const LIST_TTL_MS = 600_000;
/**
 * Lists are read anew at most this often, for a host that no list has and after a failure. Longer: a new domain waits for longer.
 * Shorter: lists of foreign hosts cost more vendor calls, and a slow vendor delays more calls.
 */
export const RENEW_MS = 60_000;
/** A call waits this long for a list. Longer delays every call of a slow vendor; shorter takes distant vendors for slow ones. */
const LONGEST_WAIT_MS = 3_000;

export interface HostList {
  /** By pattern. Empty where the vendor could not be asked. */
  readonly hosts: ReadonlyMap<string, ServedHost>;
  /** When it was read, on the monotonic clock. */
  readonly at: number;
  /** Why the vendor could not be asked the last time. */
  readonly problem?: PrefetchError;
}

export interface HostLists {
  /** The provider's list, `maxAgeMs` old at most. `undefined` for a provider without lists. */
  of(provider: Provider, signal: AbortSignal, maxAgeMs?: number): Promise<HostList | undefined>;
  /** The list that is at hand, without asking the vendor. */
  atHand(provider: Provider): Promise<HostList | undefined>;
  /** A vendor has refused this host. If a list has it, that list is wrong, so that the next call reads all lists again. */
  refused(hostname: string): Promise<void>;
}

export interface HostListsOptions {
  readonly clock: Pick<Clock, "monotonic">;
  readonly lists: Cache<HostList>;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export function createHostLists({ clock, lists, stopped, report }: HostListsOptions): HostLists {
  const singleFlight = createSingleFlight(lists);
  /** Accounts whose lists may be at hand. */
  const accounts = new Set<string>();

  const failed = (provider: Provider, error: unknown, earlier: HostList | undefined): HostList => {
    report(error, `asking ${provider.id} for the hosts that it serves; the routes as written are used instead`);
    return { hosts: earlier?.hosts ?? new Map(), at: clock.monotonic(), problem: asPrefetchError(error) };
  };

  const ask = async (provider: Provider, read: NonNullable<Provider["hosts"]>, earlier: HostList | undefined) => {
    try {
      const found = await read({ signal: stopped, turn: async () => undefined });
      const hosts = new Map(found.map((host) => [host.pattern, host]));
      return { value: { hosts, at: clock.monotonic() }, ttlMs: LIST_TTL_MS };
    } catch (error) {
      return { value: failed(provider, error, earlier), ttlMs: RENEW_MS };
    }
  };

  const readAnew = async (provider: Provider, read: NonNullable<Provider["hosts"]>, known: HostList | undefined, signal: AbortSignal) => {
    const { account } = provider;
    accounts.add(account);
    const deadline = AbortSignal.timeout(LONGEST_WAIT_MS);
    try {
      return await singleFlight(account, AbortSignal.any([signal, deadline]), () => ask(provider, read, known));
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error;
      // Further calls need not wait for a vendor this slow; its answer replaces this one when it comes.
      const late = failed(provider, tooLate(provider), known);
      await lists.set(account, late, RENEW_MS);
      return late;
    }
  };

  return {
    of: async (provider, signal, maxAgeMs = LIST_TTL_MS) => {
      const { account, hosts: read } = provider;
      if (!read) return undefined;
      const known = await lists.get(account);
      if (known && clock.monotonic() - known.at < maxAgeMs) return known;
      if (known) await lists.delete(account);
      return readAnew(provider, read, known, signal);
    },
    atHand: ({ account }) => lists.get(account),
    refused: async (hostname) => {
      const known = await Promise.all([...accounts].map((account) => lists.get(account)));
      // A caller who sends foreign hosts to a provider by its name must not cost a list each time.
      if (!known.some((list) => list && servedAs(list, hostname))) return;
      await Promise.all([...accounts].map((account) => lists.delete(account)));
    },
  };
}

/** The most specific entry for a host: the host itself, else the longest wildcard. */
export function servedAs({ hosts }: Pick<HostList, "hosts">, hostname: string): ServedHost | undefined {
  const exact = hosts.get(hostname);
  if (exact) return exact;
  for (let dot = hostname.indexOf("."); dot >= 0; dot = hostname.indexOf(".", dot + 1)) {
    const wildcard = hosts.get(`*${hostname.slice(dot)}`);
    if (wildcard) return wildcard;
  }
  return undefined;
}

function tooLate({ id }: Provider): PrefetchError {
  return new PrefetchError("timeout", `The vendor did not give its list within ${LONGEST_WAIT_MS / 1_000} seconds`, {
    provider: id,
    retryable: true,
    hint: "The server asks again in a minute.",
  });
}
