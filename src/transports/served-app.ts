/** The app as transports see it. */

import type { AuthInfo, McpServerFactory, ServerNotifier } from "@modelcontextprotocol/server";
import type { Breathe } from "../base/breathe.ts";
import type { NamedRequest, Scope } from "../mcp/caller.ts";
import type { Subscribe } from "../mcp/subscriptions.ts";
import type { Quota } from "../prefetch/model/quota.ts";
import type { Backlog } from "../prefetch/model/storage.ts";
import type { Counts } from "../prefetch/model/task.ts";

/** Values of the gauge metrics at one moment. */
export interface Gauges {
  readonly items: Counts;
  readonly backlog: readonly Backlog[];
  readonly quotas: readonly Quota[];
}

export interface Readiness {
  /** The worker makes progress. */
  readonly isReady: boolean;
  /** How far this machine's clock is ahead of the database's, in milliseconds, when that is too far. */
  readonly clockAheadMs: number | undefined;
}

export interface App {
  readonly factory: McpServerFactory;
  /** The scope that the caller lacks for this request; `undefined` for a caller that may make it, and for an unknown tool or method. */
  readonly missingScope: (request: NamedRequest, authInfo: AuthInfo | undefined) => Scope | undefined;
  readonly report: (error: unknown, about: string) => void;
  /** Writes an info line to the log. */
  readonly note: (facts: Readonly<Record<string, string | number | undefined>>, message: string) => void;
  /** Writes a warning to the log, such as the outcome of what an operator asked for. */
  readonly warn: App["note"];
  /** Writes an info line about a message that was refused. Of many such lines in a minute the log gets a few, and the number of the rest. */
  readonly noteRefusal: (reason: string) => void;
  /** Hides a caller's token wherever text is shown. */
  readonly conceal: (token: string) => void;
  /** Watches resources for subscribers; the notifier reports changes to them. */
  readonly subscriptions: (notify: ServerNotifier) => Subscribe;
  /** Throws when the store cannot be used. */
  ready(): Promise<Readiness>;
  gauges(): Promise<Gauges>;
  /** Shared by the calls and the transport: all their long work takes one slice per turn. */
  readonly breathe: Breathe;
  /** Makes waiting calls answer with the current state. */
  drain(): void;
  /** Gives batches in flight `graceMs` to finish. */
  close(graceMs?: number): Promise<void>;
}
