/** The composition root: configuration in, a server factory and its shutdown out. Nothing here touches disk or network until the first call needs it. */

import { Keyv } from "keyv";
import QuickLRU from "quick-lru";
import { v7 as uuidv7 } from "uuid";
import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import { version } from "../base/version.ts";
import { createServerFactory } from "../mcp/server.ts";
import { createSubscriptions } from "../mcp/subscriptions.ts";
import { createAllowances } from "../prefetch/admission/allowance.ts";
import { createService } from "../prefetch/calls/service.ts";
import { createPause, createRateLimiter } from "../prefetch/delivery/rate-limit.ts";
import { resumeDueBatches } from "../prefetch/delivery/resume.ts";
import { createWorker, type Worker } from "../prefetch/delivery/worker.ts";
import { createFollow } from "../prefetch/tracking/follow.ts";
import { createLookups } from "../prefetch/tracking/lookups.ts";
import { sandboxNotice } from "../sandbox/notice.ts";
import { keepClean } from "../storage/retention.ts";
import { openSqlite } from "../storage/sqlite.ts";
import { withAmbientContext } from "../telemetry/ambient-context.ts";
import { createLog } from "../telemetry/log.ts";
import { type Observer, silentObserver } from "../telemetry/observer.ts";
import type { App } from "../transports/served-app.ts";
import type { AppConfig } from "./config.ts";
import { createDirectory } from "./provider-registry.ts";
import { systemClock } from "./system-clock.ts";

const CACHED_ANSWERS = 10_000;
/** A batch on the wire gets this long to be answered when the server stops. */
const STOP_GRACE_MS = 500;
/** A batch waits for its turn and its answer; one that takes longer than any of that can last hangs. */
const LONGEST_STEP_MS = 900_000;

/** Values stay what they are: nothing is serialised, and the oldest give way. */
function createCache() {
  return new Keyv({ store: new QuickLRU({ maxSize: CACHED_ANSWERS }), serialize: undefined, deserialize: undefined });
}

export interface AppOptions {
  readonly clock?: Clock;
  readonly observer?: Observer;
}

export function createApp(config: AppConfig, { clock = systemClock, observer = silentObserver }: AppOptions = {}): App {
  const log = createLog(config.logLevel, config.secrets);
  const report = (error: unknown, about: string): void => {
    if (error instanceof PrefetchError) {
      const { code, vendorCode, requestId, message } = error;
      log.warn({ about, code, vendorCode, requestId, err: error.cause }, message);
    } else log.error({ about, err: error }, "unexpected error");
  };
  for (const warning of config.warnings) log.warn(warning);

  const stopped = new AbortController();
  const draining = new AbortController();
  const storage = openSqlite(config.store, clock);
  const pace = createRateLimiter(storage, clock);
  const allowances = createAllowances({
    storage,
    clock,
    answers: createCache(),
    dailyBudget: config.dailyBudget,
    tenantDailyBudget: config.tenantDailyBudget,
    stopped: stopped.signal,
    report,
  });
  const withTraceparent = <Result>(traceparent: string | undefined, work: () => Result): Result =>
    withAmbientContext({ traceparent }, work);
  const carrier = createWorker({ storage, clock, limiter: pace, random: Math.random, allowances, withTraceparent, report });
  // What a call sets going goes on after it, for other calls too.
  const worker: Worker = { ...carrier, kick: (provider) => withAmbientContext({}, () => carrier.kick(provider)) };
  const lookups = createLookups({
    statuses: createCache(),
    assets: createCache(),
    limiter: pace,
    pollSeconds: config.pollSeconds,
    onThrottled: createPause(storage, clock, report),
    stopped: stopped.signal,
  });
  const directory = createDirectory(config, { clock, observer });
  for (const problem of directory.unfinished) log.warn(problem);
  const service = createService({
    storage,
    clock,
    worker,
    lookups,
    allowances,
    follow: createFollow(storage, lookups, clock),
    directory,
    guards: config.guards,
    // Parsers are loaded when the first stream is expanded.
    readStream: async (url, rules) => (await import("../media/stream.ts")).readStream(url, rules),
    draining: draining.signal,
    durable: config.store !== ":memory:",
    newTaskId: (now) => `pf_${uuidv7({ msecs: now })}`,
    report,
  });

  // Nothing is kept where nothing can be sent.
  if (directory.configured.length > 0) {
    const background = { storage, clock, stopped: stopped.signal, report };
    // What a sandbox leaves, no other one can send: its vendors are gone with it.
    if (!config.sandbox) void resumeDueBatches({ ...background, worker, directory });
    void keepClean(background);
  }

  return {
    factory: createServerFactory({
      service,
      providers: directory,
      notice: config.sandbox ? sandboxNotice : undefined,
      report,
      observer,
      version,
      subscribable: config.transport === "http",
      describeProviders: directory.describe,
    }),
    report,
    note: (facts, message) => log.info(facts, message),
    subscriptions: ({ resourceUpdated: notify }) =>
      createSubscriptions({ service, providers: directory, clock, notify, stopped: stopped.signal, report }),
    ready: async () => {
      await storage.census();
      return clock.now() - (worker.busySince() ?? clock.now()) < LONGEST_STEP_MS;
    },
    gauges: async () => ({
      items: await storage.census(),
      backlog: await storage.backlog(),
      quotas: await Promise.all(directory.configured.map(async (id) => allowances.estimate(await directory.get(id)))),
    }),
    drain: () => draining.abort(),
    close: async (graceMs = STOP_GRACE_MS) => {
      stopped.abort(new PrefetchError("cancelled", "The server is stopping"));
      await worker.stop(graceMs);
      await directory.close();
      await storage.close();
    },
  };
}
