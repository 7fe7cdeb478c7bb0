/** The caller of a tool, and the context of one call. */

import type { Agreement } from "./confirmation.ts";

/** The tenant that a call acts for. */
export interface Caller {
  /** Owner of the tasks and the budget; empty where the server does not tell callers apart. */
  readonly tenant: string;
  /** Sees the tasks of every tenant. */
  readonly seesAll: boolean;
}

/** Over stdio the caller started the server, and can read its store anyway. */
export const localCaller: Caller = { tenant: "", seesAll: true };

export interface CallContext {
  readonly caller: Caller;
  /** W3C trace context of the call, passed on to vendor requests. */
  readonly traceparent?: string | undefined;
  readonly signal: AbortSignal;
  /** The yes of a person that came with the call. */
  readonly agreedTo?: Agreement | undefined;
  /** The client can put the server's questions to its user. */
  readonly asksUser?: boolean;
  /** Told of settled items, all items and moved bytes while a call waits. */
  readonly onProgress?: ((settled: number, total: number, bytes?: number) => void) | undefined;
}
