/** The answer of /readyz. */

import type { App, Readiness } from "../served-app.ts";

/**
 * Probes come without a token, so callers share a result for this long. A longer time reports trouble later; a shorter one lets
 * anonymous callers load the store.
 */
const RESULT_TTL_MS = 1_000;

const notReady: Readiness = { isReady: false, clockAheadMs: undefined };

export type ReadReadiness = () => Promise<Readiness>;

export function createReadiness(app: Pick<App, "ready" | "report">, stopping: AbortSignal): ReadReadiness {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let result = Promise.resolve(notReady);

  const check = async (): Promise<Readiness> => {
    try {
      return await app.ready();
    } catch (error) {
      app.report(error, "the readiness check");
      return notReady;
    }
  };

  return async () => {
    if (stopping.aborted) return notReady;
    if (performance.now() - checkedAt >= RESULT_TTL_MS) {
      checkedAt = performance.now();
      result = check();
    }
    return result;
  };
}
