/** The shared state of each host: its free connections, its request rate and its back-off. */

import QuickLRU from "quick-lru";
import type { Clock } from "../../../base/clock.ts";
import { createSemaphore, type Semaphore } from "../../../base/semaphore.ts";
import { createThrottle, type Throttle } from "../../../base/throttle.ts";
import type { WarmLimits } from "../limits.ts";

export interface Host {
  readonly semaphore: Semaphore;
  readonly throttle: Throttle;
  /** The host is in back-off until this time of the clock. */
  pausedUntil: number;
}

/** Passes the host's state to the work and keeps it for later batches. */
type WithHost = <Result>(name: string, work: (host: Host) => Promise<Result>) => Promise<Result>;

interface UsedHost extends Host {
  users: number;
}

/** More hosts cost memory while no batch uses them; with fewer, a host loses its rate and back-off between batches. */
const IDLE_HOSTS_KEPT = 1_000;

export function createHosts(limits: Pick<WarmLimits, "requestsPerHost" | "requestsPerSecond">, clock: Clock): WithHost {
  const busy = new Map<string, UsedHost>();
  const idle = new QuickLRU<string, UsedHost>({ maxSize: IDLE_HOSTS_KEPT });

  const newHost = (): UsedHost => ({
    semaphore: createSemaphore(limits.requestsPerHost),
    throttle: createThrottle(limits.requestsPerSecond, clock),
    pausedUntil: 0,
    users: 0,
  });

  return async (name, work) => {
    const host = busy.get(name) ?? idle.get(name) ?? newHost();
    busy.set(name, host);
    host.users += 1;
    try {
      return await work(host);
    } finally {
      host.users -= 1;
      if (host.users === 0) {
        busy.delete(name);
        idle.set(name, host);
      }
    }
  };
}
