import { PrefetchError } from "../../base/errors.ts";
import type { Call } from "../../prefetch/model/provider.ts";

/**
 * What is to be thrown when `error` ended a request: waiting for a turn or for others ends with the signal's bare reason,
 * which then becomes a `cancelled` of the house.
 */
export function stoppedOr(error: unknown, { signal }: Pick<Call, "signal">, facts: { provider: string; what: string }): unknown {
  if (error instanceof PrefetchError || !signal.aborted || error !== signal.reason) return error;
  return new PrefetchError("cancelled", `Stopped before ${facts.what} was sent`, { provider: facts.provider, cause: error });
}
