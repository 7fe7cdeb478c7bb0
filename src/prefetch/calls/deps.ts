/** The parts that calls are made of. Each call takes the few that it needs (`Pick<Deps, …>`). */

import type { Breathe } from "../../base/breathe.ts";
import type { Clock } from "../../base/clock.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import type { Allowances } from "../admission/allowance.ts";
import type { HostLists } from "../admission/host-lists.ts";
import type { Presence } from "../delivery/presence.ts";
import type { Worker } from "../delivery/worker.ts";
import type { Guards } from "../model/guards.ts";
import type { Notices } from "../model/notices.ts";
import type { ProviderDirectory } from "../model/provider-directory.ts";
import type { SitemapReader } from "../model/sitemap.ts";
import type { Storage } from "../model/storage.ts";
import type { StreamReader } from "../model/stream.ts";
import type { Follow } from "../tracking/follow.ts";
import type { Lookups } from "../tracking/lookups.ts";

export interface Deps {
  readonly storage: Storage;
  readonly notices?: Notices | undefined;
  readonly clock: Clock;
  readonly worker: Worker;
  readonly presence: Pick<Presence, "takesUpAt">;
  readonly lookups: Lookups;
  readonly allowances: Allowances;
  readonly follow: Follow;
  readonly hostLists: HostLists;
  readonly directory: ProviderDirectory;
  readonly guards: Guards;
  readonly readStream: StreamReader;
  readonly readSitemap: SitemapReader;
  readonly foreign: ForeignText;
  readonly breathe: Breathe;
  /** Aborted when waiting calls must answer at once. */
  readonly draining: AbortSignal;
  /** The store outlives this process. */
  readonly durable: boolean;
  /** A short text that these pieces lead to, and no other ones. */
  readonly digest: (pieces: Iterable<string>) => Promise<string>;
  /** A new task id for a task of this moment. */
  readonly newTaskId: (now: number) => string;
  /** Told of failures that do not fail the call. */
  readonly report: (error: unknown, about: string) => void;
}
