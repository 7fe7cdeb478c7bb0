/** What the service's parts share. */

import type { Clock } from "./clock.ts";
import type { ProviderDirectory } from "./directory.ts";
import type { Follow } from "./follow.ts";
import type { Lookups } from "./lookups.ts";
import type { Provider } from "./provider.ts";
import { nextReset, type Quota, remainingUnits, vendorDay } from "./quota.ts";
import type { Storage } from "./storage.ts";
import type { Worker } from "./worker.ts";

export interface Guards {
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  readonly maxUrlsPerCall: number;
  /** Units a day and account, where that is less than the vendor allows. */
  readonly dailyBudget: number | undefined;
}

export interface Deps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly worker: Worker;
  readonly lookups: Lookups;
  readonly follow: Follow;
  readonly directory: ProviderDirectory;
  readonly guards: Guards;
  /** A new task id, given the time. */
  readonly newTaskId: (now: number) => string;
  /** Told of what went wrong without failing the call. */
  readonly report: (error: unknown, about: string) => void;
}

export interface CallContext {
  readonly signal: AbortSignal;
  /** Told of settled and total items while a call waits. */
  readonly onProgress?: ((settled: number, total: number) => void) | undefined;
}

export function dailyLimit(provider: Provider, guards: Guards): number | undefined {
  const limits = [provider.limits.urlsPerDay, guards.dailyBudget].filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

export async function quotaOf({ storage, clock, guards }: Pick<Deps, "storage" | "clock" | "guards">, provider: Provider): Promise<Quota> {
  const now = clock.now();
  const limit = dailyLimit(provider, guards);
  const entry = await storage.ledger(provider.account, vendorDay(now, provider.limits.timeZone));
  const remaining = remainingUnits(limit, entry);
  return {
    provider: provider.id,
    limit,
    used: entry.used,
    remaining: Number.isFinite(remaining) ? remaining : undefined,
    resetsAt: nextReset(now, provider.limits.timeZone),
    source: "ledger",
  };
}
