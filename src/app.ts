/** The composition root: configuration in, a server factory and its shutdown out. Nothing here touches disk or network until the first call needs it. */

import type { McpServerFactory } from "@modelcontextprotocol/server";
import { Keyv } from "keyv";
import QuickLRU from "quick-lru";
import { v7 as uuidv7 } from "uuid";
import { systemClock } from "./clock.ts";
import { type Config, secretValues } from "./config.ts";
import { createDirectory } from "./directory.ts";
import { PrefetchError } from "./errors.ts";
import { createLog } from "./log.ts";
import { createServerFactory } from "./mcp/server.ts";
import { createAllowances } from "./prefetch/allowance.ts";
import type { Clock } from "./prefetch/clock.ts";
import { createFollow } from "./prefetch/follow.ts";
import { createLookups } from "./prefetch/lookups.ts";
import { createHold, createPacer } from "./prefetch/pace.ts";
import { keepSending } from "./prefetch/resume.ts";
import { keepClean } from "./prefetch/retention.ts";
import { createService } from "./prefetch/service.ts";
import { createWorker } from "./prefetch/worker.ts";
import { sandboxNotice } from "./sandbox/notice.ts";
import { lazyStorage } from "./storage/lazy.ts";
import { version } from "./version.ts";

const CACHED_ANSWERS = 10_000;
/** A batch on the wire gets this long to be answered when the server stops. */
const STOP_GRACE_MS = 500;

/** Values stay what they are: nothing is serialised, and the oldest give way. */
function createCache() {
  return new Keyv({ store: new QuickLRU({ maxSize: CACHED_ANSWERS }), serialize: undefined, deserialize: undefined });
}

export interface App {
  readonly factory: McpServerFactory;
  readonly report: (error: unknown, about: string) => void;
  close(): Promise<void>;
}

export function createApp(config: Config, clock: Clock = systemClock): App {
  const log = createLog(config.logLevel, secretValues(config.values));
  const report = (error: unknown, about: string): void => {
    if (error instanceof PrefetchError) {
      const { code, vendorCode, requestId, message } = error;
      log.warn({ about, code, vendorCode, requestId, err: error.cause }, message);
    } else log.error({ about, err: error }, "unexpected error");
  };
  for (const warning of config.warnings) log.warn(warning);

  const stopped = new AbortController();
  const storage = lazyStorage(async () => {
    const { openSqlite } = await import("./storage/sqlite.ts");
    return openSqlite(config.store, clock);
  });
  const pace = createPacer(storage, clock);
  const allowances = createAllowances({
    storage,
    clock,
    answers: createCache(),
    dailyBudget: config.dailyBudget,
    stopped: stopped.signal,
    report,
  });
  const worker = createWorker({ storage, clock, pace, random: Math.random, allowances, report });
  const lookups = createLookups({
    statuses: createCache(),
    assets: createCache(),
    pace,
    pollSeconds: config.pollSeconds,
    onThrottled: createHold(storage, clock, report),
    stopped: stopped.signal,
  });
  const directory = createDirectory(config, clock);
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
    durable: config.store !== ":memory:",
    newTaskId: (now) => `pf_${uuidv7({ msecs: now })}`,
    report,
  });

  // Nothing is kept where nothing can be sent.
  if (directory.configured.length > 0) {
    const background = { storage, clock, stopped: stopped.signal, report };
    // What a sandbox leaves, no other one can send: its vendors are gone with it.
    if (!config.sandbox) void keepSending({ ...background, worker, directory });
    void keepClean(background);
  }

  return {
    factory: createServerFactory({
      service,
      providers: directory,
      notice: config.sandbox ? sandboxNotice : undefined,
      report,
      version,
      describeProviders: directory.describe,
    }),
    report,
    close: async () => {
      stopped.abort(new PrefetchError("cancelled", "The server is stopping"));
      await worker.stop(STOP_GRACE_MS);
      await directory.close();
      await storage.close();
    },
  };
}
