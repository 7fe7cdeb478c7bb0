/** Subscriptions to resources. Subscribers of one tenant share one polled resource, which lives as long as one of them does. */

import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import { forEachConcurrently } from "../base/for-each-concurrently.ts";
import type { Principal } from "./caller.ts";
import { createResourcePoller, type PolledResource, READS_IN_FLIGHT } from "./resource-poller.ts";
import { type SnapshotSources, snapshotReader } from "./resource-snapshot.ts";

/** Resources per request, per tenant and in total. Higher limits let subscribers crowd out tool calls. */
const MOST_PER_REQUEST = 100;
const MOST_PER_TENANT = 500;
const MOST = 5_000;

export interface SubscriptionOptions extends SnapshotSources {
  readonly clock: Clock;
  /** Notifies every subscriber of the resource. */
  readonly notify: (uri: string) => void;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export interface Subscription {
  /** The requested resources that exist for this principal. */
  readonly uris: readonly string[];
  end(): void;
}

/** Never throws: the subscription leaves out resources that it cannot watch. */
export type Subscribe = (uris: readonly string[], principal: Principal) => Promise<Subscription>;

interface Watched extends PolledResource {
  readonly tenant: string;
  subscribers: number;
}

export function createSubscriptions({ clock, notify, stopped, report, ...sources }: SubscriptionOptions): Subscribe {
  const watched = new Map<string, Watched>();
  const poller = createResourcePoller({ resources: watched, clock, notify, stopped, report });

  const isFull = (tenant: string): boolean =>
    watched.size >= MOST || [...watched.values()].filter((entry) => entry.tenant === tenant).length >= MOST_PER_TENANT;

  const join = (key: string): boolean => {
    const entry = watched.get(key);
    if (!entry) return false;
    entry.subscribers += 1;
    return true;
  };

  const leave = (key: string): void => {
    const entry = watched.get(key);
    if (!entry) return;
    entry.subscribers -= 1;
    if (entry.subscribers <= 0) watched.delete(key);
  };

  /** The key to leave with, or `undefined` for a resource that this principal cannot watch. */
  const watch = async (uri: string, { tenant, seesAll }: Principal): Promise<string | undefined> => {
    const key = JSON.stringify([tenant, seesAll, uri]);
    if (join(key)) return key;
    const read = snapshotReader(uri, sources, { signal: stopped, caller: { tenant, seesAll } });
    if (!read || isFull(tenant)) return undefined;
    try {
      const latest = await read();
      // Another subscriber may have added the resource during the read.
      if (!join(key)) watched.set(key, { tenant, uri, read, latest, subscribers: 1 });
      return key;
    } catch (error) {
      if (!isNotFound(error)) report(error, `reading ${uri} for a new subscriber`);
      return undefined;
    }
  };

  return async (requested, principal) => {
    const uris = [...new Set(requested.slice(0, MOST_PER_REQUEST))];
    const keys = new Map<string, string>();
    await forEachConcurrently(uris, { concurrency: READS_IN_FLIGHT }, async (uri) => {
      const key = await watch(uri, principal);
      if (key !== undefined) keys.set(uri, key);
    });
    poller.start();
    let ended = false;
    return {
      uris: uris.filter((uri) => keys.has(uri)),
      end: () => {
        if (ended) return;
        ended = true;
        for (const key of keys.values()) leave(key);
      },
    };
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof PrefetchError && error.code === "not_found";
}
