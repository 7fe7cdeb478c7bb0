/**
 * Resources that clients want to hear of. They are looked at again and again while somebody listens, which also notices what
 * another process of the same store does, and asks the vendor about tasks that nobody else asks for.
 */

import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import type { PrefetchService } from "../prefetch/calls/service.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import { isEnded } from "../prefetch/model/task.ts";
import { withAmbientContext } from "../telemetry/ambient-context.ts";
import type { Principal } from "./caller.ts";

/** Also how long changes are gathered before they are told. */
const LOOK_MS = 1_000;
const LOOKS_AT_ONCE = 20;
/** After each round, so many times as long as it took is rested: calls come first. */
const RESTS = 4;
/** Resources that one request may subscribe to, a tenant with all of its requests, and all tenants together. */
const MOST_OF_ONE = 100;
const MOST_OF_TENANT = 500;
const MOST = 5_000;

export interface SubscriptionOptions {
  readonly service: Pick<PrefetchService, "quota" | "status">;
  readonly providers: { readonly configured: readonly string[] };
  readonly clock: Clock;
  /** Tells those who subscribed to the resource that it has changed. */
  readonly notify: (uri: string) => void;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export interface Subscription {
  /** Those of the wanted resources that there are for this principal. */
  readonly uris: readonly string[];
  end(): void;
}

/** Begins to look at what a principal subscribes to. Never throws: what cannot be subscribed to is left out. */
export type Subscribe = (uris: readonly string[], principal: Principal) => Promise<Subscription>;

interface Watched {
  readonly tenant: string;
  readonly uri: string;
  readonly look: () => Promise<Glance>;
  seen: Glance;
  subscribers: number;
}

/** What of a resource can change, and whether it still can. */
interface Glance {
  readonly content: string;
  readonly final: boolean;
}

export function createSubscriptions({ service, providers, clock, notify, stopped, report }: SubscriptionOptions): Subscribe {
  const watched = new Map<string, Watched>();
  let looking = false;

  const lookFor = (uri: string, call: CallContext): (() => Promise<Glance>) | undefined => {
    const [, kind, id = ""] = /^prefetch:\/\/(quota|tasks)\/([\w-]+)$/.exec(uri) ?? [];
    if (kind === "quota" && providers.configured.includes(id)) {
      return async () => ({ content: JSON.stringify(await service.quota(id, call)), final: false });
    }
    if (kind === "tasks" && id.startsWith("pf_")) {
      return async () => {
        const { state, counts } = await service.status({ taskId: id, detail: "summary", waitSeconds: 0, unhurried: true }, call);
        return { content: JSON.stringify({ state, counts }), final: isEnded(state) };
      };
    }
    return undefined;
  };

  const lookAgain = async (entry: Watched): Promise<void> => {
    try {
      const glance = await entry.look();
      const changed = glance.content !== entry.seen.content;
      entry.seen = glance;
      if (changed) notify(entry.uri);
    } catch (error) {
      if (!stopped.aborted) report(error, `looking at ${entry.uri} for its subscribers`);
    }
  };

  const keepLooking = async (): Promise<void> => {
    looking = true;
    try {
      for (let took = 0; watched.size > 0; ) {
        await clock.sleep(Math.max(LOOK_MS, RESTS * took), stopped);
        const begun = clock.now();
        const open = [...watched.values()].filter(({ seen }) => !seen.final);
        for (let first = 0; first < open.length; first += LOOKS_AT_ONCE) {
          await Promise.all(open.slice(first, first + LOOKS_AT_ONCE).map(lookAgain));
        }
        took = clock.now() - begun;
      }
    } catch (error) {
      if (!stopped.aborted) report(error, "looking after subscriptions");
    } finally {
      looking = false;
    }
  };

  const watch = async (uri: string, { tenant, seesAll }: Principal): Promise<string | undefined> => {
    const key = JSON.stringify([tenant, seesAll, uri]);
    const known = watched.get(key);
    if (known) {
      known.subscribers += 1;
      return key;
    }
    const look = lookFor(uri, { signal: stopped, caller: { tenant, seesAll } });
    const own = [...watched.values()].filter((entry) => entry.tenant === tenant).length;
    if (!look || watched.size >= MOST || own >= MOST_OF_TENANT) return undefined;
    try {
      const seen = await look();
      const other = watched.get(key);
      if (other) other.subscribers += 1;
      else watched.set(key, { tenant, uri, look, seen, subscribers: 1 });
      return key;
    } catch (error) {
      if (!(error instanceof PrefetchError && error.code === "not_found")) report(error, `looking at ${uri} for a subscriber`);
      return undefined;
    }
  };

  return async (wanted, principal) => {
    const keys = new Map<string, string>();
    // One after the other, a hundred looks at a slow vendor would take longer than a request may.
    const uris = [...new Set(wanted.slice(0, MOST_OF_ONE))];
    for (let first = 0; first < uris.length; first += LOOKS_AT_ONCE) {
      await Promise.all(
        uris.slice(first, first + LOOKS_AT_ONCE).map(async (uri) => {
          const key = await watch(uri, principal);
          if (key !== undefined) keys.set(uri, key);
        }),
      );
    }
    // It goes on for others too, so it belongs to no call.
    if (watched.size > 0 && !looking) void withAmbientContext({}, keepLooking);
    let ended = false;
    return {
      uris: uris.filter((uri) => keys.has(uri)),
      end: () => {
        if (ended) return;
        ended = true;
        for (const key of keys.values()) {
          const entry = watched.get(key);
          if (!entry) continue;
          entry.subscribers -= 1;
          if (entry.subscribers <= 0) watched.delete(key);
        }
      },
    };
  };
}
