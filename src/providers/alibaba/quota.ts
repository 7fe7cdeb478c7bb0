/**
 * The vendor's own count of prefetches and refreshes.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshquota
 */

import { z } from "zod";
import type { Call, VendorQuota } from "../../prefetch/model/provider.ts";
import type { CallAnswer } from "../kit/signed-call.ts";
import type { QuotaFields } from "./product.ts";
import type { Endpoint, Rpc } from "./rpc.ts";

export type QuotaReader = (fields: QuotaFields, call: Call) => Promise<VendorQuota>;

/** The documentation has strings, some answers have numbers. */
const units = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);

/** One answer has all quotas, so questions at the same time share a request, and the signal of the first. */
export function createQuotaReader(rpc: Rpc, endpoint: Endpoint, action: string): QuotaReader {
  let asking: Promise<CallAnswer> | undefined;

  const ask = async (call: Call): Promise<CallAnswer> => {
    const common = { endpoint, action, intent: "read", what: "the quota query" } as const;
    try {
      return await rpc({ ...common, params: {}, call, counted: false });
    } finally {
      asking = undefined;
    }
  };

  return async ([limitField, restField], call) => {
    asking ??= ask(call);
    const answer = await asking;
    const fields = z.looseObject({}).transform((body) => ({ limit: body[limitField], remaining: body[restField] }));
    const { limit, remaining } = answer.read(fields.pipe(z.object({ limit: units, remaining: units })));
    return { limit, remaining: Math.min(limit, remaining) };
  };
}
