/**
 * The composition root: it turns a configuration into the app that transports serve, parts before the parts that need them.
 * No part touches disk or network before the first call needs it.
 */

import { randomBytes } from "node:crypto";
import { createBreathe } from "../base/breathe.ts";
import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import { createForeignText } from "../base/foreign-text.ts";
import { createSecrets } from "../base/secrets.ts";
import { version } from "../base/version.ts";
import { createConfirmations } from "../mcp/confirmations.ts";
import { prepareServers, type RunTool } from "../mcp/server.ts";
import { createSubscriptions } from "../mcp/subscriptions.ts";
import { createStreamReader } from "../media/thread/stream-reader.ts";
import type { HostLists } from "../prefetch/admission/host-lists.ts";
import { allSpendersOf } from "../prefetch/admission/zones.ts";
import { heedingSteps } from "../prefetch/delivery/clock-watch.ts";
import type { Presence } from "../prefetch/delivery/presence.ts";
import { resumeDueBatches } from "../prefetch/delivery/resume.ts";
import type { Worker } from "../prefetch/delivery/worker.ts";
import type { Provider } from "../prefetch/model/provider.ts";
import type { ProviderDirectory } from "../prefetch/model/provider-directory.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import { sandboxNotice } from "../sandbox/notice.ts";
import { createSitemapReader } from "../sitemaps/thread/sitemap-reader.ts";
import { keepClean } from "../storage/retention.ts";
import { openThreadStorage } from "../storage/thread/thread-storage.ts";
import { createLog } from "../telemetry/log.ts";
import { createLogLimit } from "../telemetry/log-limit.ts";
import { type Observer, silentObserver } from "../telemetry/observer.ts";
import type { App } from "../transports/served-app.ts";
import type { AppConfig } from "./config.ts";
import { createErrorReporter } from "./error-reporter.ts";
import { openStore } from "./open-store.ts";
import { createProviderRegistry } from "./provider-registry.ts";
import { systemClock } from "./system-clock.ts";
import { type Parts, wirePrefetch } from "./wire-prefetch.ts";

/**
 * Time that a stopping server gives batches in flight. When it is shorter, more outcomes are lost; when it is longer, a host
 * kills the process first.
 */
const STOP_GRACE_MS = 500;
/**
 * A batch without progress for this long hangs. It must exceed the longest wait for a turn and an answer, or a slow vendor makes
 * the server look dead; a higher value reports a hang later.
 */
const STALLED_BATCH_MS = 900_000;
/** Longer: a probe waits for longer on a disk that hangs. Shorter: a disk that is slow for a moment makes the server look unusable. */
const STORE_ANSWER_MS = 5_000;

export interface AppOptions {
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** Instead of the storage thread, for tests that must see when the process has nothing to do. */
  readonly openStorage?: typeof openThreadStorage;
}

/** The app as the commands of the shell see it. */
export interface LocalApp extends App {
  readonly runTool: RunTool;
  readonly directory: ProviderDirectory;
  readonly hostLists: HostLists;
}

