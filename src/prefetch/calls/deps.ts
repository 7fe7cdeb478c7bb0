/** What the service's parts share. */

import type { Clock } from "../../base/clock.ts";
import type { Allowances } from "../admission/allowance.ts";
import type { StreamReader } from "../admission/expand-streams.ts";
import type { ProviderDirectory } from "../admission/routing.ts";
import type { Worker } from "../delivery/worker.ts";
import type { Storage } from "../model/storage.ts";
import type { Follow } from "../tracking/follow.ts";
import type { Lookups } from "../tracking/lookups.ts";

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
  readonly readStream: StreamReader;
  /** Aborted when calls that wait had better answer with what is known. */
  readonly draining: AbortSignal;
  /** Whether the store outlives this process. */
  readonly durable: boolean;
  /** A new task id, given the time. */
  readonly newTaskId: (now: number) => string;
  /** Told of what went wrong without failing the call. */
  readonly report: (error: unknown, about: string) => void;
}

/** On whose behalf a call is made. */
export interface Caller {
  /** Whose tasks and budget its calls use; empty where everybody who reaches the server is the same. */
  readonly tenant: string;
  /** Whether it sees every tenant's tasks. */
  readonly seesAll: boolean;
}

/** Whoever starts a server for itself can read its store anyway. */
export const localCaller: Caller = { tenant: "", seesAll: true };

export interface CallContext {
  readonly caller: Caller;
  /** W3C trace context of the call, for the vendor requests that it leads to. */
  readonly traceparent?: string | undefined;
  readonly signal: AbortSignal;
  /** Told of settled and total items, and of the bytes that were moved for them, while a call waits. */
  readonly onProgress?: ((settled: number, total: number, bytes?: number) => void) | undefined;
}
