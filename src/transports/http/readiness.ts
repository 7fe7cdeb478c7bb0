/** The answer of /readyz. */

import type { App } from "../served-app.ts";

/**
 * Probes come without a token, so callers share a result for this long. A longer time reports trouble later; a shorter one lets
 * anonymous callers load the store.
 */
const RESULT_TTL_MS = 1_000;

export type IsReady = () => Promise<boolean>;

export function createReadiness(app: Pick<App, "ready" | "report">, stopping: AbortSignal): IsReady {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let result = Promise.resolve(false);

  const check = async (): Promise<boolean> => {
    try {
      return await app.ready();
    } catch (error) {
      app.report(error, "the readiness check");
      return false;
    }
  };

  return async () => {
    if (stopping.aborted) return false;
    if (performance.now() - checkedAt >= RESULT_TTL_MS) {
      checkedAt = performance.now();
      result = check();
    }
    return result;
  };
}
