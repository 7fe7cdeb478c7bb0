/** Dispatches authenticated calls of the emulated Huawei Cloud by method and path, within the call rate. */

import { createRateLimit } from "../limits.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import type { VendorAnswer } from "./answered.ts";
import type { AssetStore } from "./assets.ts";
import { throttled, unpublishedApi, vodError } from "./errors.ts";
import type { Preheating } from "./preheating.ts";

interface DispatcherOptions {
  readonly preheating: Preheating;
  readonly assets: AssetStore;
  readonly projectId: string;
  readonly callsPerMinute: number;
  readonly now: () => number;
}

export function createDispatcher(options: DispatcherOptions): (request: ReceivedRequest) => VendorAnswer {
  const { preheating, assets, projectId, callsPerMinute, now } = options;
  const withinRate = createRateLimit(callsPerMinute, 60_000, now);
  const calls = new Map<string, (request: ReceivedRequest) => VendorAnswer>([
    ["POST preheating", preheating.create],
    ["GET preheating", preheating.query],
    ["GET info", ({ url }) => assets.info(url)],
  ]);

  return (request) => {
    const [, project, operation] = /^\/v1\.0\/([^/]+)\/asset\/(preheating|info)$/.exec(request.url.pathname) ?? [];
    if (project === undefined) return unpublishedApi();
    if (project !== projectId) return vodError(403, "VOD.10057", "Tenant ID verification failed.");
    const name = `${request.method} ${operation}`;
    // Look-ups of assets have a limit of their own, 1,500 calls a minute. The emulator does not apply it.
    if (name !== "GET info" && !withinRate()) return throttled(callsPerMinute);
    return calls.get(name)?.(request) ?? vodError(403, "VOD.10058", "The request method is incorrect.");
  };
}
