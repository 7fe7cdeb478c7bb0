/** What the service's parts share. */

import type { Clock } from "../../base/clock.ts";
import type { Allowances } from "../admission/allowance.ts";
import type { Worker } from "../delivery/worker.ts";
import type { Guards } from "../model/guards.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { Storage } from "../model/storage.ts";
import type { StreamReader } from "../model/stream.ts";
import type { Follow } from "../tracking/follow.ts";
import type { Lookups } from "../tracking/lookups.ts";

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
