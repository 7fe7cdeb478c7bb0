/** What a transport serves: the app as transports see it. */

import type { McpServerFactory, ServerNotifier } from "@modelcontextprotocol/server";
import type { Subscribe } from "../mcp/subscriptions.ts";
import type { Quota } from "../prefetch/model/quota.ts";
import type { Backlog } from "../prefetch/model/storage.ts";
import type { Counts } from "../prefetch/model/task.ts";

/** What a server has in hand at one moment. */
export interface Gauges {
  readonly items: Counts;
  readonly backlog: readonly Backlog[];
  readonly quotas: readonly Quota[];
}

export interface App {
  readonly factory: McpServerFactory;
  readonly report: (error: unknown, about: string) => void;
  /** One line in the log about one request. */
  readonly note: (facts: Readonly<Record<string, string | number | undefined>>, message: string) => void;
  /** Looks at resources for those who subscribe to them; `notify` tells of a change. */
  readonly subscriptions: (notify: ServerNotifier) => Subscribe;
  /** Whether the store can be read and the worker gets on. Throws what keeps the store from being read. */
  ready(): Promise<boolean>;
  gauges(): Promise<Gauges>;
  /** Has calls that wait answer with what is known by now. */
  drain(): void;
  /** A batch on the wire gets `graceMs` to be answered. */
  close(graceMs?: number): Promise<void>;
}
