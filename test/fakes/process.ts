/** The parts of one server process on a store, wired as the server wires them. */

import type { Clock } from "../../src/base/clock.ts";
import { createAllowances } from "../../src/prefetch/admission/allowance.ts";
import { createHostLists } from "../../src/prefetch/admission/host-lists.ts";
import { createPresence } from "../../src/prefetch/delivery/presence.ts";
import { createPause, createRateLimiter } from "../../src/prefetch/delivery/rate-limit.ts";
import { createWorker } from "../../src/prefetch/delivery/worker.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { createFollow } from "../../src/prefetch/tracking/follow.ts";
import { createLookups } from "../../src/prefetch/tracking/lookups.ts";
import { fakeCache } from "./cache.ts";
import { neverAborted } from "./signal.ts";

export interface ProcessOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly dailyBudget?: number | undefined;
  readonly tenantDailyBudget?: number | undefined;
  /** Called with failures outside any call. By default such a failure fails the test. */
  readonly report?: (error: unknown, about: string) => void;
  readonly stopped?: AbortSignal;
}

let processes = 0;

function failTest(error: unknown): never {
  throw error;
}

export function startProcess(options: ProcessOptions) {
  const { storage, clock, dailyBudget, tenantDailyBudget, report = failTest, stopped = neverAborted } = options;
  const limiter = createRateLimiter(storage, clock);
  const allowances = createAllowances({ storage, clock, answers: fakeCache(clock), dailyBudget, tenantDailyBudget, stopped, report });
  const hostLists = createHostLists({ clock, lists: fakeCache(clock), stopped, report });
  const lookups = createLookups({
    statuses: fakeCache(clock),
    assets: fakeCache(clock),
    limiter,
    pollSeconds: undefined,
    pause: createPause(storage, clock, failTest),
    stopped,
  });
  processes += 1;
  const presence = createPresence({ storage, clock, id: `process ${processes}`, report });
  return {
    allowances,
    hostLists,
    lookups,
    presence,
    follow: createFollow(storage, lookups, clock),
    worker: createWorker({
      storage,
      clock,
      limiter,
      random: () => 0.5,
      allowances,
      hostRefused: hostLists.refused,
      presence,
      withTraceparent: (_, work) => work(),
      report,
    }),
  };
}
