/** Wires the domain: the service for calls, the worker, and what both run on. */

import { createHash } from "node:crypto";
import { Keyv } from "keyv";
import QuickLRU from "quick-lru";
import { v7 as uuidv7 } from "uuid";
import type { Breathe } from "../base/breathe.ts";
import { type Cache, measuredCache } from "../base/cache.ts";
import type { Clock } from "../base/clock.ts";
import type { ForeignText } from "../base/foreign-text.ts";
import { createAllowances } from "../prefetch/admission/allowance.ts";
import { createHostLists } from "../prefetch/admission/host-lists.ts";
import { createService } from "../prefetch/calls/service.ts";
import { createPresence } from "../prefetch/delivery/presence.ts";
import { createPause, createRateLimiter } from "../prefetch/delivery/rate-limit.ts";
import { createWorker, type Worker } from "../prefetch/delivery/worker.ts";
import type { Notices } from "../prefetch/model/notices.ts";
import type { SitemapReader } from "../prefetch/model/sitemap.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import type { StreamReader } from "../prefetch/model/stream.ts";
import { createFollow } from "../prefetch/tracking/follow.ts";
import { createLookups } from "../prefetch/tracking/lookups.ts";
import { withAmbientContext } from "../telemetry/ambient-context.ts";
import { withCleanSitemaps, withCleanStreams } from "./clean-documents.ts";
import type { AppConfig } from "./config.ts";
import type { ReportError } from "./error-reporter.ts";
import type { ProviderRegistry } from "./provider-registry.ts";

/** Entries per cache. More cost memory; fewer send more queries to vendors. */
const CACHE_ENTRIES = 10_000;
/** A longer time leaves the tasks of an earlier sandbox running; a shorter one ends tasks that are not yet asked about. */
const SANDBOX_LISTED_MS = 1_000;

export interface Parts {
  readonly config: AppConfig;
  readonly storage: Storage;
  readonly notices: Notices;
  readonly registry: ProviderRegistry;
  readonly clock: Clock;
  readonly report: ReportError;
  readonly foreign: ForeignText;
  readonly breathe: Breathe;
  readonly stopped: AbortSignal;
}

interface PrefetchParts extends Parts {
  readonly draining: AbortSignal;
  readonly readStream: StreamReader;
  readonly readSitemap: SitemapReader;
}

/** Builds the domain's service and what it runs on. */
export function wirePrefetch({
  config,
  storage,
  notices,
  registry,
  clock,
  report,
  foreign,
  breathe,
  stopped,
  draining,
  readStream,
  readSitemap,
}: PrefetchParts) {
  const limiter = createRateLimiter(storage, clock);
  const allowances = createAllowances({
    storage,
    clock,
    answers: createCache(clock),
    dailyBudget: config.dailyBudget,
    tenantDailyBudget: config.tenantDailyBudget,
    stopped,
    report,
  });
  const hostLists = createHostLists({ clock, lists: createCache(clock), stopped, report });
  const withTraceparent = <Result>(traceparent: string | undefined, work: () => Result): Result =>
    withAmbientContext({ traceparent }, work);
  const presence = createPresence({ storage, clock, id: uuidv7(), report });
  const delivery = {
    storage,
    clock,
    limiter,
    random: Math.random,
    allowances,
    hostRefused: hostLists.refused,
    presence,
    withTraceparent,
    report,
  };
  const worker = detached(createWorker(delivery));
  const lookups = createLookups({
    statuses: createCache(clock),
    assets: createCache(clock),
    limiter,
    pollSeconds: config.pollSeconds,
    pause: createPause(storage, clock, report),
    stopped,
  });
  const service = createService({
    storage,
    notices,
    clock,
    worker,
    presence,
    lookups,
    allowances,
    hostLists,
    // An emulated vendor lists a task at once, and forgets all tasks when its server ends.
    follow: createFollow(storage, lookups, clock, config.sandbox ? { listedMs: SANDBOX_LISTED_MS } : {}),
    directory: registry,
    guards: config.guards,
    readStream: withCleanStreams(readStream, foreign, breathe),
    readSitemap: withCleanSitemaps(readSitemap, foreign, breathe),
    foreign,
    breathe,
    draining,
    durable: config.store !== ":memory:",
    digest: digestWith(breathe),
    newTaskId: (now) => `pf_${uuidv7({ msecs: now })}`,
    report,
  });
  return { service, worker, presence, allowances, hostLists };
}

/** The worker outlives the call that wakes it, so its log lines must not carry that call's request and trace. */
function detached(worker: Worker): Worker {
  return { ...worker, kick: (provider) => withAmbientContext({}, () => worker.kick(provider)) };
}

/** An LRU cache that holds values by reference, without serialising them, for a time that setting the clock does not change. */
function createCache<Value>(clock: Clock): Cache<Value> {
  const store = new QuickLRU({ maxSize: CACHE_ENTRIES });
  return measuredCache(new Keyv({ store, serialize: undefined, deserialize: undefined }), clock);
}

/** SHA-256. A list of 10,000 long URLs takes longer than one slice of the event loop. */
function digestWith(breathe: Breathe): (pieces: Iterable<string>) => Promise<string> {
  return async (pieces) => {
    const hash = createHash("sha256");
    for (const piece of pieces) {
      const pause = breathe();
      if (pause) await pause;
      hash.update(piece);
    }
    return hash.digest("base64url");
  };
}
