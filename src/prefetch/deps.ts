/** What the service's parts share. */

import type { Allowances } from "./allowance.ts";
import type { Clock } from "./clock.ts";
import type { ProviderDirectory } from "./directory.ts";
import type { Follow } from "./follow.ts";
import type { Lookups } from "./lookups.ts";
import type { Storage } from "./storage.ts";
import type { Worker } from "./worker.ts";

export interface Guards {
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
  readonly maxUrlsPerCall: number;
}

export interface Deps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly worker: Worker;
  readonly lookups: Lookups;
  readonly allowances: Allowances;
  readonly follow: Follow;
  readonly directory: ProviderDirectory;
  readonly guards: Guards;
  /** Whether the store outlives this process. */
  readonly durable: boolean;
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
