/** What the vendor's own records mean for a batch whose answer was lost. Pure. */

import { explain, PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { Reconciliation } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import { acceptedItem, failed, lost, type RetryPolicy, unsure } from "./outcome.ts";

/** When its records have not told in so long, the vendor will not come to know. */
const LONGEST_TRACE_MS = 300_000;
/** An outage is waited out for longer: what the vendor did is in its records still. */
const LONGEST_OUTAGE_MS = 6 * 3_600_000;

export function reconciled(work: Claim, trace: Reconciliation, now: number, policy: RetryPolicy): BatchChange {
  const { batch, items } = work;
  if (trace.state === "unclear") {
    const over = now - (batch.sentAt ?? now) > LONGEST_TRACE_MS;
    return over
      ? lost(work, "The answer was lost, and the vendor's records do not say whether it was carried out.")
      : unsure(work, "The answer was lost.", now);
  }
  if (trace.state === "absent") {
    const why = "The answer was lost, and by the vendor's records the request was not carried out";
    return failed(work, new PrefetchError("timeout", why, { retryable: true }), now, policy);
  }
  const listed = batch.kind === "asset" ? items : trace.urls.flatMap(matchUrls(items));
  const carriedOut = new Set(listed.map((item) => item.index));
  const followed = trace.vendorTaskIds.length > 0 && carriedOut.size > 0;
  return {
    batch: { state: followed ? "sent" : "ended", leaseUntil: undefined, vendorTaskIds: trace.vendorTaskIds },
    items: items.map((item) =>
      carriedOut.has(item.index)
        ? acceptedItem(item, followed)
        : {
            index: item.index,
            state: "unknown",
            code: "timeout",
            reason: "The answer was lost, and the vendor's records name others of this request, but not this URL.",
          },
    ),
    refund: 0,
  };
}

/** The vendor's records could not be read. */
export function unreconciled(work: Claim, error: PrefetchError, now: number): BatchChange {
  const elapsed = now - (work.batch.sentAt ?? now);
  if (error.retryable && elapsed <= LONGEST_OUTAGE_MS) return unsure(work, `The answer was lost. ${explain(error)}`, now);
  return lost(work, `The answer was lost, and the vendor's records cannot be read. ${explain(error)}`);
}
