/** The vendor's own count decides whether a refusal means that the day's quota is used up. */

import { PrefetchError } from "../../base/errors.ts";
import type { Call, Provider } from "../../prefetch/model/provider.ts";

export interface AmbiguousRefusal {
  /** The error of a submit. */
  readonly error: unknown;
  /** Whether the refusal may mean a used-up quota. */
  readonly isAmbiguous: (error: PrefetchError) => boolean;
  readonly quota: NonNullable<Provider["quota"]>;
  readonly hint: string;
  readonly call: Call;
}

/** `quota_exhausted` where the vendor counts no units left, else the error as it is. */
export async function quotaInstead({ error, isAmbiguous, quota, hint, call }: AmbiguousRefusal): Promise<unknown> {
  if (!(error instanceof PrefetchError) || !isAmbiguous(error)) return error;
  // Without the count, the refusal keeps its own meaning.
  const remaining = await quota(call).then(
    (found) => found.remaining,
    () => undefined,
  );
  if (remaining !== 0) return error;
  return new PrefetchError("quota_exhausted", `${error.message}, and the day's quota is used up`, {
    delivery: error.delivery,
    ...(error.provider !== undefined && { provider: error.provider }),
    ...(error.vendorCode !== undefined && { vendorCode: error.vendorCode }),
    ...(error.requestId !== undefined && { requestId: error.requestId }),
    hint,
    cause: error,
  });
}
