/** Sends one request within the limits of its host, its task and this process. */

import type { Clock } from "../../../base/clock.ts";
import { PrefetchError } from "../../../base/errors.ts";
import { createSemaphore, withPermit } from "../../../base/semaphore.ts";
import { createThrottle } from "../../../base/throttle.ts";
import type { WarmLimits } from "../limits.ts";
import { type Got, get } from "../net/get.ts";
import { waitForHost } from "./back-off.ts";
import type { FetchContext, FetchRoute } from "./fetch-context.ts";

export type SendRequest = (url: URL, method: "GET" | "HEAD", route: FetchRoute, context: FetchContext) => Promise<Got>;

export function createSendRequest({ clock, limits }: { readonly clock: Clock; readonly limits: WarmLimits }): SendRequest {
  const inFlight = createSemaphore(limits.requestsInFlight);
  const bandwidth = createThrottle(limits.bytesPerSecond, clock);

  /** Counts received bytes. Throws when the task has reached a limit or the server is too slow. */
  const createMeter = (hostName: string, { budget, progress, signal }: FetchContext) => {
    const startedAt = clock.monotonic();
    let throttledMs = 0;
    let received = 0;
    return (count: number): Promise<void> | undefined => {
      received += count;
      budget.addBytes(count);
      progress.moved(count);
      const exhausted = budget.limitReached();
      if (exhausted) throw exhausted;
      const now = clock.monotonic();
      // The server is not slow while this process holds it back.
      const elapsedMs = now - startedAt - throttledMs;
      const bytesPerSecond = (received / elapsedMs) * 1_000;
      if (elapsedMs > limits.slowAnswerGraceMs && bytesPerSecond < limits.minBytesPerSecond) {
        throw tooSlow(hostName, bytesPerSecond, limits.minBytesPerSecond);
      }
      return bandwidth(count, signal)?.then(() => {
        throttledMs += clock.monotonic() - now;
      });
    };
  };

  return async (url, method, { dispatcher, headers }, context) => {
    const { host, signal } = context;
    await host.throttle(1, signal);
    await waitForHost(host, clock, signal);
    return withPermit(inFlight, signal, () => get(dispatcher, { url, method, headers, signal, onBytes: createMeter(url.host, context) }));
  };
}

function tooSlow(host: string, bytesPerSecond: number, minimum: number): PrefetchError {
  const [actual, least] = [Math.floor(bytesPerSecond), minimum].map((rate) => rate.toLocaleString("en"));
  return new PrefetchError("timeout", `${host} sends ${actual} bytes a second, less than the minimum of ${least}`, {
    hint: "Check the origin behind the CDN, then call again.",
  });
}