export function createApp(
  config: AppConfig,
  { clock: machine = systemClock, observer = silentObserver, openStorage = openThreadStorage }: AppOptions = {},
): LocalApp {
  const secrets = createSecrets(config.secrets, config.keyIds);
  const foreign = createForeignText(secrets);
  const log = createLog(config.logLevel, secrets);
  const admitLine = createLogLimit(machine);
  const report = createErrorReporter(log, admitLine);
  const stopping = new AbortController();
  const draining = new AbortController();
  const breathe = createBreathe(() => performance.now());
  const { storage: opened, clock, notices, wrongByMs } = openStore({ config, machine, breathe, report, openStorage });
  const storage = heedingSteps(opened, clock);
  const registry = createProviderRegistry(config, { clock, observer, secrets, foreign });
  for (const warning of [...config.warnings, ...registry.unfinished]) log.warn(warning);

  const parts = { config, storage, notices, registry, clock, report, foreign, breathe, stopped: stopping.signal };
  const streams = createStreamReader();
  const sitemaps = createSitemapReader();
  const readers = { readStream: streams.read, readSitemap: sitemaps.read };
  const { service, worker, presence, allowances, hostLists } = wirePrefetch({ ...parts, draining: draining.signal, ...readers });
  /** Every account that pays. Zones are looked up; a vendor that cannot be asked has none for now. */
  const spenders = async (): Promise<Provider[]> => {
    const providers = await Promise.all(registry.configured.map(registry.get));
    const found = providers.map((provider) =>
      allSpendersOf(provider, hostLists, stopping.signal).catch((error: unknown): Provider[] => {
        report(error, `looking up the zones of ${provider.id}`);
        return [];
      }),
    );
    return (await Promise.all(found)).flat();
  };
  const noteRefusal = (reason: string): void => {
    const notes = admitLine("refused message");
    if (notes) log.info({ reason, ...notes }, "refused a message");
  };
  // Without a usable provider the store stays empty.
  if (registry.configured.length > 0) startBackgroundWork({ ...parts, worker, presence });

  return {
    ...prepareServers({
      service,
      providers: registry,
      clock,
      confirmations: createConfirmations({
        key: config.stateKey ?? randomBytes(32),
        areAsked: config.guards.confirmAbove > 0,
        draining: draining.signal,
        onRefused: noteRefusal,
      }),
      notice: config.sandbox ? sandboxNotice : undefined,
      report,
      observer,
      foreign,
      breathe,
      version,
      subscribable: config.transport === "http",
      describeProviders: registry.describe,
    }),
    directory: registry,
    hostLists,
    report,
    note: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(facts, message),
    noteRefusal,
    conceal: secrets.addCallers,
    subscriptions: ({ resourceUpdated: notify }) =>
      createSubscriptions({ service, providers: registry, clock, notify, stopped: stopping.signal, report }),
    ready: async () => {
      await checkStore(storage, clock, config.store);
      const clockAheadMs = wrongByMs();
      const notes = clockAheadMs === undefined ? undefined : admitLine("clock");
      if (notes) log.warn({ aheadMs: clockAheadMs, ...notes }, "this machine's clock differs from the database's: set it");
      const isReady = clock.monotonic() - (worker.busySince() ?? clock.monotonic()) < STALLED_BATCH_MS;
      return { isReady, clockAheadMs };
    },
    gauges: async () => ({
      items: await storage.census(),
      backlog: await storage.backlog(),
      quotas: await Promise.all((await spenders()).map(allowances.estimate)),
    }),
    breathe,
    drain: () => draining.abort(),
    close: async (graceMs = STOP_GRACE_MS) => {
      stopping.abort(new PrefetchError("cancelled", "The server is stopping"));
      await worker.stop(graceMs);
      streams.close();
      sitemaps.close();
      await registry.close();
      await storage.close();
    },
  };
}

interface BackgroundParts extends Omit<Parts, "foreign" | "breathe"> {
  readonly worker: Worker;
  readonly presence: Presence;
}

function startBackgroundWork({ storage, notices, registry, clock, report, stopped, worker, presence }: BackgroundParts): void {
  const background = { storage, clock, stopped, report };
  void resumeDueBatches({ ...background, notices, worker, presence, directory: registry });
  void keepClean(background);
}

/** A disk that hangs lets the check wait for ever. */
async function checkStore(storage: Pick<Storage, "check">, clock: Clock, location: string): Promise<void> {
  const answered = new AbortController();
  const hung = async (): Promise<never> => {
    await clock.sleep(STORE_ANSWER_MS, answered.signal);
    throw new PrefetchError("store_unavailable", `The store ${location} has not answered for ${STORE_ANSWER_MS / 1_000} seconds.`, {
      hint: "Check that its disk works.",
      retryable: true,
    });
  };
  try {
    await Promise.race([storage.check(), hung()]);
  } finally {
    answered.abort();
  }
}
