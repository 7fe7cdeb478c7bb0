/** Who a call acts for, and how it is cancelled and followed. */

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
