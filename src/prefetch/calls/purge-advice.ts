/** Tells callers that send URLs again how changed content gets out: a prefetch leaves a copy that is still valid as it is. */

import type { Spend } from "./spend.ts";

const CHANGED =
  "A prefetch does not replace a copy that is still valid: for changed content purge first, wait until that is done, then call again with force true.";

/** Adds the advice to the answers of calls with `force`, also of dry runs, with the way to purge at each provider of the list. */
export function withPurgeAdvice(spend: Spend): Spend {
  return async (parsed, options, call) => {
    const view = await spend(parsed, options, call);
    if (!options.force || options.refreshFirst) return view;
    const ways = new Set(parsed.candidates.map(({ provider }) => provider.purging));
    return { ...view, nextStep: [CHANGED, ...ways, view.nextStep].join(" ") };
  };
}
