import { PrefetchError } from "../../base/errors.ts";
import type { Call } from "../../prefetch/model/provider.ts";

/**
 * Turns the signal's bare reason into a `cancelled` error, and returns every other error as it is. A call that is aborted
 * while it waits for its turn or for a login rejects with that bare reason.
 */
export function stoppedOr(error: unknown, { signal }: Pick<Call, "signal">, facts: { provider: string; action: string }): unknown {
  if (error instanceof PrefetchError || !signal.aborted || error !== signal.reason) return error;
  return new PrefetchError("cancelled", `Stopped before ${facts.action} was sent`, { provider: facts.provider, cause: error });
}
