/** What log lines and vendor requests say of the call that they belong to, without every function handing it on. */

import { AsyncLocalStorage } from "node:async_hooks";

export interface AmbientContext {
  /** Id of the HTTP request. */
  readonly request?: string | undefined;
  readonly principal?: string | undefined;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
}

const storage = new AsyncLocalStorage<AmbientContext>();
const nothing: AmbientContext = {};

export function ambientContext(): AmbientContext {
  return storage.getStore() ?? nothing;
}

/** Runs `work` with these facts and no others: what it starts belongs to no other call. */
export function withAmbientContext<Result>(facts: AmbientContext, work: () => Result): Result {
  return storage.run(facts, work);
}

/** The value if it is a trace context that vendors and logs can be given. Source: W3C Trace Context, section 3.2. */
export function validTraceparent(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)) return undefined;
  const [version = "", trace = "", parent = ""] = value.split("-");
  return version === "ff" || /^0+$/.test(trace) || /^0+$/.test(parent) ? undefined : value;
}
