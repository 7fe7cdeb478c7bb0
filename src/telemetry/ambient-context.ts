/** Facts about the current call for its log lines and vendor requests, carried without a parameter in every function. */

import { AsyncLocalStorage } from "node:async_hooks";

export interface AmbientContext {
  /** Id of the HTTP request. */
  readonly request?: string | undefined;
  readonly principal?: string | undefined;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
}

const storage = new AsyncLocalStorage<AmbientContext>();
const noFacts: AmbientContext = {};

export function ambientContext(): AmbientContext {
  return storage.getStore() ?? noFacts;
}

/** Runs `work` with exactly these facts: the facts of an outer call do not apply inside. */
export function withAmbientContext<Result>(facts: AmbientContext, work: () => Result): Result {
  return storage.run(facts, work);
}

/** The value when it is a valid `traceparent` header, else `undefined`. https://www.w3.org/TR/trace-context/#traceparent-header */
export function validTraceparent(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)) return undefined;
  const [version = "", trace = "", parent = ""] = value.split("-");
  return version === "ff" || /^0+$/.test(trace) || /^0+$/.test(parent) ? undefined : value;
}
